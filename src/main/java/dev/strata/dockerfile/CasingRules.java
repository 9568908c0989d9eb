package dev.strata.dockerfile;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How words are written. */
final class CasingRules {
    private final Dockerfile file;
    private final Findings findings;

    CasingRules(Dockerfile file, Findings findings) {
        this.file = file;
        this.findings = findings;
    }

    void check() {
        keywords();
        for (Stage stage : file.stages()) {
            stageName(stage);
            as(stage);
        }
    }

    private static boolean isLower(String word) {
        return word.equals(word.toLowerCase(Locale.ROOT));
    }

    private static boolean isUpper(String word) {
        return word.equals(word.toUpperCase(Locale.ROOT));
    }

    private List<Source> sources() {
        List<Source> all = new ArrayList<>();
        for (Stage stage : file.stages()) {
            all.add(stage.source());
            stage.instructions().forEach(instruction -> all.add(instruction.source()));
        }
        return all;
    }

    private void keywords() {
        List<Source> sources = sources();
        long lower =
                sources.stream().filter(source -> isLower(source.keyword())).count();
        long upper = sources.stream()
                .filter(source -> !isLower(source.keyword()) && isUpper(source.keyword()))
                .count();
        boolean mostAreLower = lower > upper;
        for (Source source : sources) {
            String keyword = source.keyword();
            if (mostAreLower ? !isLower(keyword) : !isUpper(keyword)) {
                findings.add(
                        LintRule.CONSISTENT_INSTRUCTION_CASING,
                        source,
                        keyword + " is written differently from most instructions here, which are in "
                                + (mostAreLower ? "small letters" : "capitals"));
            }
        }
    }

    private void stageName(Stage stage) {
        String written = stage.writtenName();
        if (written != null && !isLower(written)) {
            findings.add(
                    LintRule.STAGE_NAME_CASING,
                    stage.source(),
                    "The stage's name " + written + " should be " + written.toLowerCase(Locale.ROOT));
        }
    }

    /** A keyword of mixed case is another rule's. */
    private void as(Stage stage) {
        String from = stage.source().keyword();
        String as = stage.as();
        if (as == null || (!isLower(from) && !isUpper(from))) {
            return;
        }
        if (isLower(from) ? !isLower(as) : !isUpper(as)) {
            findings.add(
                    LintRule.FROM_AS_CASING,
                    stage.source(),
                    from + " and " + as + " should be written in the same case");
        }
    }
}
