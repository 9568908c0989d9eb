package dev.strata.dockerfile;

import com.fasterxml.jackson.databind.JsonNode;
import dev.strata.Corpora;
import dev.strata.dockerfile.Expansion.Variables;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Expansion as BuildKit's own tests have it; imagebuilder's cases with BuildKit's results. */
@Tag("corpora")
class ExpansionCorporaTest {
    private static final Expansion EXPANSION = new Expansion('\\');

    @Test
    void everyCaseOfTheShellWordsIsExpandedAsBuildKitExpandsIt() {
        Corpora.score("shellwords", Corpora.cases("shellwords"), ExpansionCorporaTest::difference);
    }

    private static @Nullable String difference(JsonNode one) {
        JsonNode buildKit = one.path("buildkit_result");
        boolean fails = buildKit.isMissingNode() ? one.path("error").asBoolean() : buildKit.has("error");
        JsonNode expected = buildKit.has("result") ? buildKit.path("result") : one.path("expected");
        Object found;
        try {
            found = result(one);
        } catch (ExpansionException e) {
            return fails ? null : "refused: " + e.getMessage();
        }
        if (fails) {
            return "accepted as " + found;
        }
        String difference = one.path("mode").asText().equals("pattern_to_regex")
                ? null // that it compiles is all that is ours; the regular expression is upstream's own
                : Oracle.compare("result", Oracle.json(found), expected);
        return difference == null ? names(one) : difference;
    }

    private static @Nullable Object result(JsonNode one) {
        Variables variables = variables(one);
        String input = one.path("input").asText();
        return switch (one.path("mode").asText()) {
            case "word" -> EXPANSION.word(input, variables).text();
            case "words" -> EXPANSION.words(input, variables);
            case "getenv" -> variables.get(input);
            case "pattern_to_regex" -> ShellPattern.parse(input);
            // kaniko cleans paths, but not URLs, after the expansion
            case "filepath" -> cleaned(EXPANSION.word(input, variables).text());
            case "word_list" -> {
                List<String> all = new ArrayList<>();
                one.path("input")
                        .forEach(word ->
                                all.add(EXPANSION.word(word.asText(), variables).text()));
                yield all;
            }
            default -> throw new IllegalStateException("unknown mode " + one.path("mode"));
        };
    }

    private static String cleaned(String path) {
        return path.contains("://")
                ? path
                : SlashPath.clean(path) + (path.endsWith("/") && path.length() > 1 ? "/" : "");
    }

    private static Variables variables(JsonNode one) {
        if (one.has("env_list")) {
            List<String> list = new ArrayList<>();
            one.path("env_list").forEach(entry -> list.add(entry.asText()));
            return Variables.of(list);
        }
        Map<String, String> env = one.path("platform").asText().equals("windows")
                ? new TreeMap<>(String.CASE_INSENSITIVE_ORDER)
                : new TreeMap<>();
        one.path("env")
                .properties()
                .forEach(entry -> env.put(entry.getKey(), entry.getValue().asText()));
        return env::get;
    }

    private static @Nullable String names(JsonNode one) {
        if (!one.has("matched")) {
            return null;
        }
        Expansion.Expanded expanded = EXPANSION.word(one.path("input").asText(), variables(one));
        String matched = Oracle.compare("matched", Oracle.json(new TreeSet<>(expanded.matched())), one.path("matched"));
        return matched != null
                ? matched
                : Oracle.compare("unmatched", Oracle.json(new TreeSet<>(expanded.unmatched())), one.path("unmatched"));
    }
}
