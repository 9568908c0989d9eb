package dev.strata.dockerfile;

/** Continued lines follow one another. */
final class ContinuationRule {
    private final Findings findings;

    ContinuationRule(Findings findings) {
        this.findings = findings;
    }

    /** Looks at all stages, as it is the text that is misread. */
    void check(Dockerfile file) {
        file.globalArgs().forEach(arg -> check(arg.source()));
        for (Stage stage : file.stages()) {
            check(stage.source());
            stage.instructions().forEach(instruction -> check(instruction.source()));
        }
    }

    private void check(Source source) {
        if (source.emptyContinuation() > 0) {
            findings.add(
                    LintRule.NO_EMPTY_CONTINUATION,
                    source,
                    new Location(source.emptyContinuation(), source.emptyContinuation()),
                    "Empty lines stand between the continued lines that end here; take them out");
        }
    }
}
