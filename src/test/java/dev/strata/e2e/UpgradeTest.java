package dev.strata.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.strata.api.ImageBuildStatus;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * From an earlier version to this one, by either way of installing. The earlier version's definitions, manifests and chart
 * are in {@code src/test/resources/upgrade}, and so are objects as its operator wrote them: its own image cannot be had
 * here, so a pod that prints what its builder printed stands in for the one that ran during the upgrade.
 */
@Tag("cluster")
@Isolated
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class UpgradeTest {
    private static final Path EARLIER = Path.of("src/test/resources/upgrade");
    private static final List<String> SETTLED = List.of("ready", "stalled", "suspended");

    @Test
    void by_the_manifests_nothing_is_lost_and_nothing_built_again() throws Exception {
        try (Workspace workspace = Workspace.open("baseline");
                Gate gate = Gate.at(workspace.cluster)) {
            String image = TestCluster.operatorImage(workspace.client());
            try {
                manifests(EARLIER.resolve("manifests"), image, "replicas: 0");
                nobodyWorks(workspace.client(), TestCluster.OPERATOR_NAMESPACE);
                Map<String, GenericKubernetesResource> before = store(workspace, gate);

                manifests(Path.of("manifests"), image, "replicas: 2");

                nothingIsLost(workspace, gate, before);
            } finally {
                manifests(Path.of("manifests"), image, "replicas: 2");
                shell("kubectl -n " + TestCluster.OPERATOR_NAMESPACE
                        + " rollout status deployment/strata --timeout=300s");
            }
        }
    }

    @Test
    void by_the_chart_nothing_is_lost_and_nothing_built_again() throws Exception {
        try (Workspace workspace = Workspace.open("baseline");
                Gate gate = Gate.at(workspace.cluster)) {
            KubernetesClient client = workspace.client();
            String release = workspace.name + "-operator";
            String image = TestCluster.operatorImage(client);
            String values = "--set image.repository=" + image.substring(0, image.lastIndexOf(':')) + ",image.tag="
                    + image.substring(image.lastIndexOf(':') + 1)
                    + ",replicas=1,admissionPolicy=false,watchNamespace=" + workspace.name;
            shell("kubectl -n " + TestCluster.OPERATOR_NAMESPACE + " scale deployment/strata --replicas=0");
            try {
                nobodyWorks(client, TestCluster.OPERATOR_NAMESPACE);
                definitions(EARLIER.resolve("crds"));
                shell("helm install " + release + " " + EARLIER.resolve("chart") + " --create-namespace --namespace "
                        + release + " " + values + " --set nodeSelector.no-node=has-this");
                Map<String, GenericKubernetesResource> before = store(workspace, gate);

                definitions(Path.of("crds"));
                shell("helm upgrade " + release + " charts/strata --namespace " + release + " " + values
                        + " --wait --timeout=300s");

                nothingIsLost(workspace, gate, before);
            } finally {
                definitions(Path.of("crds"));
                shell("helm uninstall " + release + " --namespace " + release);
                client.namespaces().withName(release).delete();
                shell("kubectl -n " + TestCluster.OPERATOR_NAMESPACE + " scale deployment/strata --replicas=2");
            }
        }
    }

    private static void nobodyWorks(KubernetesClient client, String namespace) {
        await().until(() -> client.pods()
                .inNamespace(namespace)
                .withLabel("app.kubernetes.io/name", "strata")
                .list()
                .getItems()
                .isEmpty());
    }

    private static void manifests(Path folder, String image, String replicas) throws Exception {
        shell("kubectl kustomize " + folder + " | sed 's|image: strata:.*|image: " + image + "|; s|replicas: .*|"
                + replicas + "|' | kubectl apply --server-side --force-conflicts -f -");
    }

    private static void definitions(Path folder) throws Exception {
        shell("kubectl apply --server-side --force-conflicts -k " + folder);
    }

    private static void shell(String command) throws Exception {
        Process process = new ProcessBuilder("bash", "-euo", "pipefail", "-c", command)
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s\n%s", command, output).isZero();
    }

    private static String recorded(String name) throws IOException {
        return Files.readString(EARLIER.resolve("recorded").resolve(name));
    }

    private static Resource<GenericKubernetesResource> build(Workspace workspace, String name) {
        return workspace
                .client()
                .genericKubernetesResources("strata.dev/v1alpha1", "ImageBuild")
                .inNamespace(workspace.name)
                .withName(name);
    }

    /**
     * While definitions change, the API server does not know for a moment to which of them its admission policy looks, and
     * refuses; whoever applies asks again then.
     */
    private static <T> T admitted(Supplier<T> request) {
        return await().until(
                        () -> {
                            try {
                                return request.get();
                            } catch (KubernetesClientException e) {
                                if (String.valueOf(e.getMessage()).contains("failed to configure policy")) {
                                    return null;
                                }
                                throw e;
                            }
                        },
                        Objects::nonNull);
    }

    /** As the earlier version left them: spec and status, and the pod that is at work. */
    private static Map<String, GenericKubernetesResource> store(Workspace workspace, Gate gate) throws IOException {
        Map<String, GenericKubernetesResource> stored = new LinkedHashMap<>();
        workspace.apply(recorded("files.yaml"));
        for (String name : List.of("ready", "stalled", "suspended", "running")) {
            GenericKubernetesResource wanted =
                    Serialization.unmarshal(recorded(name + ".yaml"), GenericKubernetesResource.class);
            wanted.getMetadata().setNamespace(workspace.name);
            Object status = wanted.getAdditionalProperties().get("status");
            GenericKubernetesResource made =
                    admitted(() -> workspace.client().resource(wanted).create());
            made.setAdditionalProperty("status", status);
            stored.put(name, workspace.client().resource(made).updateStatus());
        }
        standIn(
                workspace,
                gate,
                Objects.requireNonNull(stored.get("running")).getMetadata().getUid());
        await().until(() -> gate.waiting() == 1);
        return stored;
    }

    /** Prints what the earlier version's builder printed: up to the command that ran, and the rest when the gate opens. */
    private static void standIn(Workspace workspace, Gate gate, String owner) throws IOException {
        workspace
                .client()
                .configMaps()
                .inNamespace(workspace.name)
                .resource(new ConfigMapBuilder()
                        .withNewMetadata()
                        .withName("log")
                        .endMetadata()
                        .addToData("before", recorded("before.log"))
                        .addToData("after", recorded("after.log"))
                        .build())
                .create();
        Pod recorded = Serialization.unmarshal(recorded("pod.yaml"), Pod.class);
        String command = gate.instruction().strip().replaceFirst("^RUN ", "");
        workspace
                .client()
                .pods()
                .inNamespace(workspace.name)
                .resource(new PodBuilder()
                        .withNewMetadata()
                        .withName(recorded.getMetadata().getName())
                        .withLabels(recorded.getMetadata().getLabels())
                        .withAnnotations(recorded.getMetadata().getAnnotations())
                        .withOwnerReferences(new OwnerReferenceBuilder(recorded.getMetadata()
                                        .getOwnerReferences()
                                        .getFirst())
                                .withUid(owner)
                                .build())
                        .endMetadata()
                        .withNewSpec()
                        .withRestartPolicy("Never")
                        .addNewContainer()
                        .withName("builder")
                        .withImage("debian:bookworm")
                        .withCommand("bash", "-euc", "cat /log/before; " + command + "; cat /log/after")
                        .addNewVolumeMount()
                        .withName("log")
                        .withMountPath("/log")
                        .endVolumeMount()
                        .endContainer()
                        .addNewVolume()
                        .withName("log")
                        .withNewConfigMap()
                        .withName("log")
                        .endConfigMap()
                        .endVolume()
                        .endSpec()
                        .build())
                .create();
    }

    private static void nothingIsLost(Workspace workspace, Gate gate, Map<String, GenericKubernetesResource> before)
            throws IOException {
        admitted(() -> workspace.inline("next", "FROM scratch\nLABEL a=b\n")).ready();
        assertThat(gate.waiting())
                .as("the pod of the earlier version is left alone")
                .isEqualTo(1);
        gate.open();
        ImageBuildStatus status = workspace.existing("running").ready();
        assertThat(status.attempts()).as("it was the only attempt").hasSize(1);
        assertThat(recorded("after.log"))
                .contains("image " + String.valueOf(status.image()).replaceFirst(".*@", "") + " ");

        for (String name : SETTLED) {
            GenericKubernetesResource was = Objects.requireNonNull(before.get(name));
            GenericKubernetesResource is = build(workspace, name).require();
            assertThat(is.getAdditionalProperties().get("spec"))
                    .isEqualTo(was.getAdditionalProperties().get("spec"));
            assertThat(is.getAdditionalProperties().get("status"))
                    .isEqualTo(was.getAdditionalProperties().get("status"));
            assertThat(is.getMetadata().getResourceVersion())
                    .as(name + ": nothing was written")
                    .isEqualTo(was.getMetadata().getResourceVersion());
        }
        assertThat(workspace.pods())
                .as("nothing was built again")
                .extracting(pod -> pod.getMetadata().getLabels().get("strata.dev/build"))
                .containsExactlyInAnyOrder("running", "next");
    }
}
