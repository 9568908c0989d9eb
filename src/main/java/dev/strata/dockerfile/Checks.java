package dev.strata.dockerfile;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What is wrong with a file as a whole, as far as its text tells. */
final class Checks {
    private static final Pattern OUR_SYNTAX =
            Pattern.compile("(?:[^\\s@]+/)?docker/dockerfile(?:-upstream)?(?::[^\\s@/]+)?(?:@\\S+)?");
    private static final Pattern URL = Pattern.compile("https?://.*");

    private final Dockerfile file;
    private final @Nullable String target;
    private final GlobalScope scope;
    private final StageReferences references;
    private final List<SyntaxError> errors = new ArrayList<>();

    Checks(Dockerfile file, Map<String, String> buildArgs, @Nullable String target) {
        this.file = file;
        this.target = target;
        this.scope = GlobalScope.lenient(file, LintOptions.DEFAULT.withBuildArgs(buildArgs));
        this.references = new StageReferences(file, scope);
    }

    List<SyntaxError> all() {
        syntax();
        globalArgs();
        target();
        file.stages().forEach(this::base);
        file.stages().forEach(this::copies);
        if (!circles()) {
            references.needed(target).forEach(this::laterStages);
        }
        errors.sort(Comparator.comparingInt(error -> error.location().startLine()));
        return List.copyOf(errors);
    }

    private void syntax() {
        Directives.Syntax syntax = file.directives().syntax();
        if (syntax != null && !OUR_SYNTAX.matcher(syntax.image()).matches()) {
            errors.add(new SyntaxError(
                    syntax.location(),
                    "the front end \"" + syntax.image() + "\" is not supported",
                    "no syntax directive or docker/dockerfile:1",
                    null,
                    syntax.image()));
        }
    }

    private void globalArgs() {
        for (Instruction.Arg arg : file.globalArgs()) {
            for (Instruction.Argument argument : arg.arguments()) {
                String value = argument.value();
                try {
                    scope.expand(value == null ? "" : value);
                } catch (ExpansionException e) {
                    errors.add(new SyntaxError(
                            arg.location(), "ARG " + argument.name() + ": " + e.getMessage(), null, null, value));
                }
            }
        }
    }

    private void target() {
        if (target == null || references.named(target) != null) {
            return;
        }
        List<String> names =
                file.stages().stream().map(Stage::name).filter(Objects::nonNull).toList();
        Stage last = file.stages().getLast();
        errors.add(new SyntaxError(
                last.location(),
                "the target stage \"" + target + "\" is not in the file",
                names.isEmpty() ? "no target, as no stage has a name" : "one of " + String.join(", ", names),
                Suggestion.closest(target, names),
                null));
    }

    /** A stage is done before what follows it, so that it cannot take anything from there. */
    private void laterStages(Stage stage) {
        for (Instruction instruction : stage.instructions()) {
            for (String from : StageReferences.sources(instruction)) {
                Stage source = references.named(from);
                if (source != null && source.index() > stage.index()) {
                    errors.add(new SyntaxError(
                            instruction.location(),
                            "the stage " + from + " is defined further down",
                            "a stage above this one",
                            null,
                            from));
                } else if (source == null && from.matches("[0-9]{1,9}")) {
                    errors.add(new SyntaxError(
                            instruction.location(), "there is no stage number " + from, null, null, from));
                }
            }
        }
    }

    private void base(Stage stage) {
        expand(stage, stage.base(), "the base of FROM");
        String platform = stage.platform();
        if (platform != null) {
            expand(stage, platform, "the platform of FROM");
        }
    }

    private void expand(Stage stage, String written, String what) {
        try {
            Expansion.Expanded value = scope.expand(written);
            if (value.text().isEmpty()) {
                errors.add(new SyntaxError(
                        stage.location(),
                        what + " is blank" + unset(value),
                        "an ARG with a value before the first FROM",
                        scope.suggestion(value.unmatched()),
                        written));
            }
        } catch (ExpansionException e) {
            errors.add(new SyntaxError(stage.location(), what + ": " + e.getMessage(), null, null, written));
        }
    }

    private static String unset(Expansion.Expanded value) {
        return value.unmatched().isEmpty() ? "" : ", as " + String.join(", ", value.unmatched()) + " is not set";
    }

    private void copies(Stage stage) {
        for (Instruction instruction : stage.instructions()) {
            if (instruction instanceof Instruction.Copy copy && copy.from() == null) {
                for (String source : copy.sources()) {
                    if (URL.matcher(source).matches()) {
                        errors.add(new SyntaxError(
                                copy.location(), "COPY cannot have a URL as its source", "ADD", null, source));
                    }
                }
            }
        }
    }

    /** Colours of a search in depth. */
    private enum Visit {
        OPEN,
        DONE
    }

    /** True where there is one. */
    private boolean circles() {
        Visit[] visits = new Visit[file.stages().size()];
        for (Stage stage : file.stages()) {
            if (visits[stage.index()] == null && circle(stage, visits)) {
                return true;
            }
        }
        return false;
    }

    private record Step(Stage stage, Iterator<Stage> needs) {}

    /** Kept in a list instead of calls: a chain of stages may be long. */
    private boolean circle(Stage start, @Nullable Visit[] visits) {
        List<Step> path = new ArrayList<>();
        path.add(new Step(start, needs(start).iterator()));
        visits[start.index()] = Visit.OPEN;
        while (!path.isEmpty()) {
            Step step = path.getLast();
            if (!step.needs().hasNext()) {
                visits[step.stage().index()] = Visit.DONE;
                path.removeLast();
                continue;
            }
            Stage next = step.needs().next();
            if (visits[next.index()] == Visit.OPEN) {
                circle(next);
                return true;
            }
            if (visits[next.index()] == null) {
                visits[next.index()] = Visit.OPEN;
                path.add(new Step(next, needs(next).iterator()));
            }
        }
        return false;
    }

    private void circle(Stage stage) {
        String name = stage.name() == null ? String.valueOf(stage.index()) : stage.name();
        errors.add(new SyntaxError(
                stage.location(),
                "the stage " + name + " waits for itself, directly or by way of other stages",
                "no circle of FROM, --from and from=",
                null,
                stage.writtenName()));
    }

    private List<Stage> needs(Stage stage) {
        return references.of(stage);
    }
}
