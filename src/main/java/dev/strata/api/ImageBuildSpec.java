package dev.strata.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a user wants: the image of this source and Dockerfile, at this place. */
@ValidationRule(
        value = "has(self.source) || (has(self.dockerfile) && has(self.dockerfile.inline))",
        message = "without a source the Dockerfile must be given in dockerfile.inline")
@ValidationRule(
        value =
                "!has(self.rebuild) || !(has(self.rebuild.onSourceChange) || has(self.rebuild.webhook)) || (has(self.source) && (has(self.source.git) || has(self.source.oci)))",
        message = "only a source of git or a registry can be looked up for changes")
@ValidationRule(
        value =
                "!has(self.allowMissing) || (has(self.platforms) && self.allowMissing.all(p, p in self.platforms) && self.platforms.exists(p, !(p in self.allowMissing)))",
        message = "allowMissing must name some of the platforms, and not all of them")
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record ImageBuildSpec(
        @JsonPropertyDescription(
                "Where the build context comes from. An empty context where it is left out; the Dockerfile is then inline.")
        @Nullable
        Source source,

        @JsonPropertyDescription(
                "Where the Dockerfile is. The file Dockerfile in the context's root where it is left out.")
        @Nullable
        DockerfileSpec dockerfile,

        @Size(max = 128)
        @JsonPropertyDescription("The stage to build, by name or number. The last one where it is left out.")
        @Nullable
        String target,

        @Size(max = 256)
        @ValidationRule(
                value = "self.all(a, self.exists_one(b, b.name == a.name))",
                message = "every argument's name may be given once")
        @JsonPropertyDescription("Values for the Dockerfile's ARG instructions.")
        List<Argument> args,

        @Size(max = 32)
        @ValidationRule(
                value = "self.all(a, self.exists_one(b, b.name == a.name))",
                message = "every context's name may be given once")
        @JsonPropertyDescription("Further build contexts, for FROM and COPY --from by name.")
        List<NamedContext> contexts,

        @Size(max = 32)
        @ValidationRule(
                value = "self.all(a, self.exists_one(b, b.id == a.id))",
                message = "every secret's id may be given once")
        @JsonPropertyDescription(
                "Secrets for RUN --mount=type=secret. They are never part of the image; another value calls for a rebuild.")
        List<SecretValue> secrets,

        @Size(max = 32)
        @ValidationRule(
                value = "self.all(a, self.exists_one(b, b.id == a.id))",
                message = "every ssh key's id may be given once")
        @JsonPropertyDescription(
                "Private keys for RUN --mount=type=ssh. The builder loads each into an agent, and RUN gets the agent's socket, never the key.")
        List<SshKey> ssh,

        @Size(max = 16)
        @ValidationRule(value = "self.all(a, self.exists_one(b, b == a))", message = "every platform may be given once")
        @JsonPropertyDescription(
                "The platforms to build for, such as linux/amd64. Each has a builder on a node of its own; where there are several, an index joins their images. The operator's own where the list is empty.")
        List<@Size(max = 64) @Pattern("^[a-z0-9]+/[a-z0-9_]+(/v[0-9]+)?$") String> platforms,

        @Size(max = 15)
        @JsonPropertyDescription(
                "Those of the platforms that the index may lack: it is pushed without one that fails or that no node takes.")
        List<@Size(max = 64) @Pattern("^[a-z0-9]+/[a-z0-9_]+(/v[0-9]+)?$") String> allowMissing,

        @Required @JsonPropertyDescription("Where the image goes and what is written on it.") @Nullable
        Output output,

        @JsonPropertyDescription("Where finished steps are kept for later builds.") @Nullable
        Cache cache,

        @JsonPropertyDescription("What beside a change of the spec calls for a new build.") @Nullable
        Rebuild rebuild,

        @Default("Latest")
        @JsonPropertyDescription(
                "What becomes of a running build when the inputs change. Latest: it is stopped. Serial: it ends first. Parallel: both run, and only what is wanted now gets the tags.")
        @Nullable
        Concurrency concurrency,

        @Min(-100)
        @Max(100)
        @JsonPropertyDescription(
                "Which of the namespace's waiting builds is started first: the higher one. The class's where it is left out.")
        @Nullable
        Integer priority,

        @JsonPropertyDescription("How often a build is tried again that failed for no fault of its own.") @Nullable
        Retry retry,

        @Size(max = 32)
        @Pattern("^([0-9]+(h|m|s))+$")
        @ValidationRule(
                value = "duration(self) >= duration('1s')",
                message = "a timeout must be at least a second, such as 30m or 1h30m")
        @JsonPropertyDescription(
                "How long one attempt may take, such as 30m or 1h30m. The class's where it is left out.")
        @Nullable
        String timeout,

        @Size(max = 32)
        @Pattern("^([0-9]+(h|m|s))+$")
        @ValidationRule(
                value = "duration(self) >= duration('1s') && duration(self) <= duration('24h')",
                message = "a build is held for a second at least and a day at most, such as 30m")
        @JsonPropertyDescription(
                "How long the file system of a RUN that failed is kept, with its pod, for somebody to look at, such as 30m. The condition says how.")
        @Nullable
        String holdOnFailure,

        @Size(min = 1, max = 253)
        @Default("default")
        @JsonPropertyDescription("The BuildClass that decides how builds run.")
        @Nullable
        String className,

        @Size(min = 1, max = 253)
        @Default("default")
        @JsonPropertyDescription(
                "The service account of the builder pod. Its imagePullSecrets are the credentials to pull and push with; the pod gets no token of it.")
        @Nullable
        String serviceAccountName,

        @JsonPropertyDescription("Resources and place of the builder pod, over what the class says.") @Nullable
        PodSettings pod,

        @Default("false")
        @JsonPropertyDescription(
                "Whether all times in the layers are clamped to the source's date, so that the same inputs give the same digest.")
        @Nullable
        Boolean reproducible,

        @Default("false")
        @JsonPropertyDescription("Whether nothing new is started. A build that runs already goes on to its end.")
        @Nullable
        Boolean suspend) {

    public ImageBuildSpec {
        args = args == null ? List.of() : List.copyOf(args);
        contexts = contexts == null ? List.of() : List.copyOf(contexts);
        secrets = secrets == null ? List.of() : List.copyOf(secrets);
        ssh = ssh == null ? List.of() : List.copyOf(ssh);
        platforms = platforms == null ? List.of() : List.copyOf(platforms);
        allowMissing = allowMissing == null ? List.of() : List.copyOf(allowMissing);
    }

    /** What becomes of a running build when the inputs change. */
    public enum Concurrency {
        @JsonProperty("Latest")
        LATEST,
        @JsonProperty("Serial")
        SERIAL,
        @JsonProperty("Parallel")
        PARALLEL
    }

    @ValidationRule(
            value = "!(has(self.path) && has(self.inline))",
            message = "only one of path and inline may be given")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record DockerfileSpec(
            @Size(min = 1, max = 1024)
            @Pattern("^[^/].*$")
            @JsonPropertyDescription("The Dockerfile's place in the build context. Dockerfile where it is left out.")
            @Nullable
            String path,

            @Size(min = 1, max = 262144) @JsonPropertyDescription("The text of the Dockerfile itself.") @Nullable
            String inline) {}

    @ValidationRule(
            value = "has(self.value) != has(self.valueFrom)",
            message = "exactly one of value and valueFrom must be given")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Argument(
            @Required
            @Size(min = 1, max = 256)
            @Pattern("^[A-Za-z_][A-Za-z0-9_]*$")
            @JsonPropertyDescription("The argument's name, as ARG declares it.")
            @Nullable
            String name,

            @Size(max = 32768) @JsonPropertyDescription("The argument's value.") @Nullable
            String value,

            @JsonPropertyDescription("Where the argument's value is read from.") @Nullable
            ValueFrom valueFrom) {}

    public record ValueFrom(
            @Required
            @JsonPropertyDescription(
                    "A key of a ConfigMap in the build's namespace. Secrets do not belong in arguments: an image's history shows them.")
            Source.@Nullable Key configMapKeyRef) {}

    @ValidationRule(
            value = "[has(self.image), has(self.git), has(self.http), has(self.configMap)].exists_one(x, x)",
            message = "exactly one of image, git, http and configMap must be given")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record NamedContext(
            @Required
            @Size(min = 1, max = 128)
            @Pattern("^[a-zA-Z0-9][a-zA-Z0-9._/:-]*$")
            @JsonPropertyDescription("The name that the Dockerfile uses in FROM or COPY --from.")
            @Nullable
            String name,

            @Size(min = 1, max = 512)
            @JsonPropertyDescription("An image in a registry, whose files are the context.")
            @Nullable
            String image,

            @JsonPropertyDescription("A git repository.") Source.@Nullable Git git,

            @JsonPropertyDescription("A tar archive behind a URL, perhaps compressed.")
            Source.@Nullable Http http,

            @JsonPropertyDescription("A ConfigMap in the build's namespace; every key is a file in the context's root.")
            Source.@Nullable ConfigMapSource configMap) {}

    public record SecretValue(
            @Required
            @Size(min = 1, max = 128)
            @Pattern("^[A-Za-z0-9][A-Za-z0-9._-]*$")
            @JsonPropertyDescription("The id that RUN --mount=type=secret,id=… asks for.")
            @Nullable
            String id,

            @Required @JsonPropertyDescription("The secret and the key in it, in the build's namespace.")
            Source.@Nullable Key secretRef) {}

    public record SshKey(
            @Required
            @Size(min = 1, max = 128)
            @Pattern("^[A-Za-z0-9][A-Za-z0-9._-]*$")
            @JsonPropertyDescription("The id that RUN --mount=type=ssh,id=… asks for; default for one without an id.")
            @Nullable
            String id,

            @Required
            @JsonPropertyDescription(
                    "The secret and the key in it that has a private key without a passphrase, such as ssh-privatekey of the type kubernetes.io/ssh-auth, in the build's namespace.")
            Source.@Nullable Key secretRef) {}

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Output(
            @Required
            @Size(min = 1, max = 512)
            @JsonPropertyDescription(
                    "The repository that the image is pushed to, such as registry.example/team/shop, without a tag.")
            @Nullable
            String image,

            @Size(max = 32)
            @ValidationRule(value = "self.all(a, self.exists_one(b, b == a))", message = "every tag may be given once")
            @JsonPropertyDescription("The tags that the image gets there. The tag latest where the list is empty.")
            List<@Size(max = 128) @Pattern("^[A-Za-z0-9_][A-Za-z0-9_.-]*$") String> tags,

            @JsonPropertyDescription("Labels in the image's configuration, over those of the Dockerfile.")
            Map<String, String> labels,

            @JsonPropertyDescription("Annotations of the image's manifest.")
            Map<String, String> annotations,

            @Default("gzip")
            @Pattern("^(gzip|zstd|uncompressed)$")
            @JsonPropertyDescription("How layers are compressed: gzip (the default), zstd or uncompressed.")
            @Nullable
            String compression,

            @Min(1)
            @Max(22)
            @JsonPropertyDescription(
                    "The level of the compression: 1 to 9 for gzip, 1 to 22 for zstd; the fast one of each where it is left out.")
            @Nullable
            Integer compressionLevel,

            @Size(min = 1, max = 253)
            @JsonPropertyDescription(
                    "A ConfigMap in the build's namespace that the operator makes and keeps true: the last good image as image, repository and digest. One that somebody else has made is refused.")
            @Nullable
            String configMap) {
        public Output {
            tags = tags == null ? List.of() : List.copyOf(tags);
            labels = sorted(labels);
            annotations = sorted(annotations);
        }

        /** One order, because what is written into an image and what is hashed must not depend on the day. */
        private static Map<String, String> sorted(@Nullable Map<String, String> map) {
            return map == null ? Map.of() : Collections.unmodifiableSortedMap(new TreeMap<>(map));
        }
    }

    @ValidationRule(
            value = "!(has(self.image) && has(self.enabled) && !self.enabled)",
            message = "a cache that is not enabled has no image")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Cache(
            @Default("true") @JsonPropertyDescription("Whether steps are read from and written to the cache.") @Nullable
            Boolean enabled,

            @Size(min = 1, max = 512)
            @JsonPropertyDescription(
                    "The repository that keeps the steps. The output's image with -cache behind it where it is left out.")
            @Nullable
            String image,

            @Size(max = 32)
            @Pattern("^([0-9]+(h|m|s))+$")
            @JsonPropertyDescription(
                    "The age from which a kept step is no longer taken, such as 24h. The class's where it is left out; the shorter of both counts.")
            @Nullable
            String maxAge) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Rebuild(
            @Size(max = 32)
            @Pattern("^([0-9]+(h|m|s))+$")
            @ValidationRule(
                    value = "duration(self) >= duration('10s')",
                    message = "an interval must be at least ten seconds, such as 5m or 1h")
            @JsonPropertyDescription(
                    "How often the source is looked up, such as 5m: a branch or tag of git, a tag of a registry. Builds of one repository share the look-up.")
            @Nullable
            String onSourceChange,

            @Size(max = 32)
            @Pattern("^([0-9]+(h|m|s))+$")
            @ValidationRule(
                    value = "duration(self) >= duration('10s')",
                    message = "an interval must be at least ten seconds, such as 5m or 1h")
            @JsonPropertyDescription("How often the tags of the base images are looked up, such as 1h.")
            @Nullable
            String onBaseChange,

            @Size(max = 32)
            @Pattern("^([0-9]+(h|m|s))+$")
            @ValidationRule(
                    value = "duration(self) >= duration('10s')",
                    message = "an interval must be at least ten seconds, such as 5m or 1h")
            @JsonPropertyDescription(
                    "How often the image's own tags are looked up, such as 30m. A tag that somebody overwrote is put back; an image that is gone is pushed again from the cache.")
            @Nullable
            String onDrift,

            @Size(min = 9, max = 128)
            @JsonPropertyDescription(
                    "When to build, in five fields as cron has them (minute, hour, day, month, weekday), in UTC: 0 3 * * 1-5.")
            @Nullable
            String schedule,

            @JsonPropertyDescription("A request of a git server that has the source looked up at once.") @Nullable
            Webhook webhook) {}

    public record Webhook(
            @Required
            @JsonPropertyDescription(
                    "The secret and the key in it that the git server signs its requests with, in the build's namespace.")
            Source.@Nullable Key secretRef) {}

    public record Retry(
            @Min(0)
            @Max(15)
            @JsonPropertyDescription(
                    "How many further attempts follow a failure of the network, a registry or the cluster. The class's where it is left out.")
            @Nullable
            Integer limit) {}
}
