package dev.strata.dockerfile;

import dev.strata.dockerfile.StageReferences.Use;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What is wrong with a file as a whole, as far as its text tells. */
final class Checks {
    private static final Pattern OUR_SYNTAX =
            Pattern.compile("(?:[^\\s@]+/)?docker/dockerfile(?:-upstream)?(?::[^\\s@/]+)?(?:@\\S+)?");
    private static final Pattern URL = Pattern.compile("https?://.*");

    private static final Pattern NUMBER = Pattern.compile("[+-]?[0-9]{1,9}");

    private final Dockerfile file;
    private final LintOptions options;
    private final GlobalScope scope;
    private final StageReferences references;
    private final List<SyntaxError> errors = new ArrayList<>();

    Checks(Dockerfile file, LintOptions options) {
        this.file = file;
        this.options = options;
        this.scope = GlobalScope.lenient(file, options);
        this.references = new StageReferences(file, scope);
    }

    List<SyntaxError> all() {
        syntax();
        globalArgs();
        target();
        for (Stage stage : file.stages()) {
            base(stage);
            stage.instructions().forEach(this::sources);
        }
        if (!circles()) {
            for (Stage stage : references.needed(options.target())) {
                laterStages(stage);
                copies(stage);
            }
        }
        return errors.stream()
                .sorted(Comparator.comparingInt(error -> error.location().startLine()))
                .limit(Dockerfile.MOST_ERRORS)
                .toList();
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
        String target = options.target();
        if (target == null || references.named(target) != null) {
            return;
        }
        List<String> names = references.names();
        Stage last = file.stages().getLast();
        errors.add(new SyntaxError(
                last.location(),
                "target stage \"" + target + "\" could not be found",
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
                            "cannot copy from stage \"" + from + "\", it needs to be defined before current stage \""
                                    + (stage.name() == null ? stage.index() : stage.name()) + "\"",
                            "a stage above this one",
                            null,
                            from));
                }
            }
        }
    }

    private void base(Stage stage) {
        String base = expand(stage, stage.base(), "the base of FROM");
        String platform = stage.platform();
        if (platform != null) {
            expand(stage, platform, "the platform of FROM");
        }
        boolean isContext = stage.name() != null && options.given().test(stage.name());
        if (!base.isEmpty() && !isContext && references.base(stage) == null) {
            image(stage.location(), base, stage.base());
        }
    }

    /** Whether a name can be that of an image. Of a stage that is not needed nothing more is asked. */
    private void image(Location location, String name, String written) {
        if (options.given().test(name) || ImageName.isValid(name)) {
            return;
        }
        String lower = name.toLowerCase(Locale.ROOT);
        errors.add(new SyntaxError(
                location,
                "invalid reference format: \"" + name + "\" is neither a stage above nor the name of an image",
                "registry/path:tag or path@digest, the path in small letters",
                ImageName.isValid(lower) ? lower : Suggestion.closest(name, references.names()),
                written));
    }

    private void sources(Instruction instruction) {
        for (String from : StageReferences.sources(instruction)) {
            boolean isCopy = instruction instanceof Instruction.Copy;
            if (isCopy && hasVariables(from)) {
                errors.add(new SyntaxError(
                        instruction.location(),
                        "--from cannot have variables or quotes",
                        "a stage's name: put FROM with the variable, and a name, above this stage",
                        null,
                        from));
            } else if (references.named(from) == null && NUMBER.matcher(from).matches()) {
                errors.add(
                        new SyntaxError(instruction.location(), "there is no stage number " + from, null, null, from));
            } else if (references.named(from) == null) {
                image(instruction.location(), from, from);
            }
        }
    }

    private boolean hasVariables(String from) {
        try {
            return !scope.expansion()
                    .word(from, Expansion.Variables.NONE)
                    .text()
                    .equals(from);
        } catch (ExpansionException e) {
            return true;
        }
    }

    /** The value, empty where there is none; that is then among the errors. */
    private String expand(Stage stage, String written, String what) {
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
            return value.text();
        } catch (ExpansionException e) {
            errors.add(new SyntaxError(stage.location(), what + ": " + e.getMessage(), null, null, written));
            return "";
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

    /**
     * @param by what led here; null at the start
     * @param needs what is not yet followed
     */
    private record Step(Stage stage, @Nullable Use by, Iterator<Use> needs) {}

    /**
     * Kept in a list instead of calls: a chain of stages may be long. Bases are not followed: they stand above, so that
     * a circle through one has a stage that takes from a later one.
     */
    private boolean circle(Stage start, @Nullable Visit[] visits) {
        List<Step> path = new ArrayList<>();
        path.add(new Step(start, null, references.uses(start).iterator()));
        visits[start.index()] = Visit.OPEN;
        while (!path.isEmpty()) {
            Step step = path.getLast();
            if (!step.needs().hasNext()) {
                visits[step.stage().index()] = Visit.DONE;
                path.removeLast();
                continue;
            }
            Use next = step.needs().next();
            if (visits[next.stage().index()] == Visit.OPEN) {
                circle(path, next);
                return true;
            }
            if (visits[next.stage().index()] == null) {
                visits[next.stage().index()] = Visit.OPEN;
                path.add(new Step(
                        next.stage(), next, references.uses(next.stage()).iterator()));
            }
        }
        return false;
    }

    /** Reported where the stage that is met again takes its first step away. */
    private void circle(List<Step> path, Use last) {
        Stage stage = last.stage();
        Use first = last;
        for (Step step : path.reversed()) {
            if (step.stage().index() == stage.index()) {
                break;
            }
            first = step.by() == null ? last : step.by();
        }
        String name = stage.name() == null ? String.valueOf(stage.index()) : stage.name();
        errors.add(new SyntaxError(
                first.instruction().location(),
                "invalid from flag value " + first.written() + ": refers to current build block, as the stage " + name
                        + " waits for itself",
                "no circle of --from and from=",
                null,
                first.written()));
    }
}
