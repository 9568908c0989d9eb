package dev.strata.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of an {@link ImageBuildSpec}. Bounded: lists are cut and messages shortened, because an object must stay
 * far below what etcd takes.
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record ImageBuildStatus(
        @JsonPropertyDescription("The generation of the spec that this status speaks of.") @Nullable
        Long observedGeneration,

        @JsonPropertyDescription("Ready, Reconciling and Stalled, as kstatus defines them.")
        List<Condition> conditions,

        @JsonPropertyDescription("The last good image, by digest. A failed build never clears it.") @Nullable
        String image,

        @JsonPropertyDescription("The platforms that the last good image lacks, as spec.allowMissing allows.")
        List<String> missingPlatforms,

        @JsonPropertyDescription("What that image was built from.") @Nullable
        Inputs inputs,

        @JsonPropertyDescription("Counts for the eye.") @Nullable
        Summary summary,

        @JsonPropertyDescription("Why the latest build was started.") @Nullable
        Trigger trigger,

        @JsonPropertyDescription("Where the build waits for its turn; only while it does.") @Nullable
        Queue queue,

        @JsonPropertyDescription(
                "The memory limit that builders are given since one ran out of memory with less, such as 2Gi.")
        @Nullable
        String memory,

        @JsonPropertyDescription("The attempts of the latest build, oldest first.")
        List<Attempt> attempts,

        @JsonPropertyDescription("The latest build's stages and steps, for each platform.")
        List<PlatformStatus> platforms,

        @JsonPropertyDescription(
                "The layers of the last good image, bottom first; of the first platform where there are several.")
        List<StackLayer> layers,

        @JsonPropertyDescription("How many layers were left out of that list because it would be too long.") @Nullable
        Integer layersOmitted,

        @JsonPropertyDescription("Finished builds, newest first.")
        List<Finished> history,

        @JsonPropertyDescription(
                "Why something that spec.rebuild names cannot be looked up at the moment; tried again with back-off.")
        List<String> lookUpFailures) {

    public static final ImageBuildStatus NONE = new ImageBuildStatus(
            null, List.of(), null, List.of(), null, null, null, null, null, List.of(), List.of(), List.of(), null,
            List.of(), List.of());

    public ImageBuildStatus {
        conditions = copy(conditions);
        missingPlatforms = copy(missingPlatforms);
        attempts = copy(attempts);
        platforms = copy(platforms);
        layers = copy(layers);
        history = copy(history);
        lookUpFailures = copy(lookUpFailures);
    }

    private static <T> List<T> copy(@Nullable List<T> list) {
        return list == null ? List.of() : List.copyOf(list);
    }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Inputs(
            @JsonPropertyDescription("A hash over everything that the spec and what it names can change in the image.")
            @Nullable
            String hash,

            @JsonPropertyDescription("The source's revision, such as a commit.") @Nullable
            String revision,

            @JsonPropertyDescription("The base images, by name and digest.")
            List<Base> bases) {
        public Inputs {
            bases = copy(bases);
        }
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Base(
            @JsonPropertyDescription("The name in the Dockerfile, in full.")
            String name,

            @JsonPropertyDescription("The digest that it stood for.")
            String digest,

            @JsonPropertyDescription(
                    "The first step that depends on it; empty where none does, so that the image can be put on another base as it is.")
            @Nullable
            String boundBy) {
        public Base(String name, String digest) {
            this(name, digest, null);
        }
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Queue(
            @JsonPropertyDescription(
                    "Its place among the builds of its class that wait, from 1; the first is the next.")
            int place,

            @JsonPropertyDescription(
                    "How many seconds until its turn, as the latest builds were; unknown before the first ends.")
            @Nullable
            Long expectedSeconds,

            @JsonPropertyDescription("Since when it waits, in RFC 3339.")
            String since) {}

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Summary(
            @JsonPropertyDescription("How many layers the last good image has.") @Nullable
            Integer layers,

            @JsonPropertyDescription("How many bytes these layers have in the registry.") @Nullable
            Long size,

            @JsonPropertyDescription(
                    "How many steps of the latest build came from the cache, of how many, such as 3/5.")
            @Nullable
            String cached) {}

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Trigger(
            @JsonPropertyDescription(
                    "Created, SpecChanged, ConfigMapChanged, SecretChanged, RebuildRequested, SourceChanged, BaseChanged, Scheduled or ImageMissing.")
            Cause reason,

            @JsonPropertyDescription("The same in a sentence, with old and new values.") @Nullable
            String message,

            @JsonPropertyDescription("When, in RFC 3339.") @Nullable
            String time,

            @JsonPropertyDescription("The hash of the inputs that the build was started for.") @Nullable
            String inputs,

            @JsonPropertyDescription("The value of the annotation strata.dev/rebuild at that time.") @Nullable
            String rebuild,

            @JsonPropertyDescription("The generation of the spec at that time.") @Nullable
            Long generation,

            @JsonPropertyDescription("What was found beside the spec at that time, where something was looked up.")
            @Nullable
            Found found,

            @JsonPropertyDescription("The ConfigMaps and secrets that the spec names, each with a digest of its data.")
            List<Named> objects) {
        public Trigger {
            objects = copy(objects);
        }

        public enum Cause {
            /** The first build of this resource. */
            @JsonProperty("Created")
            CREATED,
            @JsonProperty("SpecChanged")
            SPEC_CHANGED,
            /** The spec is the same, what it refers to is not. */
            @JsonProperty("ConfigMapChanged")
            CONFIG_MAP_CHANGED,
            @JsonProperty("SecretChanged")
            SECRET_CHANGED,
            /** The annotation {@code strata.dev/rebuild} has another value. */
            @JsonProperty("RebuildRequested")
            REBUILD_REQUESTED,
            /** The source's branch or tag stands for another commit. */
            @JsonProperty("SourceChanged")
            SOURCE_CHANGED,
            /** A base image's tag stands for another image. */
            @JsonProperty("BaseChanged")
            BASE_CHANGED,
            @JsonProperty("Scheduled")
            SCHEDULED,
            /** The registry no longer has the image. */
            @JsonProperty("ImageMissing")
            IMAGE_MISSING
        }
    }

    /** What look-ups found beside the spec; part of the inputs' hash, so that each finding is built once. */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Found(
            @JsonPropertyDescription("What the source's branch or tag stands for.") @Nullable
            String revision,

            @JsonPropertyDescription("The base images that moved, with the digests that their tags stand for.")
            List<Base> bases,

            @JsonPropertyDescription("The time that the schedule called for, in RFC 3339.") @Nullable
            String due,

            @JsonPropertyDescription("The image that the registry no longer had.") @Nullable
            String missing) {
        public static final Found NOTHING = new Found(null, List.of(), null, null);

        public Found {
            bases = copy(bases);
        }
    }

    public record Named(
            @JsonPropertyDescription("ConfigMap or Secret.") String kind,

            @JsonPropertyDescription("The object's name.") String name,

            @JsonPropertyDescription(
                    "The first digits of a digest of its data; that of a secret is salted with the secret's uid.")
            String digest) {}

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Attempt(
            @JsonPropertyDescription("Counted from 1 for each platform of a build.")
            int number,

            @JsonPropertyDescription("The platform that it builds for.")
            String platform,

            @JsonPropertyDescription("The builder pod's name.")
            String pod,

            @JsonPropertyDescription("The hash of the inputs that it builds.") @Nullable
            String inputs,

            @JsonPropertyDescription("The generation of the spec that it was started for.") @Nullable
            Long generation,

            @JsonPropertyDescription("The memory limit that its pod was given after another one had run out of memory.")
            @Nullable
            String memory,

            @JsonPropertyDescription("Running, Succeeded or Failed.")
            State state,

            @JsonPropertyDescription("The digest of the image that it pushed.") @Nullable
            String digest,

            @JsonPropertyDescription("Why it failed, in a word.") @Nullable
            Reason reason,

            @JsonPropertyDescription("Whose fault a failure is: User, Outside, Lost or Ours.") @Nullable
            Fault fault,

            @JsonPropertyDescription("Why it failed, in a sentence.") @Nullable
            String message,

            @JsonPropertyDescription("When the pod was made, in RFC 3339.") @Nullable
            String started,

            @JsonPropertyDescription("When the end was seen, in RFC 3339.") @Nullable
            String finished,

            @JsonPropertyDescription(
                    "Of an attempt after the first: the first step that it had to do, as the log numbers it; the steps before it were finished.")
            @Nullable
            Integer resumedAtStep) {
        /** The same attempt; null leaves what was known. */
        public Attempt resumedAt(@Nullable Integer step) {
            return step == null
                    ? this
                    : new Attempt(
                            number,
                            platform,
                            pod,
                            inputs,
                            generation,
                            memory,
                            state,
                            digest,
                            reason,
                            fault,
                            message,
                            started,
                            finished,
                            step);
        }

        public enum State {
            @JsonProperty("Running")
            RUNNING,
            @JsonProperty("Succeeded")
            SUCCEEDED,
            @JsonProperty("Failed")
            FAILED
        }

        public enum Fault {
            /** Nothing is tried again until the spec changes. */
            @JsonProperty("User")
            USER,
            /** Tried again with back-off. */
            @JsonProperty("Outside")
            OUTSIDE,
            /** A new pod goes on from the cache. */
            @JsonProperty("Lost")
            LOST,
            /** A few attempts, then a person must look. */
            @JsonProperty("Ours")
            OURS
        }
    }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record PlatformStatus(
            @JsonPropertyDescription("The platform, such as linux/amd64.")
            String platform,

            @JsonPropertyDescription("The digest of the platform's image, once it is pushed.") @Nullable
            String digest,

            @JsonPropertyDescription("The isolation that its builder pod runs with.") @Nullable
            String isolation,

            @JsonPropertyDescription("The source's revision, such as a commit.") @Nullable
            String revision,

            @JsonPropertyDescription("The base images, by name and digest.")
            List<Base> bases,

            @JsonPropertyDescription("The stages that the target needs, in the Dockerfile's order.")
            List<Stage> stages,

            @JsonPropertyDescription("How many steps were left out of the stages because there are too many.") @Nullable
            Integer stepsOmitted,

            @JsonPropertyDescription("The first things worth knowing that are no failures.")
            List<String> warnings,

            @JsonPropertyDescription("The last lines that the failed step wrote.")
            List<String> lastOutput) {
        public PlatformStatus {
            bases = copy(bases);
            stages = copy(stages);
            warnings = copy(warnings);
            lastOutput = copy(lastOutput);
        }

        /** The same, of another image on other bases. */
        public PlatformStatus with(@Nullable String newDigest, List<Base> newBases) {
            return new PlatformStatus(
                    platform, newDigest, isolation, revision, newBases, stages, stepsOmitted, warnings, lastOutput);
        }
    }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Stage(
            @JsonPropertyDescription("The stage's name, or its number.")
            String name,

            @JsonPropertyDescription("The steps in the Dockerfile's order.")
            List<Step> steps) {
        public Stage {
            steps = copy(steps);
        }
    }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Step(
            @JsonPropertyDescription("The number of the step in its stage, from 1.")
            int number,

            @JsonPropertyDescription("The line in the Dockerfile, from 1.") @Nullable
            Integer line,

            @JsonPropertyDescription("The instruction as written, perhaps shortened.")
            String instruction,

            @JsonPropertyDescription("Waiting, Running, Done, Failed or Canceled.")
            StepState state,

            @JsonPropertyDescription("Whether the result came from the cache.") @Nullable
            Boolean cached,

            @JsonPropertyDescription("Why the result was not in the cache.") @Nullable
            String missReason,

            @JsonPropertyDescription("When the operator heard of its start, in RFC 3339.") @Nullable
            String started,

            @JsonPropertyDescription("How many seconds it took.") @Nullable
            Double seconds,

            @JsonPropertyDescription(
                    "The most bytes of memory that the largest process of its command had resident at once.")
            @Nullable
            Long peakMemory,

            @JsonPropertyDescription("Why it failed.") @Nullable
            String message,

            @JsonPropertyDescription("The layer that it made, if it made one.") @Nullable
            StepLayer layer) {}

    public enum StepState {
        @JsonProperty("Waiting")
        WAITING,
        @JsonProperty("Running")
        RUNNING,
        @JsonProperty("Done")
        DONE,
        @JsonProperty("Failed")
        FAILED,
        @JsonProperty("Canceled")
        CANCELED
    }

    public record StepLayer(
            @JsonPropertyDescription("The digest of the layer's blob in the registry.")
            String digest,

            @JsonPropertyDescription("The digest of the uncompressed tar.")
            String diffId,

            @JsonPropertyDescription("The size of the blob in bytes.")
            long size,

            @JsonPropertyDescription("The size of the uncompressed tar in bytes.")
            long tarSize) {}

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record StackLayer(
            @JsonPropertyDescription("The digest of the layer's blob in the registry.")
            String digest,

            @JsonPropertyDescription("The digest of the uncompressed tar.")
            String diffId,

            @JsonPropertyDescription("The size of the blob in bytes.")
            long size,

            @JsonPropertyDescription("The instruction that made it, perhaps shortened.") @Nullable
            String createdBy,

            @JsonPropertyDescription("Whether it came with the base image.")
            boolean base) {}

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Finished(
            @JsonPropertyDescription("The hash of the inputs.") @Nullable
            String inputs,

            @JsonPropertyDescription("The image by digest, where one came of it.") @Nullable
            String image,

            @JsonPropertyDescription("Succeeded, or why it failed, in a word.")
            Reason result,

            @JsonPropertyDescription("How many attempts it took.") @Nullable
            Integer attempts,

            @JsonPropertyDescription("How many seconds it took from the first pod to the end.") @Nullable
            Long seconds,

            @JsonPropertyDescription("When it ended, in RFC 3339.") @Nullable
            String finished) {}
}
