package dev.strata.e2e;

import dev.strata.api.BuildClass;
import dev.strata.api.Condition;
import dev.strata.api.ImageBuild;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One operator, a real API server, nodes that run nothing: many builds that rest and many that run at once. {@code make
 * bench-scale} runs it; it prints a line for each figure. Arguments: builds, how many of them run, changes a second, the
 * node's address, the certificate for it, the operator's command.
 */
final class ScaleBenchmark {
    private static final String NAMESPACE = "strata-scale";
    private static final int NODES = 4;
    private static final int WRITERS = 16;
    private static final int PORT = 18_080;
    private static final Duration PATIENCE = Duration.ofMinutes(6);

    private final KubernetesClient client = new KubernetesClientBuilder().build();
    private final int builds;
    private final int running;
    private final int perSecond;
    private final List<String> command;
    /** When a build's pod was seen first, in nanoseconds, and how many pods it has had. */
    private final Map<String, Long> podSeen = new ConcurrentHashMap<>();

    private final Map<String, AtomicInteger> podsMade = new ConcurrentHashMap<>();
    private volatile double longestQueue;

    private ScaleBenchmark(int builds, int running, int perSecond, List<String> command) {
        this.builds = builds;
        this.running = running;
        this.perSecond = perSecond;
        this.command = command;
    }

    public static void main(String[] arguments) throws Exception {
        ScaleBenchmark benchmark = new ScaleBenchmark(
                Integer.parseInt(arguments[0]),
                Integer.parseInt(arguments[1]),
                Integer.parseInt(arguments[2]),
                List.of(arguments).subList(5, arguments.length));
        benchmark.run(arguments[3], Path.of(arguments[4]));
        System.exit(0); // clients keep threads
    }

    private void run(String address, Path certificate) throws Exception {
        say("%d builds, %d of them running, %d changes a second", builds, running, perSecond);
        cleanUp();
        Process operator = null;
        try {
            prepare();
            try (FakeKubelet kubelet = new FakeKubelet(client, NAMESPACE, address, certificate, NODES);
                    var pods = client.pods().inNamespace(NAMESPACE).inform(counting())) {
                operator = operator("first start, every status new");
                change();
                say("memory with %d running: %d MiB at most", running, peak(operator));
                operator.destroyForcibly().waitFor();
                operator = operator("start again");
                kubelet.release();
                end();
                say("memory at the end: %d MiB at most", peak(operator));
                say("longest queue of reconciliations: %.0f", longestQueue);
                say(
                        "builds with more than one pod: %d",
                        podsMade.values().stream()
                                .filter(made -> made.get() != 1)
                                .count());
                assertTrue(pods.isRunning(), "the watch on pods broke");
            }
        } finally {
            if (operator != null) {
                operator.destroyForcibly().waitFor();
            }
            cleanUp();
        }
    }

    private ResourceEventHandler<Pod> counting() {
        return new ResourceEventHandler<>() {
            @Override
            public void onAdd(Pod pod) {
                String build = pod.getMetadata().getLabels().get("strata.dev/build");
                podSeen.putIfAbsent(build, System.nanoTime());
                podsMade.computeIfAbsent(build, none -> new AtomicInteger()).incrementAndGet();
            }

            @Override
            public void onUpdate(Pod before, Pod pod) {}

            @Override
            public void onDelete(Pod pod, boolean unknown) {}
        };
    }

    private void prepare() throws InterruptedException {
        client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(NAMESPACE)
                        .endMetadata()
                        .build())
                .create();
        client.resource(Serialization.unmarshal(
                        """
                        apiVersion: strata.dev/v1alpha1
                        kind: BuildClass
                        metadata: {name: %s}
                        spec:
                          isolation: userNamespace
                          pod:
                            nodeSelector: {%s: "true"}
                            tolerations: [{key: %s, operator: Exists}]
                        """.formatted(NAMESPACE, FakeKubelet.LABEL, FakeKubelet.LABEL), BuildClass.class))
                .create();
        await(
                "the service account",
                () -> client.serviceAccounts()
                                .inNamespace(NAMESPACE)
                                .withName("default")
                                .get()
                        != null);
        long from = System.nanoTime();
        Semaphore writers = new Semaphore(WRITERS);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            IntStream.range(0, builds)
                    .forEach(number -> threads.execute(() -> {
                        writers.acquireUninterruptibly();
                        try {
                            client.resource(build(number)).create();
                        } finally {
                            writers.release();
                        }
                    }));
        }
        say("%d resources made in %.1f s", builds, seconds(from));
    }

    private static String name(int number) {
        return "build-" + number;
    }

    private static ImageBuild build(int number) {
        return Serialization.unmarshal(
                """
                apiVersion: strata.dev/v1alpha1
                kind: ImageBuild
                metadata: {name: %s, namespace: %s}
                spec:
                  className: %s
                  suspend: true
                  dockerfile: {inline: "FROM debian:12\\nRUN make %d"}
                  output: {image: registry.example/scale/%d}
                """.formatted(name(number), NAMESPACE, NAMESPACE, number, number), ImageBuild.class);
    }

    /** Starts an operator, in a JVM that believes in a memory of 512 MiB, and waits until it rests. */
    private Process operator(String what) throws IOException, InterruptedException {
        long from = System.nanoTime();
        Process operator = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(Path.of("target/scale-operator.log").toFile())
                .start();
        await("the operator", () -> scrape().isPresent());
        say("%s: ready after %.1f s", what, seconds(from));
        await("every status", () -> statuses() == builds && queue() == 0);
        say("%s: all looked at after %.1f s", what, seconds(from));
        return operator;
    }

    private long statuses() {
        return client.resources(ImageBuild.class).inNamespace(NAMESPACE).list().getItems().stream()
                .filter(build -> build.getStatus() != null)
                .count();
    }

    private void change() throws InterruptedException {
        Map<String, Double> before = requests();
        Map<Integer, Long> changed = new ConcurrentHashMap<>();
        long from = System.nanoTime();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < running; i++) {
                int number = i;
                long due = from + TimeUnit.SECONDS.toNanos(number) / perSecond;
                TimeUnit.NANOSECONDS.sleep(Math.max(0, due - System.nanoTime()));
                threads.execute(() -> {
                    changed.put(number, System.nanoTime());
                    client.resources(ImageBuild.class)
                            .inNamespace(NAMESPACE)
                            .withName(name(number))
                            .patch(PatchContext.of(PatchType.JSON_MERGE), "{\"spec\":{\"suspend\":false}}");
                });
                if (number % perSecond == 0) {
                    queue();
                }
            }
        }
        say("%d changed in %.1f s", running, seconds(from));
        await("every pod", () -> podSeen.size() == running);
        List<Double> latencies = new ArrayList<>();
        changed.forEach((number, at) -> latencies.add((Objects.requireNonNull(podSeen.get(name(number))) - at) / 1e6));
        latencies.sort(Double::compare);
        say(
                "from change to pod: median %.0f ms, 99th percentile %.0f ms, longest %.0f ms",
                latencies.get(running / 2), latencies.get(running * 99 / 100), latencies.getLast());
        await("all running", () -> count("Building") == running);
        await("an empty queue", () -> queue() == 0);
        Map<String, Double> after = requests();
        StringBuilder each = new StringBuilder();
        double sum = 0;
        for (Map.Entry<String, Double> entry : after.entrySet()) {
            double perBuild = (entry.getValue() - before.getOrDefault(entry.getKey(), 0.0)) / running;
            sum += perBuild;
            each.append(" %s %.2f,".formatted(entry.getKey(), perBuild));
        }
        say("requests of the operator from change to running, for each build: %.1f:%s", sum, each);
    }

    /** What nobody but the operator asks for in this benchmark; the API server's own counts. */
    private Map<String, Double> requests() {
        Map<String, Double> counts = new java.util.TreeMap<>();
        String metrics = client.raw("/metrics");
        for (String line : metrics.split("\n")) {
            if (line.startsWith("apiserver_request_total{")) {
                String what = label(line, "verb") + " " + label(line, "resource")
                        + (label(line, "subresource").isEmpty() ? "" : "/" + label(line, "subresource"));
                if (List.of(
                                "POST pods",
                                "GET pods",
                                "CONNECT pods/log",
                                "POST configmaps",
                                "GET configmaps",
                                "DELETE configmaps",
                                "APPLY imagebuilds/status",
                                "GET serviceaccounts",
                                "GET secrets")
                        .contains(what)) {
                    counts.merge(what, Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)), Double::sum);
                }
            }
        }
        return counts;
    }

    private static String label(String line, String name) {
        int from = line.indexOf(name + "=\"");
        return from < 0 ? "" : line.substring(from + name.length() + 2, line.indexOf('"', from + name.length() + 2));
    }

    private void end() throws InterruptedException {
        long from = System.nanoTime();
        await("every image", () -> count("Succeeded") == running);
        say("%d ended and recorded in %.1f s", running, seconds(from));
    }

    private long count(String reason) {
        return client.resources(ImageBuild.class).inNamespace(NAMESPACE).list().getItems().stream()
                .filter(build -> build.getStatus() != null
                        && build.getStatus().conditions().stream()
                                .anyMatch(condition -> condition.type() == Condition.Type.READY
                                        && condition.reason().word().equals(reason)))
                .count();
    }

    private static java.util.Optional<String> scrape() {
        try (InputStream stream =
                URI.create("http://127.0.0.1:" + PORT + "/metrics").toURL().openStream()) {
            return java.util.Optional.of(new String(stream.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            return java.util.Optional.empty(); // not there yet
        }
    }

    private double queue() {
        double waiting = scrape().stream()
                .flatMap(String::lines)
                .filter(line -> line.startsWith("reconciliations_queue{"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
        longestQueue = Math.max(longestQueue, waiting);
        return waiting;
    }

    private static long peak(Process process) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                .findFirst()
                .orElseThrow();
    }

    private void cleanUp() throws InterruptedException {
        client.resources(BuildClass.class).withName(NAMESPACE).delete();
        if (client.namespaces().withName(NAMESPACE).get() == null) {
            return;
        }
        client.resources(ImageBuild.class).inNamespace(NAMESPACE).delete();
        client.pods().inNamespace(NAMESPACE).withGracePeriod(0).delete();
        client.namespaces().withName(NAMESPACE).delete();
        await(
                "the namespace to go",
                () -> client.namespaces().withName(NAMESPACE).get() == null);
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!holds(condition)) {
            assertTrue(System.nanoTime() < end, "waited in vain for " + what);
            TimeUnit.MILLISECONDS.sleep(200);
        }
    }

    private static boolean holds(BooleanSupplier condition) {
        try {
            return condition.getAsBoolean();
        } catch (KubernetesClientException e) {
            return false; // the API server is busy; asked again
        }
    }

    private static void assertTrue(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }

    private static double seconds(long from) {
        return (System.nanoTime() - from) / 1e9;
    }

    private static void say(String format, @Nullable Object... values) {
        System.out.printf(java.util.Locale.ROOT, "scale: " + format + "%n", values);
    }
}
