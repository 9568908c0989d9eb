package dev.strata.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.strata.TraceReceiver;
import dev.strata.TraceReceiver.Span;
import dev.strata.api.Condition;
import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import dev.strata.api.Reason;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Installing, replacing and losing the operator. Alone, because every other test needs it where it is. */
@Tag("cluster")
@Isolated
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class InstallTest {
    private static final String LEASE = "strata-operator";

    @TempDir
    Path folder;

    private static String holder(KubernetesClient client, String namespace) {
        Lease lease = client.leases().inNamespace(namespace).withName(LEASE).get();
        return lease == null || lease.getSpec().getHolderIdentity() == null
                ? ""
                : lease.getSpec().getHolderIdentity();
    }

    /** A replica that lives and leads; another test may have killed the last one a moment ago. */
    private static String leader(KubernetesClient client) {
        return await().until(
                        () -> operators(client, TestCluster.OPERATOR_NAMESPACE).stream()
                                .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
                                .map(pod -> pod.getMetadata().getName())
                                .filter(holder(client, TestCluster.OPERATOR_NAMESPACE)::equals)
                                .findFirst(),
                        Optional::isPresent)
                .orElseThrow();
    }

    /** What ends when the gate is opened, however long the operators take. */
    private static String waits(Gate gate) {
        return "FROM debian:bookworm\n" + gate.instruction() + "LABEL a=b";
    }

    @Test
    void when_the_leader_dies_the_other_replica_goes_on_and_nothing_is_lost() {
        try (Workspace workspace = Workspace.open("baseline");
                Gate gate = Gate.at(workspace.cluster)) {
            KubernetesClient client = workspace.client();
            Workspace.Build running = workspace.inline("running", waits(gate));
            running.reason(Reason.BUILDING);
            await().until(() -> gate.waiting() == 1);
            String leader = leader(client);
            ChaosTest.kill(client, leader);

            await().until(() -> !List.of("", leader).contains(holder(client, TestCluster.OPERATOR_NAMESPACE)));
            Workspace.Build next = workspace.inline("next", "FROM scratch\nLABEL a=b");
            next.await("a condition", build -> Workspace.has(build, Condition.Type.READY));

            gate.open();
            assertThat(running.ready().attempts())
                    .as("the builder went on by itself")
                    .hasSize(1);
            next.ready();
        }
    }

    /** Nobody waits for the lease's end: it is given away, which is written into it. */
    @Test
    void a_leader_that_is_asked_to_end_gives_its_lease_to_the_other_replica() {
        KubernetesClient client = TestCluster.connect().client;
        String leader = leader(client);
        List<String> holders = new CopyOnWriteArrayList<>();
        try (SharedIndexInformer<Lease> watch = client.leases()
                .inNamespace(TestCluster.OPERATOR_NAMESPACE)
                .withName(LEASE)
                .inform(new Holders(holders))) {
            await().until(() -> holders.contains(leader));
            client.pods()
                    .inNamespace(TestCluster.OPERATOR_NAMESPACE)
                    .withName(leader)
                    .delete();

            await().until(() -> !List.of("", leader).contains(holders.getLast()));
            assertThat(holders.stream().filter(holder -> !holder.equals(leader)).findFirst())
                    .as("who held the lease after %s, which renewed it as long as it worked: %s", leader, holders)
                    .contains("");
            assertThat(watch.isRunning()).isTrue();
        }
    }

    /** Who holds the lease, each time that it is written. */
    private record Holders(List<String> seen) implements ResourceEventHandler<Lease> {
        @Override
        public void onAdd(Lease lease) {
            seen.add(Objects.requireNonNullElse(lease.getSpec().getHolderIdentity(), ""));
        }

        @Override
        public void onUpdate(Lease before, Lease lease) {
            onAdd(lease);
        }

        @Override
        public void onDelete(Lease lease, boolean unknown) {}
    }

    @Test
    void a_leader_that_has_lost_its_lease_ends_so_that_two_never_lead() {
        KubernetesClient client = TestCluster.connect().client;
        String leader = leader(client);
        ContainerStatus before = container(client, leader);

        ChaosTest.stealLease(client);

        await().until(
                        () -> container(client, leader),
                        now -> now.getState().getRunning() == null || now.getRestartCount() > before.getRestartCount());
    }

    private static ContainerStatus container(KubernetesClient client, String operator) {
        return client.pods()
                .inNamespace(TestCluster.OPERATOR_NAMESPACE)
                .withName(operator)
                .require()
                .getStatus()
                .getContainerStatuses()
                .getFirst();
    }

    /** The chart in the mode for one namespace, with exactly the rights that it lists, and nobody else at work. */
    @Test
    void the_chart_installs_tests_upgrades_and_goes_again_while_a_build_runs() throws Exception {
        try (Workspace workspace = Workspace.open("baseline");
                Gate gate = Gate.at(workspace.cluster);
                TraceReceiver receiver = new TraceReceiver(workspace.cluster.address)) {
            KubernetesClient client = workspace.client();
            String namespace = workspace.name + "-operator";
            var deployment = client.apps()
                    .deployments()
                    .inNamespace(TestCluster.OPERATOR_NAMESPACE)
                    .withName("strata");
            String image = TestCluster.operatorImage(client);
            int replicas = deployment.get().getSpec().getReplicas();
            deployment.scale(0);
            try {
                await().until(() ->
                        operators(client, TestCluster.OPERATOR_NAMESPACE).isEmpty());
                String values = "image.repository=" + image.substring(0, image.lastIndexOf(':'))
                        + ",image.tag=" + image.substring(image.lastIndexOf(':') + 1)
                        + ",watchNamespace=" + workspace.name + ",admissionPolicy=false";
                helm("install", namespace, "charts/strata", "--create-namespace", "--skip-crds", "--set", values);
                helm("test", namespace);

                Workspace.Build build = workspace.inline("slow", waits(gate));
                build.reason(Reason.BUILDING);
                await().until(() -> gate.waiting() == 1);
                helm(
                        "upgrade",
                        namespace,
                        "charts/strata",
                        "--set",
                        values + ",log.format=json,tracing.endpoint=" + receiver.endpoint());
                // Those of before end a moment later; the last one to be there sees the build end.
                await().until(() -> operators(client, namespace).stream()
                        .allMatch(pod -> pod.getMetadata().getDeletionTimestamp() == null));

                gate.open();
                ImageBuildStatus status = build.ready();
                assertThat(status.attempts()).as("an upgrade disturbs no build").hasSize(1);
                assertThat(logs(client, namespace))
                        .doesNotContain("forbidden")
                        .contains("\"build\":\"" + workspace.name);
                settled(workspace, build, waits(gate));
                tellsTheWholeWay(trace(workspace, namespace, receiver));
                assertThat(logs(client, namespace)).contains("the last attempt took ");
                helm("uninstall", namespace);
                assertThat(build.get()).as("what is built stays").isNotNull();
                build.resource().delete();
                await().untilAsserted(() -> assertThat(build.resource().get())
                        .as("it can be deleted though the operator is gone")
                        .isNull());
            } finally {
                deployment.scale(replicas);
                client.namespaces().withName(namespace).delete();
            }
        }
    }

    /** Applied again by a GitOps tool: nobody writes, nobody disagrees. */
    private static void settled(Workspace workspace, Workspace.Build build, String dockerfile) {
        ImageBuild before = build.get();
        workspace.inline("slow", dockerfile);
        assertThat(build.get().getMetadata().getResourceVersion())
                .isEqualTo(before.getMetadata().getResourceVersion());
        assertThat(before.getMetadata().getManagedFields())
                .filteredOn(
                        field -> field.getFieldsV1().getAdditionalProperties().containsKey("f:status"))
                .as("whoever writes the status writes nothing else")
                .isNotEmpty()
                .allSatisfy(field -> assertThat(field.getFieldsV1().getAdditionalProperties())
                        .containsOnlyKeys("f:status"));
    }

    /** The trace of a build during which no operator ended: one that was replaced did not see all of it. */
    private static List<Span> trace(Workspace workspace, String operators, TraceReceiver receiver) {
        for (int number = 1; ; number++) {
            List<String> processes = processes(workspace.client(), operators);
            String name = "traced-" + number;
            workspace
                    .inline(name, "FROM debian:bookworm\nRUN echo made >/made\nRUN echo more >>/made\n")
                    .ready();
            List<Span> spans = receiver.await("build " + workspace.name + "/" + name);
            if (processes.equals(processes(workspace.client(), operators))) {
                return spans;
            }
        }
    }

    private static List<String> processes(KubernetesClient client, String namespace) {
        return operators(client, namespace).stream()
                .map(pod -> pod.getMetadata().getName() + " "
                        + pod.getStatus().getContainerStatuses().getFirst().getRestartCount())
                .toList();
    }

    /** The whole way is in it, from the write to Ready, each part where it belongs and none of it twice. */
    private static void tellsTheWholeWay(List<Span> spans) {
        String tree = TraceReceiver.tree(spans);
        Span build = spans.getFirst();
        List<Span> ofBuild = inOrder(spans, build);
        assertThat(ofBuild)
                .as(tree)
                .extracting(Span::name)
                .containsExactly("operator", "attempt 1 linux/amd64", "status");
        List<Span> ofAttempt = inOrder(spans, ofBuild.get(1)).stream()
                .filter(span -> !span.name().startsWith("FROM ")) // takes no part of the time for itself
                .toList();
        assertThat(ofAttempt)
                .as(tree)
                .extracting(Span::name)
                .containsExactly(
                        "scheduling", "pod", "java", "context", "plan", "look-up", "steps", "push", "remember");
        Span steps = ofAttempt.get(6);
        assertThat(TraceReceiver.below(spans, steps.id()))
                .as(tree)
                .extracting(Span::name)
                .containsExactly("RUN echo made >/made", "RUN echo more >>/made");
        List<Span> decided = inOrder(spans, ofBuild.getFirst());
        assertThat(decided).as(tree).extracting(Span::name).containsExactly("decision", "api");
        List<Span> recorded = inOrder(spans, ofBuild.getLast());
        assertThat(recorded).as(tree).extracting(Span::name).containsExactly("log", "api");
        followEachOther(ofBuild.getFirst(), decided, tree);
        followEachOther(ofBuild.getLast(), recorded, tree);
        followEachOther(build, ofBuild, tree);
        followEachOther(ofBuild.get(1), ofAttempt, tree);
        for (Span step : TraceReceiver.below(spans, steps.id())) {
            assertThat(step.start()).as(tree).isBetween(steps.start(), steps.end());
            assertThat(step.end()).as(tree).isBetween(step.start(), steps.end());
        }
        assertThat(ofAttempt.get(2).time()).as("Java does not start by itself").isPositive();
    }

    private static List<Span> inOrder(List<Span> spans, Span parent) {
        return TraceReceiver.below(spans, parent.id()).stream()
                .sorted(Comparator.comparing(Span::start).thenComparing(Span::end))
                .toList();
    }

    private static void followEachOther(Span whole, List<Span> parts, String tree) {
        Instant at = whole.start();
        for (Span part : parts) {
            assertThat(part.start()).as("%s\n%s", part.name(), tree).isEqualTo(at);
            at = part.end();
        }
        assertThat(at).as(tree).isEqualTo(whole.end());
    }

    private static List<Pod> operators(KubernetesClient client, String namespace) {
        return client.pods()
                .inNamespace(namespace)
                .withLabels(Map.of("app.kubernetes.io/name", "strata"))
                .list()
                .getItems();
    }

    private static String logs(KubernetesClient client, String namespace) {
        StringBuilder logs = new StringBuilder();
        for (Pod pod : operators(client, namespace)) {
            logs.append(client.pods()
                    .inNamespace(namespace)
                    .withName(pod.getMetadata().getName())
                    .getLog());
        }
        return logs.toString();
    }

    private void helm(String verb, String release, String... further) throws Exception {
        List<String> command = new java.util.ArrayList<>(List.of("helm", verb, release));
        command.addAll(List.of(further));
        command.addAll(List.of("--namespace", release));
        if (!verb.equals("test")) {
            command.add("--wait");
        }
        command.addAll(List.of("--timeout", "300s"));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s\n%s", output, story(release)).isZero();
    }

    /** Why the operator of a release does not come up. */
    private static String story(String namespace) throws Exception {
        Process process = new ProcessBuilder(
                        "bash",
                        "-c",
                        "kubectl -n \"$0\" get events | tail -20; kubectl -n \"$0\" logs -l app.kubernetes.io/name=strata --tail=15",
                        namespace)
                .redirectErrorStream(true)
                .start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void the_digest_goes_into_a_deployment_by_kustomize() throws IOException, InterruptedException {
        try (Workspace workspace = Workspace.open("baseline")) {
            workspace.build(
                    "shop",
                    "dockerfile: {inline: \"FROM scratch\\nLABEL a=b\"}\noutput: {image: \"" + workspace.repository()
                            + "\", configMap: shop-image}");
            String image =
                    Objects.requireNonNull(workspace.existing("shop").ready().image());
            await().until(() -> workspace
                            .client()
                            .configMaps()
                            .inNamespace(workspace.name)
                            .withName("shop-image")
                            .get()
                    != null);

            String script = """
                    cp -r examples/digest/kustomize/. "$0"
                    kubectl -n "$1" get configmap shop-image -o yaml | grep -v namespace: > "$0/image.yaml"
                    kubectl kustomize "$0"
                    echo "jsonpath: $(kubectl -n "$1" get imgb shop -o jsonpath='{.status.image}')"
                    """;
            Process process = new ProcessBuilder("bash", "-euc", script, folder.toString(), workspace.name)
                    .redirectErrorStream(true)
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

            assertThat(process.waitFor()).as(output).isZero();
            assertThat(output).contains("- image: " + image).contains("jsonpath: " + image);
        }
    }
}
