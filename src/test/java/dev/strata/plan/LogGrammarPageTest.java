package dev.strata.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The examples of docs/log-grammar.md are of the grammar that the code has. */
class LogGrammarPageTest {
    private static final Pattern EXAMPLE = Pattern.compile("```log\\n(.*?)```", Pattern.DOTALL);

    private static List<String> lines() throws IOException {
        return EXAMPLE.matcher(Files.readString(Path.of("docs/log-grammar.md")))
                .results()
                .flatMap(example -> example.group(1).lines())
                .toList();
    }

    @Test
    void everyLineOfTheExamplesIsAnEventAndIsWrittenJustSo() throws IOException {
        for (String line : lines()) {
            assertThat(EventLog.read(line)).as(line).isPresent();
            assertThat(EventLog.write(EventLog.read(line).orElseThrow())).isEqualTo(line);
        }
    }

    @Test
    void everyKindOfEventIsInTheExamples() throws IOException {
        assertThat(lines().stream()
                        .map(line ->
                                EventLog.read(line).orElseThrow().getClass().getSimpleName())
                        .collect(Collectors.toSet()))
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(Event.class.getPermittedSubclasses())
                        .map(Class::getSimpleName)
                        .toList());
    }
}
