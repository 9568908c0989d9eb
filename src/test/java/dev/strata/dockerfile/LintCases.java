package dev.strata.dockerfile;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** BuildKit's cases for its build checks: rules and lines count, words are each tool's own. */
final class LintCases {
    private LintCases() {}

    static @Nullable String difference(JsonNode one) {
        Map<String, String> buildArgs = new TreeMap<>();
        one.path("options").properties().forEach(option -> {
            if (option.getKey().startsWith("build-arg:")) {
                buildArgs.put(
                        option.getKey().substring("build-arg:".length()),
                        option.getValue().asText());
            }
        });
        IgnoreFile ignore = one.has("dockerignore")
                ? IgnoreFile.parse(".dockerignore", one.path("dockerignore").asText())
                : IgnoreFile.NONE;
        Dockerfile file = Dockerfile.parse("Dockerfile", ParserCorporaTest.text(one));
        LintOptions options = LintOptions.DEFAULT.withBuildArgs(buildArgs).withIgnoreFile(ignore);
        JsonNode asserted = one.path("asserted");
        boolean both = asserted.has("warnings_lint_request");
        String needed = compare(file, options.withTarget(null, true), asserted.path("warnings"), true);
        if (needed != null) {
            return needed;
        }
        String all = both ? compare(file, options, asserted.path("warnings_lint_request"), false) : null;
        return all != null ? all : error(file, options, asserted);
    }

    /** The lines of the one case with a request of its own are held to be wrong; docs/conformance.md tells why. */
    private static @Nullable String compare(
            Dockerfile file, LintOptions options, JsonNode warnings, boolean withLines) {
        List<String> wanted = new ArrayList<>();
        warnings.forEach(warning -> wanted.add(warning.path("rule").asText()
                + (withLines ? " " + warning.path("line").asInt() : "")));
        wanted.sort(null); // of one line, the order is each tool's own
        List<String> found = Lint.check(file, options).stream()
                .filter(finding -> finding.rule().origin() == LintRule.Origin.BUILDKIT)
                .map(finding -> finding.rule().ruleName()
                        + (withLines ? " " + finding.location().startLine() : ""))
                .sorted()
                .toList();
        return found.equals(wanted) ? null : "findings are " + found + ", not " + wanted;
    }

    private static @Nullable String error(Dockerfile file, LintOptions options, JsonNode asserted) {
        boolean fails = !Lint.failing(file, options, Lint.check(file, options)).isEmpty();
        if (asserted.path("build_error").asText().startsWith("lint violation")) {
            return fails ? null : "the findings do not fail the build";
        }
        if (fails) {
            return "the findings fail the build";
        }
        if (asserted.has("build_error")) {
            int line = asserted.path("build_error_line").asInt();
            return file.check(options.buildArgs()).stream()
                            .anyMatch(error -> error.location().startLine() == line)
                    ? null
                    : "no error at line " + line;
        }
        return null;
    }
}
