package dev.strata.operator;

import dev.strata.api.ImageBuildStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a decision may look at, read before it is taken.
 *
 * @param generation of the spec
 * @param rebuild the token of the annotation {@code strata.dev/rebuild}; null where there never was one
 * @param status as it was patched last; empty at first
 * @param pods all builder pods of this resource, whatever they build
 * @param looked what is known of the world outside
 * @param sibling another build of the namespace that has an image of the same inputs; null where there is none
 * @param rebase whether an image may be put on a moved base without a pod; not where that was tried in vain
 * @param retryLimit further attempts after a failure of the outside
 * @param retryDelay the pause after the first of them
 * @param due when the schedule calls for the next build; null where there is none
 */
record Observed(
        long generation,
        boolean suspended,
        Wanted wanted,
        @Nullable String rebuild,
        ImageBuildStatus status,
        List<BuilderPod> pods,
        Looked looked,
        @Nullable Sibling sibling,
        boolean rebase,
        int retryLimit,
        Duration retryDelay,
        @Nullable Instant due,
        Instant now) {
    /**
     * A build whose image is this one's, too.
     *
     * @param status of the sibling, with the image
     */
    record Sibling(String name, ImageBuildStatus status) {}

    /** The same, but what has to be done is a builder's work. */
    Observed withoutRebase() {
        return new Observed(
                generation,
                suspended,
                wanted,
                rebuild,
                status,
                pods,
                looked,
                sibling,
                false,
                retryLimit,
                retryDelay,
                due,
                now);
    }

    Observed {
        pods = List.copyOf(pods);
    }
}
