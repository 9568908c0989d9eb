package dev.strata;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The options that say which stage of a Dockerfile is meant and with which arguments. */
final class StageChoice {
    @Option(names = "--target", paramLabel = "STAGE", description = "The stage to build; default: the last one.")
    private @Nullable String target;

    @Option(
            names = "--build-arg",
            paramLabel = "NAME[=VALUE]",
            description = "Value of an ARG; without =VALUE that of the environment; may be repeated.")
    private List<String> arguments = new ArrayList<>();

    /** The stage's name or number; null for the last one. */
    @Nullable
    String target() {
        return target == null || target.isEmpty() ? null : target;
    }

    /** Values of ARGs by name, null for one that is named without a value and that the environment has not. */
    SequencedMap<String, @Nullable String> arguments(CommandSpec command) {
        return Names.variables(command, "--build-arg", arguments);
    }

    /** Those of the arguments that have a value. */
    SequencedMap<String, String> values(CommandSpec command) {
        SequencedMap<String, String> values = new LinkedHashMap<>();
        arguments(command).forEach((name, value) -> {
            if (value != null) {
                values.put(name, value);
            }
        });
        return values;
    }
}
