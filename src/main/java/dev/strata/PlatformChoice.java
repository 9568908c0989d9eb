package dev.strata;

import dev.strata.image.Platform;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The option that says which image of an index is meant. */
final class PlatformChoice {
    @Option(
            names = "--platform",
            paramLabel = "OS/ARCH",
            description = "Which image of several; default: that of this machine.")
    private @Nullable String platform;

    Platform of(CommandSpec command) {
        return Names.platform(command, platform);
    }
}
