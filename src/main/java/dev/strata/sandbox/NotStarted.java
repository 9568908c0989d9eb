package dev.strata.sandbox;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Why a command could not even begin.
 *
 * @param code as a shell would give it: 127 for what is not there, 126 for what cannot be run
 * @param what names the program
 * @param mend how the Dockerfile is mended
 */
public record NotStarted(int code, String what, String mend) {
    /** What crun and runc say when everything is ready but the program. */
    private static final Pattern ABOUT_PROGRAM = Pattern.compile(
            "executable file|open executable|exec container process|exec user process|exec: \"|exec /|\\bchdir\\b");

    private static final Pattern SHELL = Pattern.compile("(.*/)?(ba|da|a|z|k)?sh");

    /** @param said the runtime's message; null is the answer where it is not about the program */
    static @Nullable NotStarted of(RunCommand command, String said) throws IOException {
        if (!ABOUT_PROGRAM.matcher(said).find()) {
            return null;
        }
        if (said.contains("chdir")) {
            return new NotStarted(
                    126,
                    "the working directory " + command.workingDirectory() + " cannot be entered",
                    "Is it a folder, and may the user enter it? Look at WORKDIR and USER");
        }
        String program = command.arguments().getFirst();
        Path found = find(command, program);
        if (found == null) {
            return SHELL.matcher(program).matches() ? noShell(program) : noProgram(command, program);
        }
        if (Files.isDirectory(found)) {
            return new NotStarted(126, program + " is a folder, not a program", "Name a program inside it");
        }
        if (!Files.getPosixFilePermissions(found).contains(PosixFilePermission.OTHERS_EXECUTE)
                && said.contains("ermission denied")) {
            return new NotStarted(
                    126,
                    program + " may not be executed by this user",
                    "Make it executable: COPY --chmod=755, or RUN chmod +x in an earlier step");
        }
        if (said.contains("format error")) {
            return new NotStarted(
                    126,
                    program + " is not a program for this platform",
                    "A script must begin with #! and its interpreter; a binary must be for the platform being built");
        }
        return new NotStarted(
                127, program + " is there, but " + needed(found) + " is not", "Install that, or link it statically");
    }

    private static NotStarted noShell(String program) {
        return new NotStarted(
                127,
                "there is no shell: " + program + " is not in this stage's files",
                "A stage from scratch has no shell: use COPY, the form RUN [\"program\"], or run it in a stage that has a"
                        + " shell and copy the result; SHELL names another shell");
    }

    private static NotStarted noProgram(RunCommand command, String program) {
        boolean searched = !program.contains("/");
        return new NotStarted(
                127,
                "there is no program " + program + " in this stage"
                        + (searched ? " (PATH is " + command.environment().getOrDefault("PATH", "not set") + ")" : ""),
                searched
                        ? "Install it in an earlier step of this stage, or add its folder to PATH by ENV"
                        : "Install it or copy it in an earlier step of this stage, and look at the spelling");
    }

    private static @Nullable Path find(RunCommand command, String program) throws IOException {
        if (program.contains("/")) {
            String name = program.startsWith("/") ? program : command.workingDirectory() + "/" + program;
            return there(command.root(), name);
        }
        for (String folder : command.environment().getOrDefault("PATH", "").split(":")) {
            Path found = there(command.root(), folder + "/" + program);
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    private static @Nullable Path there(Path root, String name) throws IOException {
        Path path = RootPath.resolve(root, name);
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS) ? path : null;
    }

    /** The interpreter of a script; of anything else it is the loader of its libraries. */
    private static String needed(Path program) throws IOException {
        try (BufferedReader reader = Files.newBufferedReader(program, StandardCharsets.ISO_8859_1)) {
            char[] start = new char[256];
            int length = reader.read(start);
            String text = length < 0 ? "" : new String(start, 0, length);
            return text.startsWith("#!")
                    ? "its interpreter "
                            + List.of(text.substring(2).strip().split("\\s")).getFirst()
                    : "the loader of its shared libraries";
        }
    }
}
