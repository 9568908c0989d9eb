package dev.strata;

import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.registry.RegistryException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** What commands share: names that were typed, and how an error of a registry ends a command. */
final class Names {
    private Names() {}

    static Reference reference(CommandSpec command, String text) {
        try {
            return Reference.parse(text);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), e.getMessage(), e);
        }
    }

    static Platform platform(CommandSpec command, @Nullable String text) {
        try {
            return text == null ? Platform.host() : Platform.parse(text);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), e.getMessage(), e);
        }
    }

    /** Values of ARGs as {@code --build-arg} gives them: NAME=VALUE, or NAME for the environment's, null where it has none. */
    static SequencedMap<String, @Nullable String> arguments(CommandSpec command, List<String> texts) {
        SequencedMap<String, @Nullable String> values = new LinkedHashMap<>();
        for (String text : texts) {
            int equals = text.indexOf('=');
            if (equals == 0) {
                throw new ParameterException(command.commandLine(), "--build-arg " + text + " has no name");
            }
            if (equals > 0) {
                values.put(text.substring(0, equals), text.substring(equals + 1));
            } else {
                values.put(text, System.getenv(text));
            }
        }
        return values;
    }

    /** Where images are kept when nothing else is said. */
    static Path layout(@Nullable Path given) {
        if (given != null) {
            return given;
        }
        String cache = System.getenv("XDG_CACHE_HOME");
        Path folder =
                cache == null || cache.isEmpty() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(cache);
        return folder.resolve("strata/images");
    }

    static int failed(CommandSpec command, RegistryException e) {
        command.commandLine().getErr().println(e.getMessage());
        return e.outside() ? Main.OUTSIDE : Main.FAILED;
    }

    /** This machine's disk. */
    static int failed(CommandSpec command, IOException e) {
        boolean namesTheFileOnly = e instanceof FileSystemException || e instanceof FileNotFoundException;
        command.commandLine()
                .getErr()
                .println(namesTheFileOnly ? e.getClass().getSimpleName() + ": " + e.getMessage() : e.getMessage());
        return Main.FAILED;
    }
}
