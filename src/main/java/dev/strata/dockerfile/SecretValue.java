package dev.strata.dockerfile;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Keys and tokens that can be told by their form. The value itself is never repeated. */
final class SecretValue {
    private static final Map<String, Pattern> FORMS = Map.ofEntries(
            Map.entry("an access key of AWS", Pattern.compile("\\b(?:AKIA|ASIA)[0-9A-Z]{16}\\b")),
            Map.entry(
                    "a token of GitHub",
                    Pattern.compile("\\bgh[pousr]_[A-Za-z0-9]{36,}|\\bgithub_pat_[A-Za-z0-9_]{50,}")),
            Map.entry("a token of GitLab", Pattern.compile("\\bglpat-[A-Za-z0-9_-]{20,}")),
            Map.entry("a token of npm", Pattern.compile("\\bnpm_[A-Za-z0-9]{36,}")),
            Map.entry("a token of Slack", Pattern.compile("\\bxox[abprs]-[A-Za-z0-9-]{20,}")),
            Map.entry("a key of Google", Pattern.compile("\\bAIza[0-9A-Za-z_-]{35}")),
            Map.entry("a key of Stripe", Pattern.compile("\\bsk_live_[0-9A-Za-z]{24,}")),
            Map.entry("a private key", Pattern.compile("-----BEGIN [A-Z ]*PRIVATE KEY-----")));

    private SecretValue() {}

    static void check(Instruction instruction, Findings findings) {
        check(instruction.source(), instruction.original(), findings);
        List<Heredoc> heredocs = switch (instruction) {
            case Instruction.Run run -> run.heredocs();
            case Instruction.Copy copy -> copy.heredocs();
            case Instruction.Add add -> add.heredocs();
            default -> List.of();
        };
        heredocs.forEach(heredoc -> check(instruction.source(), heredoc.raw(), findings));
    }

    private static void check(Source source, String text, Findings findings) {
        FORMS.entrySet().stream()
                .filter(form -> form.getValue().matcher(text).find())
                .map(Map.Entry::getKey)
                .sorted()
                .forEach(what -> findings.add(
                        LintRule.SECRET_VALUE,
                        source,
                        "This has " + what + ", which everybody who has the image or the file can read;"
                                + " withdraw it and use RUN --mount=type=secret"));
    }
}
