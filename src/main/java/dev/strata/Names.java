package dev.strata;

import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.registry.RegistryException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** What commands about images share: names that were typed, and how an error of a registry ends a command. */
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
