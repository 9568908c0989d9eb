package dev.strata.operator;

import dev.strata.api.BuildClassSpec.Isolation;
import dev.strata.api.BuildClassSpec.Proxy;
import dev.strata.api.ImageBuildStatus.Found;
import dev.strata.api.ImageBuildStatus.Named;
import dev.strata.api.PodSettings;
import dev.strata.api.PodTemplate;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.plan.Plan;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a spec asks for, after everything that it names was read. */
sealed interface Wanted {
    /**
     * An image that can be built.
     *
     * @param hash over everything that can change the image
     * @param platforms at least one
     * @param repository where the image goes, without a tag
     * @param access to registries, with the build's own credentials
     * @param found what the hash has of the world outside; {@link Found#NOTHING} where nothing calls for a build
     * @param objects the ConfigMaps and secrets that the hash covers
     */
    record Valid(
            String hash,
            List<Platform> platforms,
            Reference repository,
            Pod pod,
            Outside.Access access,
            Found found,
            List<Named> objects)
            implements Wanted {}

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
            Duration timeout,
            @Nullable String caBundle,
            String fingerprint) {}

    /** A volume of the builder pod, read-only. */
    sealed interface Mount {
        /** Name of the volume. */
        String volume();

        /** Absolute folder in the container. */
        String path();

        /** Of the ConfigMap or secret. */
        String name();

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
