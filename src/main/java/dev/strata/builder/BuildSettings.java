package dev.strata.builder;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The place that builds are done in.
 *
 * @param state folder that is kept between builds
 * @param temporary folder for one build, removed at its end
 * @param sandbox whether commands may be run
 * @param driver of snapshots; null chooses the best
 * @param commands how many steps work at once
 */
public record BuildSettings(
        Path state,
        Path temporary,
        boolean sandbox,
        @Nullable String driver,
        int commands) {
    /** How many where nobody says otherwise: much of a step is waiting, for a download or for one slow process. */
    public static int commandsByDefault() {
        return Math.max(4, 2 * Runtime.getRuntime().availableProcessors());
    }
}
