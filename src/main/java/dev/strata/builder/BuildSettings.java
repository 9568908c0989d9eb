package dev.strata.builder;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The place that builds are done in.
 *
 * @param state folder that is kept between builds
 * @param temporary folder for one build, removed at its end
 * @param sandbox whether commands may be run
 * @param driver of snapshots; null chooses the best
 * @param commands how many steps work at once
 * @param hold how long the file system of a command that failed is kept for somebody to look at
 */
public record BuildSettings(
        Path state,
        Path temporary,
        boolean sandbox,
        @Nullable String driver,
        int commands,
        Duration hold) {
    /** Nothing is kept of a command that failed. */
    public BuildSettings(Path state, Path temporary, boolean sandbox, @Nullable String driver, int commands) {
        this(state, temporary, sandbox, driver, commands, Duration.ZERO);
    }

    /** How many where nobody says otherwise: much of a step is waiting, for a download or for one slow process. */
    public static int commandsByDefault() {
        return Math.max(4, 2 * Runtime.getRuntime().availableProcessors());
    }
}
