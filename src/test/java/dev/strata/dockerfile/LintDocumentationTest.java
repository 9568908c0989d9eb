package dev.strata.dockerfile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The page of the rules is true: every rule is there, and its examples are what they say. */
class LintDocumentationTest {
    private static final Pattern SECTION = Pattern.compile("(?ms)^## (\\w+)\n(.*?)(?=^#|\\z)");
    private static final Pattern EXAMPLE = Pattern.compile("(?ms)^```(dockerfile|dockerignore)\n(.*?)^```");
    private static final Map<String, String> SECTIONS = new LinkedHashMap<>();

    @BeforeAll
    static void read() throws IOException {
        String page = Files.readString(Path.of("docs/lint.md"));
        // The # of an example's comment is no heading.
        Matcher matcher = SECTION.matcher(page.replaceAll("(?m)^# (check|RELEASE|which)", "\u0001$1"));
        while (matcher.find()) {
            SECTIONS.put(matcher.group(1), matcher.group(2).replace("\u0001", "# "));
        }
    }

    @Test
    void everyRuleHasASectionAndEverySectionIsARule() {
        assertThat(SECTIONS.keySet())
                .containsExactlyInAnyOrderElementsOf(
                        Stream.of(LintRule.values()).map(LintRule::ruleName).toList());
    }

    @ParameterizedTest
    @EnumSource(value = LintRule.class, mode = EnumSource.Mode.EXCLUDE, names = "INVALID_BASE_IMAGE_PLATFORM")
    void theBadExampleIsFoundAndTheGoodOneIsNot(LintRule rule) {
        List<String> examples = examples(rule, "dockerfile");
        assertThat(examples).hasSize(2);
        List<String> ignore = examples(rule, "dockerignore");
        LintOptions options = ignore.isEmpty()
                ? LintOptions.DEFAULT
                : LintOptions.DEFAULT.withIgnoreFile(IgnoreFile.parse(".dockerignore", ignore.getFirst()));
        assertThat(rules(examples.get(0), options)).contains(rule);
        assertThat(rules(examples.get(1), options)).doesNotContain(rule);
        List<LintRule> rest = new ArrayList<>(rules(examples.get(1), options));
        assertThat(rest).as("the good example shows nothing else that is bad").isEmpty();
    }

    private static List<String> examples(LintRule rule, String language) {
        List<String> examples = new ArrayList<>();
        Matcher matcher = EXAMPLE.matcher(SECTIONS.getOrDefault(rule.ruleName(), ""));
        while (matcher.find()) {
            if (matcher.group(1).equals(language)) {
                examples.add(matcher.group(2));
            }
        }
        return examples;
    }

    private static List<LintRule> rules(String text, LintOptions options) {
        Dockerfile file = Dockerfile.parse("Dockerfile", text.getBytes(StandardCharsets.UTF_8));
        return Lint.check(file, options).stream().map(Finding::rule).toList();
    }
}
