package dev.strata.e2e;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.strata.image.Digest;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * Nodes that run nothing: their pods are said to run, their logs are a builder's, and they end well when all of them are
 * released. To the API server they are kubelets like any other.
 */
final class FakeKubelet implements AutoCloseable {
    static final String LABEL = "strata.dev/fake";
    private static final char[] PASSWORD = "fake".toCharArray();
    private static final int WRITERS = 24;

    private final KubernetesClient client;
    private final String prefix;
    private final int nodes;
    private final HttpsServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final ScheduledExecutorService heart = Executors.newSingleThreadScheduledExecutor();
    private final Semaphore writers = new Semaphore(WRITERS);
    private final CountDownLatch released = new CountDownLatch(1);
    private final Set<String> running = ConcurrentHashMap.newKeySet();
    private final SharedIndexInformer<Pod> pods;

    /**
     * Makes the nodes and begins to serve.
     *
     * @param certificate a PKCS #12 file of the cluster's authority, for {@code address}, with the password "fake"
     */
    FakeKubelet(KubernetesClient client, String namespace, String address, Path certificate, int nodes)
            throws IOException, GeneralSecurityException {
        this.client = client;
        this.prefix = namespace + "-node-";
        this.nodes = nodes;
        server = HttpsServer.create(new InetSocketAddress(address, 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context(certificate)));
        server.setExecutor(threads);
        server.createContext("/containerLogs/", this::log);
        server.start();
        for (int i = 0; i < nodes; i++) {
            node(prefix + i, address);
        }
        beat();
        var _ = heart.scheduleAtFixedRate(this::beat, 10, 10, TimeUnit.SECONDS);
        pods = client.pods().inNamespace(namespace).inform(new ResourceEventHandler<>() {
            @Override
            public void onAdd(Pod pod) {
                seen(pod);
            }

            @Override
            public void onUpdate(Pod before, Pod pod) {
                seen(pod);
            }

            @Override
            public void onDelete(Pod pod, boolean unknown) {
                running.remove(pod.getMetadata().getName());
            }
        });
    }

    private static SSLContext context(Path certificate) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (var stream = Files.newInputStream(certificate)) {
            store.load(stream, PASSWORD);
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }

    private void node(String name, String address) {
        var node = new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .withLabels(Map.of(
                        LABEL,
                        "true",
                        "kubernetes.io/os",
                        "linux",
                        "kubernetes.io/arch",
                        "amd64",
                        "kubernetes.io/hostname",
                        name))
                .endMetadata()
                .withNewSpec()
                .addNewTaint()
                .withKey(LABEL)
                .withEffect("NoSchedule")
                .endTaint()
                .endSpec()
                .build();
        client.resource(node).create();
        Map<String, Quantity> capacity =
                Map.of("cpu", new Quantity("10k"), "memory", new Quantity("10Ti"), "pods", new Quantity("10k"));
        // Without a version: the API server's own controllers write to a new node at the same time.
        client.resource(new NodeBuilder(node)
                        .withNewStatus()
                        .withCapacity(capacity)
                        .withAllocatable(capacity)
                        .addNewAddress(address, "InternalIP")
                        .withNewDaemonEndpoints()
                        .withNewKubeletEndpoint(server.getAddress().getPort())
                        .endDaemonEndpoints()
                        .addNewCondition()
                        .withType("Ready")
                        .withStatus("True")
                        .withReason("KubeletReady")
                        .endCondition()
                        .endStatus()
                        .build())
                .patchStatus();
    }

    private void beat() {
        for (int i = 0; i < nodes; i++) {
            client.resource(new LeaseBuilder()
                            .withNewMetadata()
                            .withName(prefix + i)
                            .withNamespace("kube-node-lease")
                            .endMetadata()
                            .withNewSpec()
                            .withHolderIdentity(prefix + i)
                            .withLeaseDurationSeconds(40)
                            .withRenewTime(Instant.now().atZone(ZoneOffset.UTC))
                            .endSpec()
                            .build())
                    .createOr(existing -> existing.update());
        }
    }

    private void seen(Pod pod) {
        String node = pod.getSpec().getNodeName();
        if (node == null || !node.startsWith(prefix)) {
            return;
        }
        if (pod.getMetadata().getDeletionTimestamp() != null) {
            threads.execute(() -> client.resource(pod).withGracePeriod(0).delete());
        } else if (running.add(pod.getMetadata().getName())
                && !"Succeeded".equals(pod.getStatus().getPhase())) {
            threads.execute(() -> run(pod));
        }
    }

    private void run(Pod pod) {
        try {
            status(pod, "Running", false);
            released.await();
            status(pod, "Succeeded", true);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (KubernetesClientException e) {
            if (e.getCode() != 404) {
                throw e;
            }
        }
    }

    private void status(Pod pod, String phase, boolean ended) throws InterruptedException {
        var status = new PodBuilder(pod)
                .withNewStatus()
                .withPhase(phase)
                .withPodIP("10.0.0.1")
                .withStartTime(now())
                .addNewCondition()
                .withType("Ready")
                .withStatus(ended ? "False" : "True")
                .endCondition()
                .addNewContainerStatus()
                .withName("builder")
                .withImage("strata")
                .withImageID("")
                .withReady(!ended)
                .withRestartCount(0);
        var built = (ended
                        ? status.withNewState()
                                .withNewTerminated()
                                .withExitCode(0)
                                .withReason("Completed")
                                .withFinishedAt(now())
                                .endTerminated()
                                .endState()
                        : status.withNewState()
                                .withNewRunning()
                                .withStartedAt(now())
                                .endRunning()
                                .endState())
                .endContainerStatus()
                .endStatus()
                .build();
        built.getMetadata().setResourceVersion(null);
        writers.acquire();
        try {
            client.resource(built).patchStatus();
        } finally {
            writers.release();
        }
    }

    private static String now() {
        return Instant.now().truncatedTo(java.time.temporal.ChronoUnit.SECONDS).toString();
    }

    /** A builder's log: three steps, the end only after the release. */
    private void log(HttpExchange exchange) throws IOException {
        String pod = exchange.getRequestURI().getPath().split("/")[3];
        try (exchange) {
            exchange.sendResponseHeaders(200, 0);
            OutputStream out = exchange.getResponseBody();
            line(out, "source empty -");
            line(out, "plan linux/amd64 2 steps 0 skipped");
            line(out, "#1 [0 1/2 :1] FROM debian:12");
            line(out, "#2 [0 2/2 :2] RUN make");
            line(out, "#1 CACHED");
            line(out, "#2 STARTED");
            released.await();
            line(out, "#2 DONE 1.0s");
            line(
                    out,
                    "image " + Digest.sha256(pod.getBytes(StandardCharsets.UTF_8)) + " registry.example/scale:latest");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void line(OutputStream out, String text) throws IOException {
        out.write((Instant.now() + " " + text + "\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    /** Lets all builders end, and those that come later at once. */
    void release() {
        released.countDown();
    }

    @Override
    public void close() {
        released.countDown();
        heart.shutdownNow();
        pods.close();
        server.stop(0);
        threads.shutdownNow();
        client.nodes().withLabel(LABEL).delete();
    }
}
