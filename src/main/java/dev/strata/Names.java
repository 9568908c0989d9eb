package dev.strata;

import dev.strata.builder.OpenImages;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.plan.Failure;
import dev.strata.registry.RegistryException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** What commands share: names that were typed, and how an error of a registry ends a command. */
final class Names {
    private static final Pattern AGE =
            Pattern.compile("(?:(\\d{1,5})d)?(?:(\\d{1,6})h)?(?:(\\d{1,8})m)?(?:(\\d{1,9})s)?");
    private static final List<ChronoUnit> UNITS =
            List.of(ChronoUnit.DAYS, ChronoUnit.HOURS, ChronoUnit.MINUTES, ChronoUnit.SECONDS);
    private static final Pattern SIZE = Pattern.compile("(\\d{1,6}(?=\\D)|\\d{1,18})(?:([KMGTkmgt])(i)?)?B?");

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

    /** Values by name as an option gives them: NAME=VALUE, or NAME for the environment's, null where it has none. */
    static SequencedMap<String, @Nullable String> variables(CommandSpec command, String option, List<String> texts) {
        SequencedMap<String, @Nullable String> values = new LinkedHashMap<>();
        for (String text : texts) {
            int equals = text.indexOf('=');
            if (equals == 0) {
                throw new ParameterException(command.commandLine(), option + " " + text + " has no name");
            }
            if (equals > 0) {
                values.put(text.substring(0, equals), text.substring(equals + 1));
            } else {
                values.put(text, System.getenv(text));
            }
        }
        return values;
    }

    /** An age such as {@code 90m}, {@code 12h}, {@code 7d} or {@code 1d12h}. */
    static Duration duration(CommandSpec command, String option, String text) {
        Matcher parts = AGE.matcher(text);
        if (!parts.matches() || text.isEmpty()) {
            throw new ParameterException(
                    command.commandLine(),
                    option + " " + text + " is no time; it must look like 30s, 90m, 12h, 7d or 1d12h");
        }
        Duration all = Duration.ZERO;
        for (int unit = 1; unit <= 4; unit++) {
            String number = parts.group(unit);
            all = number == null ? all : all.plus(Long.parseLong(number), UNITS.get(unit - 1));
        }
        return all;
    }

    /** A number of bytes such as {@code 500MB}, {@code 10GB} or {@code 4GiB}. */
    static long bytes(CommandSpec command, String option, String text) {
        Matcher parts = SIZE.matcher(text);
        if (!parts.matches()) {
            throw new ParameterException(
                    command.commandLine(), option + " " + text + " is no size; it must look like 500MB, 10GB or 4GiB");
        }
        long unit = parts.group(3) == null ? 1000 : 1024;
        int power =
                parts.group(2) == null ? 0 : 1 + "KMGT".indexOf(parts.group(2).toUpperCase(Locale.ROOT));
        long times = 1;
        for (int i = 0; i < power; i++) {
            times *= unit;
        }
        return Long.parseLong(parts.group(1)) * times;
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

    /** Where layers and finished steps are kept when nothing else is said. */
    static Path state(@Nullable Path given) {
        return given != null ? given : layout(null).resolveSibling("state");
    }

    static OpenImages.Opened opened(CommandSpec command, OpenImages images, String name, Platform platform) {
        try {
            return images.open(name, platform);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), e.getMessage(), e);
        }
    }

    /** Tells what went wrong in the engine, and answers the exit code. */
    static int failed(CommandSpec command, Exception e) {
        if (e instanceof ParameterException wrongUsage) {
            throw wrongUsage;
        }
        Failure failure = OpenImages.explain(e);
        PrintWriter err = command.commandLine().getErr();
        err.println((failure.where() == null ? "" : failure.where() + ": ") + failure.what());
        if (failure.mend() != null) {
            err.println(failure.mend());
        }
        return failure.cause() == Failure.Cause.OUTSIDE ? Main.OUTSIDE : Main.FAILED;
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
