package dev.strata.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.strata.api.Condition;
import dev.strata.api.Reason;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a class does not allow: refused by the API server where the policy sees it, by the operator where not. */
@Tag("cluster")
class AdmissionTest {
    private static final YAMLMapper YAML = new YAMLMapper();
    private static final String PROBE = "timeout: 1000h\noutput: {image: shop}\ndockerfile: {inline: FROM scratch}";
    private static final Path TABLE = Path.of("src/test/resources/class-rules.yaml");

    /** A class that is new is known to the admission plug-in a moment later; the probe breaks a rule of each. */
    private static void awaitPolicy(Workspace workspace, String className) {
        await().until(() -> refusal(workspace, className, PROBE).contains("class \"" + className + "\""));
    }

    private static String refusal(Workspace workspace, String className, String spec) {
        KubernetesClientException refused = catchThrowableOfType(
                KubernetesClientException.class, () -> workspace.dryRun("""
                        apiVersion: strata.dev/v1alpha1
                        kind: ImageBuild
                        metadata: {name: shop}
                        spec:
                          className: %s
                        %s""".formatted(className, spec.indent(2))));
        return refused == null
                ? ""
                : Objects.requireNonNull(refused.getStatus()).getMessage();
    }

    @Test
    void the_policy_refuses_what_the_operator_refuses_in_the_same_words() throws IOException {
        try (Workspace workspace = Workspace.open("baseline")) {
            List<String> wrong = new ArrayList<>();
            String table = Files.readString(TABLE).replace("team-a", workspace.name);
            int number = 0;
            for (JsonNode row : YAML.readTree(table)) {
                String className = workspace.name + "-" + ++number;
                try (var _ = workspace.buildClass(className, marked(row.path("class")))) {
                    awaitPolicy(workspace, className);
                    // Admission says the first thing, the operator all of them.
                    String expected = row.path("refused")
                            .asText("")
                            .split("; ", 2)[0]
                            .replace("class \"strict\"", "class \"" + className + "\"");
                    String given = refusal(workspace, className, spec(row.path("spec")));
                    if (expected.isEmpty() ? !given.isEmpty() : !given.endsWith(expected)) {
                        wrong.add(row.path("name").asText() + ": " + given + "\n  instead of: " + expected);
                    }
                }
            }
            assertThat(wrong).isEmpty();
        }
    }

    /** With a maximal timeout in any case, which the probe breaks. */
    private static String marked(JsonNode settings) throws IOException {
        ObjectNode marked = settings.deepCopy();
        ObjectNode maximum = marked.has("maximum") ? (ObjectNode) marked.get("maximum") : marked.putObject("maximum");
        if (!maximum.has("timeout")) {
            maximum.put("timeout", "900h");
        }
        return YAML.writeValueAsString(marked).replaceFirst("^---\n", "");
    }

    private static String spec(JsonNode spec) throws IOException {
        ObjectNode adapted = spec.deepCopy();
        if (!adapted.has("source") && !adapted.has("dockerfile")) { // admission asks the schema first
            adapted.putObject("dockerfile").put("inline", "FROM scratch");
        }
        return YAML.writeValueAsString(adapted).replaceFirst("^---\n", "");
    }

    @Test
    void a_build_that_is_older_than_the_rule_is_stalled_and_its_labels_stay_free() {
        try (Workspace workspace = Workspace.open("baseline")) {
            Workspace.Build build = workspace.inline("old", "FROM scratch\nLABEL a=b", "timeout: 30m");
            build.ready();

            workspace.rules("maximum: {timeout: 10m}");

            Condition stalled = build.reason(Reason.INVALID_SPEC);
            assertThat(stalled.message())
                    .isEqualTo("spec.timeout: 30m is more than the class \"" + workspace.name + "\" allows: 10m");
            assertThat(build.status().image()).as("the image stays").isNotNull();
            assertThatCode(() -> build.resource()
                            .patch(
                                    PatchContext.of(PatchType.JSON_MERGE),
                                    "{\"metadata\":{\"labels\":{\"team\":\"a\"}}}"))
                    .doesNotThrowAnyException();
        }
    }
}
