package dev.strata;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option that says where commands that read images keep layers. */
final class KeptLayers {
    @Option(
            names = "--state",
            paramLabel = "FOLDER",
            description = "Keeps layers between calls; default: ~/.cache/strata/state.")
    private @Nullable Path state;

    Path folder() {
        return Names.state(state);
    }
}
