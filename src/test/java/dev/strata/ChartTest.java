package dev.strata;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What of the Helm chart can be seen without Helm; {@link ChartRenderingTest} has it rendered. */
class ChartTest {
    private static final Path CHART = Path.of("charts/strata");
    private static final Pattern VALUE = Pattern.compile("\\.Values\\.([A-Za-z.]+)");
    private static final YAMLMapper YAML = new YAMLMapper();

    @ParameterizedTest
    @ValueSource(strings = {"imagebuilds.strata.dev.yaml", "buildclasses.strata.dev.yaml"})
    void theChartsDefinitionsAreThoseOfTheProject(String file) throws IOException {
        assertThat(CHART.resolve("crds").resolve(file))
                .as("stale; cp crds/*.yaml charts/strata/crds/")
                .hasContent(Files.readString(Path.of("crds").resolve(file)));
    }

    @Test
    void everyValueIsUsedAndEveryUsedValueIsThere() throws IOException {
        JsonNode values = YAML.readTree(CHART.resolve("values.yaml").toFile());
        Set<String> used = new TreeSet<>();
        for (Path template : templates()) {
            VALUE.matcher(Files.readString(template)).results().forEach(found -> used.add(found.group(1)));
        }
        for (String path : used) {
            assertThat(values.at("/" + path.replace('.', '/')).isMissingNode())
                    .as("values.yaml lacks " + path)
                    .isFalse();
        }
        assertThat(used.stream().map(path -> path.split("\\.")[0])).containsAll(values::fieldNames);
    }

    private static List<Path> templates() throws IOException {
        try (Stream<Path> files = Files.walk(CHART.resolve("templates"))) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }
}
