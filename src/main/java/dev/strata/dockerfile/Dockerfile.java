package dev.strata.dockerfile;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A Dockerfile as it was written, variables unexpanded.
 *
 * <p>Source: Dockerfile reference 1.20, with what was experimental there; where the reference is silent, BuildKit.
 *
 * @param name the file's name, for messages
 * @param lines the file's lines without their ends, for excerpts
 * @param globalArgs the ARGs before the first FROM
 * @param stages in order; never empty
 */
public record Dockerfile(
        String name, List<String> lines, Directives directives, List<Instruction.Arg> globalArgs, List<Stage> stages) {
    /** More errors than this help nobody. */
    static final int MOST_ERRORS = 20;

    public Dockerfile {
        lines = List.copyOf(lines);
        globalArgs = List.copyOf(globalArgs);
        stages = List.copyOf(stages);
    }

    /**
     * Reads a Dockerfile.
     *
     * @throws DockerfileException with all that is wrong
     */
    public static Dockerfile parse(String name, byte[] text) {
        return new Reading(name, new String(text, StandardCharsets.UTF_8)).dockerfile();
    }

    /**
     * Reads the trigger of an ONBUILD, which may come from a base image.
     *
     * @throws DockerfileException where it is not exactly one instruction
     */
    public static Instruction parseTrigger(String text) {
        return new Reading("ONBUILD", text).trigger();
    }

    /**
     * What is wrong beyond the form of single instructions and can be seen without the build context: a base that is
     * blank or no name, a target that is not there, stages that take from later ones or wait for one another, a front
     * end that is not the Dockerfile's.
     *
     * @param buildArgs values for ARG
     */
    public List<SyntaxError> check(Map<String, String> buildArgs) {
        return check(LintOptions.DEFAULT.withBuildArgs(buildArgs));
    }

    /** The same for a target, and with the names of contexts that are given with the build. */
    public List<SyntaxError> check(LintOptions options) {
        return new Checks(this, options).all();
    }

    /** The lines around a place, for messages. */
    public String excerpt(Location location) {
        return excerpt(location, null);
    }

    /** The lines around a place, with a text in them marked. */
    public String excerpt(Location location, @Nullable String marked) {
        return new Excerpt(lines).of(location, marked);
    }

    /** The stage with this name, regardless of case; null where there is none. */
    public @Nullable Stage stage(String stageName) {
        for (Stage stage : stages) {
            if (stage.name() != null && stage.name().equalsIgnoreCase(stageName)) {
                return stage;
            }
        }
        return null;
    }

    /** One file on its way from text to stages. */
    private static final class Reading {
        private final String name;
        private final String text;
        private final List<String> rawLines;
        private final List<String> lines;
        private final List<SyntaxError> errors = new ArrayList<>();

        Reading(String name, String text) {
            this.name = name;
            this.text = text.startsWith("\ufeff") ? text.substring(1) : text;
            this.rawLines = Lines.split(this.text);
            this.lines = Lines.withoutEnds(rawLines);
        }

        Dockerfile dockerfile() {
            List<Statement> statements = new LineReader(rawLines, lines, errors).read();
            if (statements.isEmpty() && errors.isEmpty()) {
                int last = Math.max(1, lines.size());
                errors.add(new SyntaxError(
                        new Location(last, last), "file with no instructions", "FROM first", null, null));
            }
            List<Instruction.Arg> globalArgs = new ArrayList<>();
            List<Stage> stages = stages(statements, globalArgs);
            if (stages.isEmpty() && errors.isEmpty()) {
                int last = Math.max(1, lines.size());
                errors.add(new SyntaxError(new Location(last, last), "the file has no stage", "a FROM", null, null));
            }
            refuseErrors();
            return new Dockerfile(name, lines, DirectiveReader.all(text), globalArgs, stages);
        }

        private List<Stage> stages(List<Statement> statements, List<Instruction.Arg> globalArgs) {
            List<Stage> stages = new ArrayList<>();
            List<Instruction> instructions = new ArrayList<>();
            @Nullable Stage open = null;
            boolean early = false;
            for (Statement statement : statements) {
                try {
                    if (statement.name().equals("from")) {
                        Stage next = InstructionReader.readFrom(statement, stages.size() + (open == null ? 0 : 1));
                        close(open, instructions, stages);
                        instructions = new ArrayList<>();
                        open = next;
                        continue;
                    }
                    Instruction instruction = InstructionReader.read(statement);
                    if (open != null) {
                        instructions.add(instruction);
                    } else if (instruction instanceof Instruction.Arg arg) {
                        globalArgs.add(arg);
                    } else if (!early) {
                        early = true;
                        errors.add(new SyntaxError(
                                statement.location(),
                                "no build stage in current context: " + instruction.keyword()
                                        + " stands before the first FROM",
                                "FROM; only ARG may stand before it",
                                null,
                                statement.source().keyword()));
                    }
                } catch (StatementReader.Malformed e) {
                    errors.add(e.error());
                }
            }
            close(open, instructions, stages);
            return stages;
        }

        private static void close(@Nullable Stage open, List<Instruction> instructions, List<Stage> stages) {
            if (open != null) {
                stages.add(new Stage(
                        open.source(),
                        open.index(),
                        open.name(),
                        open.writtenName(),
                        open.base(),
                        open.platform(),
                        instructions));
            }
        }

        Instruction trigger() {
            List<Statement> statements = new LineReader(rawLines, lines, errors).read();
            Instruction instruction = null;
            if (errors.isEmpty() && statements.size() != 1) {
                errors.add(new SyntaxError(
                        new Location(1, Math.max(1, lines.size())),
                        "an ONBUILD trigger must be exactly one instruction, not " + statements.size()));
            }
            if (errors.isEmpty()) {
                try {
                    instruction = InstructionReader.read(statements.getFirst());
                } catch (StatementReader.Malformed e) {
                    errors.add(e.error());
                }
            }
            refuseErrors();
            if (instruction == null) {
                throw new IllegalStateException("a trigger without errors has an instruction");
            }
            return instruction;
        }

        private void refuseErrors() {
            if (!errors.isEmpty()) {
                List<SyntaxError> sorted = errors.stream()
                        .sorted(Comparator.comparingInt(
                                error -> error.location().startLine()))
                        .limit(MOST_ERRORS)
                        .toList();
                throw new DockerfileException(name, lines, sorted);
            }
        }
    }
}
