package dev.strata;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The Helm chart gives what manifests/ gives by kustomize. scripts/test.sh puts helm and kubectl on the PATH. */
@Tag("cluster")
class ChartRenderingTest {
    private static final YAMLMapper YAML = new YAMLMapper();
    private static final ObjectMapper SORTED =
            new ObjectMapper().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);

    /** What the chart says besides, so that Helm knows its own. */
    private static final List<String> HELMS_LABELS =
            List.of("helm.sh/chart", "app.kubernetes.io/managed-by", "app.kubernetes.io/instance");

    @Test
    void withoutAnyValueTheChartGivesTheManifests() throws IOException {
        assertSame(chart(), manifests("manifests"));
    }

    @Test
    void forOneNamespaceTheChartGivesTheNamespacedManifests() throws IOException {
        assertSame(chart("--set", "watchNamespace=builds"), manifests("manifests/namespaced"));
    }

    @Test
    void valuesReachTheirPlaces() throws IOException {
        SortedMap<String, JsonNode> objects = chart(
                "--set",
                "image.repository=registry.example/strata,image.tag=sha256:12,builder.image=b:1,replicas=1",
                "--set",
                "defaultClass.timeout=30m,networkPolicy=false,admissionPolicy=false");

        JsonNode container = object(objects, "Deployment strata").at("/spec/template/spec/containers/0");
        assertThat(container.path("image").asText()).isEqualTo("registry.example/strata@sha256:12");
        assertThat(container.path("args").toString()).contains("--builder-image=b:1");
        assertThat(object(objects, "BuildClass default").at("/spec/timeout").asText())
                .isEqualTo("30m");
        assertThat(objects.keySet())
                .noneMatch(name -> name.startsWith("NetworkPolicy")
                        || name.startsWith("ValidatingAdmissionPolicy")
                        || name.startsWith("PodDisruptionBudget"));
    }

    @Test
    void aValueThatCannotBeIsRefusedByTheSchema() throws IOException {
        assertThat(refused("replicas=none")).contains("replicas");
        assertThat(refused("image.pullPolicy=Sometimes")).contains("pullPolicy");
        assertThat(refused("replicsa=2")).contains("replicsa");
    }

    private static void assertSame(SortedMap<String, JsonNode> given, SortedMap<String, JsonNode> wanted) {
        assertThat(given.keySet()).isEqualTo(wanted.keySet());
        wanted.forEach(
                (name, object) -> assertThat(text(object(given, name))).as(name).isEqualTo(text(object)));
    }

    /** One order, whatever wrote it. */
    private static String text(JsonNode object) {
        try {
            return SORTED.writerWithDefaultPrettyPrinter().writeValueAsString(SORTED.treeToValue(object, Object.class));
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    private static JsonNode object(SortedMap<String, JsonNode> objects, String name) {
        assertThat(objects).containsKey(name);
        return Objects.requireNonNull(objects.get(name));
    }

    private static String[] template(String... arguments) {
        return Stream.concat(
                        Stream.of("helm", "template", "strata", "charts/strata", "--namespace", "strata-system"),
                        Stream.concat(Stream.of("--kube-version", "1.33.0", "--skip-tests"), Stream.of(arguments)))
                .toArray(String[]::new);
    }

    private static SortedMap<String, JsonNode> chart(String... arguments) throws IOException {
        SortedMap<String, JsonNode> objects = objects(run(0, template(arguments)));
        objects.values().forEach(ChartRenderingTest::withoutHelmsLabels);
        return objects;
    }

    private static String refused(String value) throws IOException {
        return run(1, template("--set", value));
    }

    private static SortedMap<String, JsonNode> manifests(String folder) throws IOException {
        SortedMap<String, JsonNode> objects = objects(run(0, "kubectl", "kustomize", folder));
        // helm's --create-namespace makes the one; of the others the chart has the very files, see ChartTest
        objects.keySet()
                .removeIf(name -> name.startsWith("Namespace ") || name.startsWith("CustomResourceDefinition "));
        return objects;
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
        node.forEach(ChartRenderingTest::withoutHelmsLabels);
    }

    private static String run(int expected, String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.onExit().join().exitValue()).as(output).isEqualTo(expected);
        return output;
    }
}
