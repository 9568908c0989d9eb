package dev.strata.operator;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What the one who runs the operator decides.
 *
 * @param builderImage of builder pods whose class names none
 * @param builderImagePullPolicy {@code Always}, {@code IfNotPresent} or {@code Never}
 * @param namespace the only one whose builds are served; null for all
 * @param retryDelay the pause after a first failure of the outside; it doubles from one to the next
 */
public record OperatorSettings(
        String builderImage,
        String builderImagePullPolicy,
        @Nullable String namespace,
        Duration retryDelay) {
    /** What a build may take where neither it nor its class says anything. */
    static final Duration TIMEOUT = Duration.ofHours(1);

    /** Further attempts where neither the build nor its class says anything. */
    static final int RETRIES = 3;

    static final int HISTORY = 10;
}
