package dev.strata.dockerfile;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Collects findings and leaves out what the file, or the comment above an instruction, switched off. */
final class Findings {
    private final Directives.@Nullable Check check;
    private final List<Finding> found = new ArrayList<>();

    Findings(Directives.@Nullable Check check) {
        this.check = check;
    }

    void add(LintRule rule, Source source, String detail) {
        add(rule, source, source.location(), detail);
    }

    /** @param source whose comments may switch the rule off */
    void add(LintRule rule, Source source, Location location, String detail) {
        if (isOn(rule, check, DirectiveReader.checkAbove(source))) {
            found.add(new Finding(rule, location, detail));
        }
    }

    private static boolean isOn(LintRule rule, Directives.@Nullable Check... checks) {
        boolean on = !rule.experimental();
        for (Directives.Check one : checks) {
            if (one == null) {
                continue;
            }
            if (rule.experimental()) {
                on |= has(one.experimental(), rule);
            } else {
                on &= !has(one.skip(), rule);
            }
        }
        return on;
    }

    private static boolean has(List<String> names, LintRule rule) {
        return names.equals(List.of("all")) || names.contains(rule.ruleName());
    }

    /** In the file's order. */
    List<Finding> sorted() {
        return found.stream()
                .sorted(Comparator.comparingInt(finding -> finding.location().startLine()))
                .toList();
    }
}
