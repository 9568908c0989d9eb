package dev.strata.operator;

import dev.strata.api.BuildClassSpec.Isolation;
import dev.strata.api.BuildClassSpec.Proxy;
import dev.strata.api.ImageBuildSpec;
import dev.strata.api.ImageBuildStatus.Found;
import dev.strata.api.ImageBuildStatus.Named;
import dev.strata.api.PodSettings;
import dev.strata.api.PodTemplate;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.plan.Plan;
import io.fabric8.kubernetes.api.model.Quantity;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** What a spec asks for, after everything that it names was read. */
sealed interface Wanted {
    /**
     * An image that can be built.
     *
     * @param hash over everything that can change the image
     * @param platforms at least one
     * @param repository where the image goes, without a tag
     * @param names what the operator names once all images are there; null where the builder itself does it
     * @param course how the build goes
     * @param access to registries, with the build's own credentials
     * @param found what the hash has of the world outside; {@link Found#NOTHING} where nothing calls for a build
     * @param objects the ConfigMaps and secrets that the hash covers
     */
    record Valid(
            String hash,
            List<Platform> platforms,
            Reference repository,
            Pod pod,
            @Nullable Names names,
            Course course,
            Outside.Access access,
            Found found,
            List<Named> objects)
            implements Wanted {}

    /**
     * The names that images get which builders pushed by their digest alone.
     *
     * @param index whether an index joins them
     * @param annotations of the index
     */
    record Names(List<String> tags, boolean index, SortedMap<String, String> annotations) {}

    /**
     * What of a spec and its class says how a build goes, and changes nothing in the image.
     *
     * @param priority among the namespace's waiting builds
     * @param limits of the class's builder pods
     * @param allowMissing those of the platforms that the index may lack
     * @param mostMemory that the class allows; null is no limit
     * @param keepSucceeded how long a pod that succeeded stays
     * @param keepFailed how long a pod that failed stays
     * @param hold how long the file system of a command that failed is kept for somebody to look at
     */
    record Course(
            String className,
            int priority,
            Queue.Limits limits,
            ImageBuildSpec.Concurrency concurrency,
            List<Platform> allowMissing,
            @Nullable Quantity mostMemory,
            Duration keepSucceeded,
            Duration keepFailed,
            Duration hold) {}

    /** Something that the spec names is not there (yet). */
    record Missing(String message) implements Wanted {}

    /** The spec asks for what cannot be. */
    record Invalid(String message) implements Wanted {}

    /**
     * What the builder pods of all platforms have in common.
     *
     * @param plan for the first platform; the others differ in nothing else
     * @param isolation may be {@code auto}
     * @param settings of build and class together
     * @param template for what only the class decides
     * @param nodes labels of the nodes for a platform, where they are not Kubernetes' own
     * @param fingerprint over all of these but the plan: pods with the same one are made alike
     * @param caBundle PEM text for {@link Plan.Registries#caBundle}; null where there is none
     */
    record Pod(
            Plan plan,
            List<Mount> mounts,
            Isolation isolation,
            String image,
            String imagePullPolicy,
            String serviceAccount,
            PodSettings settings,
            PodTemplate template,
            @Nullable Proxy proxy,
            Map<Platform, Map<String, String>> nodes,
            Duration timeout,
            @Nullable String caBundle,
            String fingerprint) {}

    /** A volume of the builder pod. */
    sealed interface Mount {
        /** Name of the volume. */
        String volume();

        /** Absolute folder in the container. */
        String path();

        /** Of the ConfigMap, secret or claim. */
        String name();

        /** Whether the builder writes nothing there. */
        default boolean readOnly() {
            return true;
        }

        /** A claim for a persistent volume, which several builders may write to at once. */
        record Claim(String volume, String path, String name) implements Mount {
            @Override
            public boolean readOnly() {
                return false;
            }
        }

        record ConfigMap(String volume, String path, String name) implements Mount {}

        /**
         * @param key the only key that is mounted; null for all
         * @param optional whether the pod starts without it
         */
        record Secret(
                String volume,
                String path,
                String name,
                @Nullable String key,
                boolean optional) implements Mount {}
    }
}
