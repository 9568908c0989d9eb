package dev.strata.dockerfile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.Corpora;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** In real Dockerfiles Strata finds what BuildKit's own linter finds; what else it finds is of rules that are its own. */
@Tag("corpora")
class RealWorldLintCorporaTest {
    private static final Path FOUND_BY_BUILDKIT = Path.of("src/test/resources/lint/realworld.txt");

    @Test
    void noFalseAlarmAndNothingOverlooked() throws IOException {
        Path files = Corpora.set("realworld").resolve("files");
        List<String> different = new ArrayList<>();
        int judged = 0;
        for (String line : Files.readAllLines(FOUND_BY_BUILDKIT)) {
            List<String> words = List.of(line.split(" "));
            Path path = files.resolve(words.getFirst());
            if (line.startsWith("#") || !Files.exists(path)) {
                continue;
            }
            judged++;
            Dockerfile file = Dockerfile.parse(words.getFirst(), Files.readAllBytes(path));
            List<String> wanted = words.subList(1, words.size());
            LintOptions likeIt = LintOptions.DEFAULT.withBaseVariables(base -> Set.of());
            if (!found(file, likeIt).equals(withoutDrives(file, wanted))) {
                different.add(words.getFirst() + ": " + found(file, likeIt) + ", not " + wanted);
            }
            List<String> alarms = new ArrayList<>(found(file, LintOptions.DEFAULT));
            alarms.removeAll(wanted);
            if (!alarms.isEmpty()) {
                different.add(words.getFirst() + ": false alarms " + alarms);
            }
        }
        System.out.println("lint of real files: " + (judged - different.size()) + " of " + judged);
        assertThat(different).isEmpty();
        assertThat(judged).isPositive();
    }

    private static List<String> found(Dockerfile file, LintOptions options) {
        return Lint.check(file, options).stream()
                .filter(finding -> finding.rule().origin() == LintRule.Origin.BUILDKIT)
                .map(finding ->
                        finding.rule().ruleName() + ":" + finding.location().startLine())
                .sorted()
                .toList();
    }

    /** A path of Windows with its drive is no relative one to us; docs/conformance.md has this difference. */
    private static List<String> withoutDrives(Dockerfile file, List<String> wanted) {
        boolean windows = file.lines().stream().anyMatch(line -> line.contains("C:\\"));
        return wanted.stream()
                .filter(word -> !windows || !word.startsWith("WorkdirRelativePath"))
                .sorted()
                .toList();
    }
}
