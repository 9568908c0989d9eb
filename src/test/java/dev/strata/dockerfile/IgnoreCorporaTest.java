package dev.strata.dockerfile;

import com.fasterxml.jackson.databind.JsonNode;
import dev.strata.Corpora;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Patterns as moby/patternmatcher and fsutil have them. */
@Tag("corpora")
class IgnoreCorporaTest {

    @Test
    void everyPatternMatchesAsItDoesInBuildKit() {
        Corpora.score("dockerignore", Corpora.cases("dockerignore"), IgnoreCorporaTest::difference);
    }

    private static @Nullable String difference(JsonNode one) {
        JsonNode expected = one.path("expected");
        boolean fails = one.path("error").asBoolean()
                || one.path("error").isTextual()
                || expected.path("error").asBoolean();
        try {
            String difference = found(one);
            return fails ? "accepted" : difference;
        } catch (IllegalArgumentException e) {
            return fails ? null : e.getMessage();
        }
    }

    private static @Nullable String found(JsonNode one) {
        JsonNode expected = one.path("expected");
        if (one.path("kind").asText().equals("read_file")) {
            List<String> patterns = IgnoreFile.parse(
                            ".dockerignore", one.path("content").asText())
                    .patterns();
            return Oracle.compare("patterns", Oracle.json(patterns), one.path("buildkit_expected"));
        }
        PathPatterns patterns = PathPatterns.of(strings(one.path("patterns")));
        return switch (one.path("kind").asText()) {
            case "match" -> {
                boolean matches = patterns.matches(one.path("path").asText());
                yield matches == one.path("match").asBoolean() ? null : "matches is " + matches;
            }
            case "clean" ->
                expected.has("count")
                        ? Oracle.compare("count", Oracle.json(patterns.size()), expected.path("count"))
                        : expected.has("has_exceptions") && !patterns.hasExceptions() ? "no exceptions" : null;
            case "walk_include", "walk_exclude" -> walk(one, patterns);
            default -> "unknown kind " + one.path("kind");
        };
    }

    /** What is sent: what is included, with the folders above it. */
    private static @Nullable String walk(JsonNode one, PathPatterns patterns) {
        boolean include = one.path("kind").asText().equals("walk_include");
        TreeSet<String> sent = new TreeSet<>();
        for (String entry : strings(one.path("tree"))) {
            String path = entry.endsWith("/") ? entry.substring(0, entry.length() - 1) : entry;
            if (patterns.matches(path) == include) {
                sent.add(entry);
                for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
                    sent.add(path.substring(0, slash + 1));
                }
            }
        }
        return Oracle.compare("entries", Oracle.json(sent), one.path("expected_entries"));
    }

    private static List<String> strings(JsonNode array) {
        List<String> all = new ArrayList<>();
        array.forEach(item -> all.add(item.asText()));
        return all;
    }
}
