package dev.strata;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.strata.api.BuildClassSpec;
import dev.strata.api.ImageBuildSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every resource that the documents and examples show has only fields that exist, and a Dockerfile that is one. */
class DocumentedResourcesTest {
    private static final Pattern BLOCK = Pattern.compile("```yaml\\n(.*?)```", Pattern.DOTALL);
    private static final YAMLMapper STRICT = YAMLMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    static List<Path> files() throws IOException {
        try (Stream<Path> docs = Files.walk(Path.of("docs"));
                Stream<Path> examples = Files.walk(Path.of("examples"))) {
            return Stream.of(Stream.of(Path.of("README.md")), docs, examples)
                    .flatMap(each -> each)
                    .filter(path ->
                            path.toString().endsWith(".md") || path.toString().endsWith(".yaml"))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void resourcesHaveOnlyFieldsThatExist(Path file) throws IOException {
        String text = Files.readString(file);
        List<String> documents = file.toString().endsWith(".yaml")
                ? List.of(text)
                : BLOCK.matcher(text).results().map(found -> found.group(1)).toList();
        for (String document : documents) {
            try (MappingIterator<JsonNode> resources =
                    STRICT.readerFor(JsonNode.class).readValues(document)) {
                while (resources.hasNext()) {
                    check(resources.next());
                }
            }
        }
    }

    private static void check(JsonNode resource) throws IOException {
        JsonNode spec = resource.path("spec");
        switch (resource.path("kind").asText()) {
            case "ImageBuild" -> {
                assertThat(resource.path("apiVersion").asText()).isEqualTo("strata.dev/v1alpha1");
                assertThat(STRICT.treeToValue(spec, ImageBuildSpec.class).output())
                        .isNotNull();
            }
            case "BuildClass" ->
                assertThat(STRICT.treeToValue(spec, BuildClassSpec.class)).isNotNull();
            default -> assertThat(resource).isNotNull(); // another API's, or a part of one
        }
    }
}
