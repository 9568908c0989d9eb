package dev.strata.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The pages in {@code docs/spec} say nothing that is not so. */
class SpecificationPagesTest {
    private static final Path PAGES = Path.of("docs/spec");
    private static final Pattern EXAMPLE = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL);
    private static final YAMLMapper STRICT = YAMLMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    static Stream<String> examples() throws IOException {
        return Stream.of("imagebuilds.md", "buildclasses.md")
                .flatMap(page -> EXAMPLE.matcher(text(page)).results().map(match -> match.group(1)));
    }

    private static String text(String page) {
        try {
            return Files.readString(PAGES.resolve(page));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @MethodSource("examples")
    void everyExampleHasKnownFieldsOnly(String example) throws IOException {
        Object read = example.contains("kind: ImageBuild")
                ? STRICT.readValue(example, ImageBuild.class).getSpec()
                : STRICT.readValue(example, BuildClass.class).getSpec();
        assertThat(read).isNotNull();
    }

    @Test
    void everyReasonIsExplainedInTheWordsOfTheCode() {
        assertThat(text("imagebuilds.md").lines().toList())
                .containsSubsequence(Arrays.stream(Reason.values())
                        .map(reason -> "| `" + reason.word() + "` | " + reason.meaning() + " |")
                        .toList());
    }
}
