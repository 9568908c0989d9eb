package dev.strata;

import dev.strata.operator.ClassCheck;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code strata class}: what a platform team asks about its BuildClasses. */
@Command(
        name = "class",
        mixinStandardHelpOptions = true,
        description = "Looks at BuildClasses without a cluster.",
        subcommands = ClassCommand.Check.class,
        synopsisSubcommandLabel = "check CLASS [BUILD...]")
final class ClassCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public Integer call() {
        CommandSpec command = Objects.requireNonNull(spec);
        command.commandLine().usage(command.commandLine().getErr());
        return Main.USAGE;
    }

    /** {@code strata class check}: what is wrong with a class, and which builds it refuses. */
    @Command(
            name = "check",
            mixinStandardHelpOptions = true,
            description = {
                "Says what contradicts itself in a BuildClass or cannot work, and which ImageBuilds it refuses and why,"
                        + " in the words of admission. No cluster is asked.",
                "Exit code 1: there is something to say."
            })
    static final class Check implements Callable<Integer> {
        @Spec
        private @Nullable CommandSpec spec;

        @Parameters(index = "0", paramLabel = "CLASS", description = "File with a BuildClass, - for standard input.")
        private String buildClass = "-";

        @Parameters(
                index = "1..*",
                arity = "0..*",
                paramLabel = "BUILD",
                description = "Files with an ImageBuild each; those of other classes are left alone.")
        private List<String> builds = new ArrayList<>();

        @Override
        public Integer call() {
            CommandSpec command = Objects.requireNonNull(spec);
            PrintWriter out = command.commandLine().getOut();
            String file = buildClass;
            try {
                ClassCheck check = ClassCheck.of(text(buildClass), Clock.systemUTC());
                List<String> found = new ArrayList<>();
                check.problems().forEach(problem -> found.add(buildClass + ": " + problem));
                for (String build : builds) {
                    file = build;
                    check.refusals(text(build)).forEach(refusal -> found.add(build + ": " + refusal));
                }
                found.forEach(out::println);
                if (found.isEmpty()) {
                    out.println("class " + check.name() + ": nothing to say");
                }
                return found.isEmpty() ? Main.OK : Main.FAILED;
            } catch (IOException e) {
                command.commandLine().getErr().println(file + " cannot be read: " + e.getMessage());
                return Main.FAILED;
            } catch (IllegalArgumentException e) {
                command.commandLine().getErr().println(file + ": " + e.getMessage());
                return Main.FAILED;
            }
        }

        private static String text(String file) throws IOException {
            return file.equals("-")
                    ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
                    : Files.readString(Path.of(file));
        }
    }
}
