package dev.strata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The Helm chart gives what manifests/ and crds/ give. */
class ChartTest {
    private static final Path CHART = Path.of("charts/strata");
    private static final Pattern VALUE = Pattern.compile("\\.Values\\.([A-Za-z.]+)");
    private static final YAMLMapper YAML = new YAMLMapper();

    /** What the chart says besides, so that Helm knows its own. */
    private static final List<String> HELMS_LABELS =
            List.of("helm.sh/chart", "app.kubernetes.io/managed-by", "app.kubernetes.io/instance");

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
        try (Stream<Path> files = Files.list(CHART.resolve("templates"))) {
            return files.sorted().toList();
        }
    }

    @Test
    void withoutAnyValueTheChartGivesTheManifests() throws IOException {
        assumeTrue(isOnThePath("helm"), "helm is not on the PATH");
        SortedMap<String, JsonNode> wanted = objects(Files.readString(Path.of("manifests/operator.yaml")));
        wanted.keySet().removeIf(name -> name.startsWith("Namespace ")); // helm's --create-namespace makes it
        SortedMap<String, JsonNode> given =
                objects(helm("template", "strata", CHART.toString(), "--namespace", "strata-system"));
        given.values().forEach(ChartTest::withoutHelmsLabels);
        assertThat(given).isEqualTo(wanted);
    }

    @Test
    void valuesReachTheirPlaces() throws IOException {
        assumeTrue(isOnThePath("helm"), "helm is not on the PATH");
        String rendered = helm(
                "template",
                "strata",
                CHART.toString(),
                "--set",
                "image.repository=registry.example/strata",
                "--set",
                "image.tag=sha256:12",
                "--set",
                "watchNamespace=team-a",
                "--set",
                "builder.image=b:1",
                "--set",
                "defaultClass.timeout=30m");
        SortedMap<String, JsonNode> objects = objects(rendered);
        JsonNode container = object(objects, "Deployment strata").at("/spec/template/spec/containers/0");
        assertThat(container.path("image").asText()).isEqualTo("registry.example/strata@sha256:12");
        assertThat(container.path("args").toString())
                .contains("--namespace=team-a")
                .contains("--builder-image=b:1");
        assertThat(object(objects, "ClusterRole strata").path("rules")).hasSize(1);
        assertThat(object(objects, "Role strata-builds")
                        .at("/metadata/namespace")
                        .asText())
                .isEqualTo("team-a");
        assertThat(object(objects, "BuildClass default").at("/spec/timeout").asText())
                .isEqualTo("30m");
    }

    private static JsonNode object(SortedMap<String, JsonNode> objects, String name) {
        assertThat(objects).containsKey(name);
        return Objects.requireNonNull(objects.get(name));
    }

    private static SortedMap<String, JsonNode> objects(String documents) throws IOException {
        SortedMap<String, JsonNode> objects = new TreeMap<>();
        try (MappingIterator<JsonNode> each = YAML.readerFor(JsonNode.class).readValues(documents)) {
            while (each.hasNext()) {
                JsonNode object = each.next();
                if (object.isObject()) {
                    objects.put(
                            object.path("kind").asText() + " "
                                    + object.at("/metadata/name").asText(),
                            object);
                }
            }
        }
        return objects;
    }

    private static void withoutHelmsLabels(JsonNode node) {
        if (node instanceof ObjectNode object) {
            object.remove(HELMS_LABELS);
        }
        node.forEach(ChartTest::withoutHelmsLabels);
    }

    private static boolean isOnThePath(String program) {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    private static String helm(String... arguments) throws IOException {
        List<String> command =
                Stream.concat(Stream.of("helm"), Arrays.stream(arguments)).toList();
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.onExit().join().exitValue()).isZero();
        return output;
    }
}
