package dev.strata;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.strata.image.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExamplesTest {
    private static final Path HELLO = Path.of("examples/hello");

    @Test
    void the_config_map_of_hello_holds_the_files_beside_it() throws IOException {
        JsonNode data;
        try (var documents = new YAMLMapper()
                .readerFor(JsonNode.class)
                .<JsonNode>readValues(HELLO.resolve("imagebuild.yaml").toFile())) {
            data = documents.next().get("data");
        }

        assertThat(data.fieldNames()).toIterable().containsExactlyInAnyOrder("Dockerfile", "main.py");
        for (String file : new String[] {"Dockerfile", "main.py"}) {
            assertThat(data.get(file).textValue()).isEqualTo(Files.readString(HELLO.resolve(file)));
        }
    }

    /** {@code src/test/resources/flux/README.md} tells how it was asked. */
    @ParameterizedTest
    @ValueSource(strings = {"image-policy.yaml", "kustomization.yaml"})
    void flux_itself_has_read_its_examples_as_they_are(String name) throws IOException {
        Digest digest =
                Digest.sha256(Files.readAllBytes(Path.of("examples/digest/flux").resolve(name)));

        assertThat(Path.of("src/test/resources/flux/verdict.txt"))
                .as("it has changed: ask again")
                .content()
                .contains(name + " " + digest.hex() + "\n");
    }
}
