package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.strata.api.BuildClassSpec;
import dev.strata.api.ImageBuildSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a class refuses and in which words. The same table is asked of a real API server with the admission policy, see
 * {@code AdmissionTest}.
 */
class ClassRulesTest {
    private static final YAMLMapper YAML = new YAMLMapper();
    private static final Path TABLE = Path.of("src/test/resources/class-rules.yaml");

    /** @param message of the refusal; empty where the spec fits */
    record Row(String name, ImageBuildSpec spec, BuildClassSpec settings, String message) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Row> rows() throws IOException {
        List<Row> rows = new ArrayList<>();
        for (JsonNode row : YAML.readTree(TABLE.toFile())) {
            rows.add(new Row(
                    row.path("name").asText(),
                    YAML.treeToValue(row.path("spec"), ImageBuildSpec.class),
                    YAML.treeToValue(row.path("class"), BuildClassSpec.class),
                    row.path("refused").asText()));
        }
        return rows.stream();
    }

    @ParameterizedTest
    @MethodSource("rows")
    void aSpecIsHeldAgainstItsClass(Row row) {
        List<String> broken = ClassRules.broken(row.spec(), "team-a", "strict", row.settings());

        assertThat(String.join("; ", broken)).isEqualTo(row.message());
    }
}
