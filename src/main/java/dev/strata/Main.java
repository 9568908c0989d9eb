package dev.strata;

import dev.strata.dockerfile.Suggestion;
import dev.strata.layer.Compression;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * The command line: one file per command, all of them listed here.
 *
 * <p>Exit codes: 0 done, 1 the build (or what the command does) failed, 2 wrong usage, 3 the outside failed.
 */
@Command(
        name = "strata",
        description = "Builds container images, here or in Kubernetes.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class)
public final class Main {
    static final int OK = 0;
    static final int FAILED = 1;
    static final int USAGE = 2;
    static final int OUTSIDE = 3;

    /** In the order in which the help lists them. */
    private static final List<String> COMMANDS = List.of(
            "build",
            "explain",
            "cache",
            "lint",
            "graph",
            "layers",
            "diff",
            "run",
            "pull",
            "push",
            "class",
            "operator",
            "builder");

    private Main() {}

    /** Made only when it is called, so that no command pays for loading another's classes. */
    private static @Nullable Object command(String name) {
        return switch (name) {
            case "build" -> new BuildCommand();
            case "cache" -> new CacheCommand();
            case "explain" -> new ExplainCommand();
            case "builder" -> new BuilderCommand();
            case "class" -> new ClassCommand();
            case "operator" -> new OperatorCommand();
            case "diff" -> new DiffCommand();
            case "graph" -> new GraphCommand();
            case "layers" -> new LayersCommand();
            case "lint" -> new LintCommand();
            case "pull" -> new PullCommand();
            case "push" -> new PushCommand();
            case "run" -> new RunCommand();
            default -> null;
        };
    }

    public static void main(String[] arguments) {
        if (arguments.length > 0 && List.of("build", "builder").contains(arguments[0])) {
            HeadStart.begin(arguments[0]);
        }
        int code = arguments.length == 2 ? prepared(arguments[0], arguments[1]) : run(arguments);
        System.out.flush();
        System.exit(code);
    }

    /** What {@code bin/strata-aot} calls, and else a command. */
    private static int prepared(String word, String argument) {
        return switch (word) {
            case StackMaps.NAME -> StackMaps.run(Path.of(argument));
            case Rehearsal.NAME -> Rehearsal.run(Path.of(argument));
            default -> run(word, argument);
        };
    }

    /** All of the command line, for who wants to know its options. */
    static CommandLine commandLine() {
        return commandLine(COMMANDS);
    }

    private static CommandLine commandLine(List<String> commands) {
        CommandLine line = new CommandLine(new Main());
        for (String name : commands) {
            CommandLine one = new CommandLine(Objects.requireNonNull(command(name), name));
            one.setStopAtPositional(name.equals("run")); // what follows the image is the command's
            line.addSubcommand(name, one);
        }
        line.setParameterExceptionHandler(Main::wrongUsage);
        return line;
    }

    /** Runs one command and answers its exit code. */
    static int run(String... arguments) {
        CommandLine line =
                commandLine(arguments.length > 0 && COMMANDS.contains(arguments[0]) ? List.of(arguments[0]) : COMMANDS);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
        line.setExecutionStrategy(new CommandLine.RunLast());
        if (arguments.length == 0) {
            line.usage(line.getErr());
            return USAGE;
        }
        return line.execute(arguments);
    }

    /** What is wrong, and where to look; the whole page would hide it. */
    private static int wrongUsage(CommandLine.ParameterException e, String[] arguments) {
        CommandLine command = e.getCommandLine();
        PrintWriter err = command.getErr();
        String meant = e instanceof CommandLine.UnmatchedArgumentException unmatched
                ? meant(unmatched.getUnmatched().getFirst(), command)
                : null;
        err.println(e.getMessage() + (meant == null ? "" : " (did you mean " + meant + "?)"));
        err.println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
        return USAGE;
    }

    private static @Nullable String meant(String word, CommandLine command) {
        return word.startsWith("-")
                ? Suggestion.closest(
                        word.split("=", 2)[0],
                        command.getCommandSpec().optionsMap().keySet())
                : Suggestion.closest(word, command.getSubcommands().keySet());
    }

    /** The version that the jar was built as, and what there is to say of this machine. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {
                "strata " + (version == null ? "development" : version),
                Compression.isAccelerated()
                        ? "gzip: ISA-L, or zlib where a level or a date is given"
                        : "gzip: zlib; several times as fast with ISA-L (Debian: libisal2)"
            };
        }
    }
}
