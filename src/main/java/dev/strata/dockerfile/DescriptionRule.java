package dev.strata.dockerfile;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Comments that explain an argument or a stage begin with its name. */
final class DescriptionRule {
    private DescriptionRule() {}

    static void check(Stage stage, Findings findings) {
        if (stage.name() != null) {
            check("FROM", stage.source(), List.of(stage.name()), findings);
        }
    }

    static void check(Instruction.Arg arg, Findings findings) {
        List<String> names =
                arg.arguments().stream().map(Instruction.Argument::name).toList();
        check("ARG", arg.source(), names, findings);
    }

    private static void check(String keyword, Source source, List<String> names, Findings findings) {
        @Nullable
        String last = source.comments().isEmpty() ? null : source.comments().getLast();
        if (last == null || names.contains(last.split(" ", 2)[0])) {
            return;
        }
        findings.add(
                LintRule.INVALID_DEFINITION_DESCRIPTION,
                source,
                "The comment above " + keyword + " should begin with "
                        + String.join(" or ", names)
                        + ", or stand apart by an empty line if it explains something else");
    }
}
