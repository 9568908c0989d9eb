package dev.strata.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.Attempt;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Many builds, and everything goes wrong meanwhile: the same each time, by a seed. {@code -Dchaos.builds=200} makes it the
 * long run; {@code -Dchaos.seed=} another one.
 */
@Tag("cluster")
@Isolated
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class ChaosTest {
    private static final int BUILDS = Integer.getInteger("chaos.builds", 16);
    private static final long SEED = Long.getLong("chaos.seed", 7);
    private static final Path API_SERVER = Path.of(
            System.getenv().getOrDefault("STRATA_CLUSTER_DATA", "/var/lib/strata-cluster"), "run/kube-apiserver.pid");

    /** MicroTime of the Kubernetes API. */
    private static final DateTimeFormatter MICROSECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSX").withZone(ZoneOffset.UTC);

    private enum Fault {
        OPERATOR_KILLED,
        LEADER_CUT_OFF,
        POD_DELETED,
        POD_EVICTED,
        REGISTRY_DOWN,
        API_SERVER_RESTARTED
    }

    /** Every pod that ever was, by name. */
    private final Map<String, Set<String>> uids = new ConcurrentHashMap<>();

    /** Pods that were taken away here. Whoever is killed before it has noted one of them makes it again. */
    private final Set<String> takenAway = ConcurrentHashMap.newKeySet();

    @Test
    void whatever_fails_meanwhile_every_build_has_its_image_and_nothing_is_left() throws Exception {
        try (Workspace workspace = Workspace.open("baseline");
                RegistryProxy registry = RegistryProxy.start(workspace.cluster);
                SharedIndexInformer<Pod> watch = watch(workspace)) {
            workspace.plainHttp(registry.host());
            List<Workspace.Build> builds = new ArrayList<>();
            for (int i = 0; i < BUILDS; i++) {
                builds.add(build(workspace, registry, i));
            }
            Random random = new Random(SEED);
            for (Fault fault : schedule(random)) {
                apply(fault, workspace, registry, random);
            }
            registry.recover();

            for (int i = 0; i < BUILDS; i++) {
                assertRight(builds.get(i), registry, i);
            }
            assertNoTwins(builds);
            assertNothingLeft(workspace);
            assertThat(watch.isRunning()).isTrue();
            // For half a minute after its start the API server may refuse all builds: it does not know BuildClasses
            // yet.
            await().ignoreExceptions().untilAsserted(() -> build(workspace, registry, 0));
        }
    }

    private static Workspace.Build build(Workspace workspace, RegistryProxy registry, int number) {
        String run = number % 4 == 0 ? "FROM debian:bookworm\nRUN sleep 2\n" : "FROM scratch\n";
        return workspace.build(
                "chaos-" + number,
                "dockerfile:\n  inline: |\n" + (run + "LABEL number=" + number).indent(4) + "output: {image: \""
                        + registry.host() + "/chaos/" + workspace.name + "-" + number + "\"}\nretry: {limit: 15}");
    }

    private SharedIndexInformer<Pod> watch(Workspace workspace) {
        return workspace.client().pods().inNamespace(workspace.name).inform(new ResourceEventHandler<>() {
            @Override
            public void onAdd(Pod pod) {
                uids.computeIfAbsent(pod.getMetadata().getName(), none -> ConcurrentHashMap.newKeySet())
                        .add(pod.getMetadata().getUid());
            }

            @Override
            public void onUpdate(Pod before, Pod pod) {
                onAdd(pod);
            }

            @Override
            public void onDelete(Pod pod, boolean unknown) {}
        });
    }

    /** Each fault once and some of them again, in an order that the seed gives. */
    private static List<Fault> schedule(Random random) {
        List<Fault> faults = new ArrayList<>(List.of(Fault.values()));
        faults.add(Fault.POD_DELETED);
        faults.add(Fault.POD_EVICTED);
        faults.add(Fault.OPERATOR_KILLED);
        java.util.Collections.shuffle(faults, random);
        return faults;
    }

    private void apply(Fault fault, Workspace workspace, RegistryProxy registry, Random random)
            throws IOException, InterruptedException {
        KubernetesClient client = workspace.client();
        switch (fault) {
            case OPERATOR_KILLED ->
                client.pods()
                        .inNamespace(TestCluster.OPERATOR_NAMESPACE)
                        .withLabel("app.kubernetes.io/name", "strata")
                        .list()
                        .getItems()
                        .forEach(pod -> kill(client, pod.getMetadata().getName()));
            case LEADER_CUT_OFF -> stealLease(client);
            case POD_DELETED ->
                victim(workspace, random).ifPresent(pod -> client.resource(pod).delete());
            case POD_EVICTED -> victim(workspace, random).ifPresent(pod -> evict(workspace, pod));
            case REGISTRY_DOWN -> {
                int before = registry.requests().size();
                registry.answer(request -> true, 503, "UNAVAILABLE");
                // Down for as long as a few requests, or nobody asks.
                awaitOrGoOn(() -> registry.requests().size() > before + 10);
                registry.recover();
            }
            case API_SERVER_RESTARTED -> restartApiServer(client);
        }
        awaitOrGoOn(() -> progress(workspace));
    }

    private static void evict(Workspace workspace, Pod pod) {
        try {
            workspace
                    .client()
                    .pods()
                    .inNamespace(workspace.name)
                    .withName(pod.getMetadata().getName())
                    .evict();
        } catch (KubernetesClientException e) {
            assertThat(e.getCode()).as("it has gone by itself").isEqualTo(HttpURLConnection.HTTP_NOT_FOUND);
        }
    }

    /**
     * A replica dies and its pod with it. Without a period of grace a pod is still told to end, and a replica needs no more
     * than a moment for that; so its process is killed first, where the cluster is on this machine.
     */
    static void kill(KubernetesClient client, String operator) {
        ProcessHandle.allProcesses().filter(process -> isOf(operator, process)).forEach(ProcessHandle::destroyForcibly);
        client.pods()
                .inNamespace(TestCluster.OPERATOR_NAMESPACE)
                .withName(operator)
                .withGracePeriod(0)
                .delete();
    }

    private static boolean isOf(String operator, ProcessHandle process) {
        try {
            String environment = Files.readString(
                    Path.of("/proc", Long.toString(process.pid()), "environ"), StandardCharsets.ISO_8859_1);
            return List.of(environment.split("\0")).contains("POD_NAME=" + operator);
        } catch (IOException gone) {
            return false; // it has ended since it was listed, or is not ours to look at
        }
    }

    /** Somebody else holds the lease: to the leader it is as if it had been cut off from the cluster for long. */
    static void stealLease(KubernetesClient client) {
        client.leases()
                .inNamespace(TestCluster.OPERATOR_NAMESPACE)
                .withName("strata-operator")
                .patch( // whatever the leader writes meanwhile
                        PatchContext.of(PatchType.JSON_MERGE),
                        "{\"spec\":{\"holderIdentity\":\"nobody\",\"renewTime\":\"%s\"}}"
                                .formatted(MICROSECONDS.format(Instant.now())));
        await().ignoreExceptions().until(() -> {
            Lease lease = client.leases()
                    .inNamespace(TestCluster.OPERATOR_NAMESPACE)
                    .withName("strata-operator")
                    .get();
            return !"nobody".equals(lease.getSpec().getHolderIdentity());
        });
    }

    /** Only where the cluster is the one of cluster/, whose processes are ours. */
    private static void restartApiServer(KubernetesClient client) throws IOException, InterruptedException {
        if (!Files.isReadable(API_SERVER)) {
            return;
        }
        long pid = Long.parseLong(Files.readString(API_SERVER).strip().split(" ")[0]);
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        Process up = new ProcessBuilder("cluster/up.sh")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(up.waitFor()).isZero();
        await().ignoreExceptions().until(() -> !client.nodes().list().getItems().isEmpty());
    }

    private java.util.Optional<Pod> victim(Workspace workspace, Random random) {
        java.util.Optional<Pod> victim = active(workspace, random);
        victim.ifPresent(pod -> takenAway.add(pod.getMetadata().getName()));
        return victim;
    }

    private static java.util.Optional<Pod> active(Workspace workspace, Random random) {
        List<Pod> active = workspace.pods().stream()
                .filter(pod ->
                        Set.of("Pending", "Running").contains(pod.getStatus().getPhase()))
                .toList();
        return active.isEmpty()
                ? java.util.Optional.empty()
                : java.util.Optional.of(active.get(random.nextInt(active.size())));
    }

    /** Faults follow each other with something done between them, and not at once. */
    private static boolean progress(Workspace workspace) {
        return workspace.pods().stream()
                .anyMatch(pod -> "Running".equals(pod.getStatus().getPhase()));
    }

    private static void awaitOrGoOn(java.util.concurrent.Callable<Boolean> condition) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(8);
        await().until(() -> {
            try {
                return condition.call() || System.nanoTime() > end;
            } catch (KubernetesClientException e) {
                return System.nanoTime() > end;
            }
        });
    }

    private static void assertRight(Workspace.Build build, RegistryProxy registry, int number) {
        ImageBuildStatus status = build.ready();
        PushedImage image = PushedImage.of(Objects.requireNonNull(status.image()));
        image.assertWhole();
        assertThat(image.config().config().labels()).containsEntry("number", Integer.toString(number));
        assertThat(PushedImage.of(registry.host() + "/" + image.name().path() + ":latest")
                        .digest())
                .as("what the tag denotes")
                .isEqualTo(image.digest());
    }

    /** An attempt's pod has one name, and of each name there was one pod. */
    private void assertNoTwins(List<Workspace.Build> builds) {
        uids.keySet().removeAll(takenAway);
        assertThat(uids).allSatisfy((name, seen) -> assertThat(seen).as(name).hasSize(1));
        for (Workspace.Build build : builds) {
            assertThat(build.status().attempts()).extracting(Attempt::number).doesNotHaveDuplicates();
        }
    }

    private static void assertNothingLeft(Workspace workspace) {
        await().untilAsserted(() -> {
            assertThat(workspace
                            .client()
                            .configMaps()
                            .inNamespace(workspace.name)
                            .withLabel("app.kubernetes.io/managed-by", "strata")
                            .list()
                            .getItems())
                    .as("plans")
                    .extracting(map -> map.getMetadata().getName())
                    .isSubsetOf(Workspace.CACHES);
            assertThat(workspace.pods())
                    .extracting(pod -> pod.getStatus().getPhase())
                    .doesNotContain("Running", "Pending");
        });
    }
}
