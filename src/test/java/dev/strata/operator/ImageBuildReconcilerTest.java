package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.strata.TraceReceiver;
import dev.strata.TraceReceiver.Span;
import dev.strata.api.BuildClass;
import dev.strata.api.Condition;
import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.Attempt;
import dev.strata.api.ImageBuildStatus.Trigger;
import dev.strata.api.Reason;
import dev.strata.image.MediaTypes;
import dev.strata.registry.MemoryRegistry;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The whole operator against an API server in memory; the test is the kubelet. That server knows no server-side apply and
 * no logs, so here outcomes come from termination messages.
 */
@Timeout(300)
class ImageBuildReconcilerTest {
    private static final String DIGEST = Examples.digest('a');
    private static final byte[] CONFIG = "{}".getBytes(java.nio.charset.StandardCharsets.UTF_8);

    private final KubernetesMockServer server = new KubernetesMockServer(
            new Context(), new MockWebServer(), new HashMap<>(), new KubernetesCrudDispatcher(), false);
    /** Half an hour, run quickly. */
    private static final Duration RESYNC = Duration.ofMillis(300);

    private KubernetesClient client;
    private StrataOperator operator;

    @BeforeEach
    void start() throws IOException {
        server.init();
        client = server.createClient();
        apply("""
                apiVersion: v1
                kind: ServiceAccount
                metadata: {name: default, namespace: team-a}
                """);
        operator = startOperator();
    }

    private StrataOperator startOperator() throws IOException {
        return startOperator(RESYNC);
    }

    private StrataOperator startOperator(Duration resync) throws IOException {
        return startOperator(resync, null);
    }

    private StrataOperator startOperator(Duration resync, StrataOperator.@Nullable Tracing tracing) throws IOException {
        StrataOperator started = new StrataOperator(
                client,
                new StrataOperator.Options(
                        new OperatorSettings("strata:1", "IfNotPresent", null, Duration.ofMillis(50)),
                        0,
                        0,
                        false,
                        Duration.ofMillis(5),
                        resync,
                        Duration.ofMillis(100),
                        Duration.ofSeconds(8),
                        null,
                        tracing));
        started.start();
        return started;
    }

    @AfterEach
    void stop() {
        operator.close();
        client.close();
        destroy(server);
    }

    /**
     * That server's only thread stands still for half a minute where a watch is closed while it is told something: each
     * waits for the other. The server gives itself ten seconds to close; it is closed when its thread goes on.
     */
    static void destroy(KubernetesMockServer server) {
        int port = server.getPort();
        try {
            server.destroy();
        } catch (IllegalStateException held) {
            await().until(() -> !listens(port));
        }
    }

    private static boolean listens(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private void apply(String object) {
        client.load(new java.io.ByteArrayInputStream(object.getBytes(java.nio.charset.StandardCharsets.UTF_8)))
                .create();
    }

    private void build(String name, String spec) {
        ImageBuild wanted = Serialization.unmarshal(
                """
                apiVersion: strata.dev/v1alpha1
                kind: ImageBuild
                metadata: {name: %s, namespace: team-a, generation: 1}
                spec:
                  platforms: [linux/amd64]
                """.formatted(name)
                        + (spec.contains("output:") ? "" : "  output: {image: registry.example/shop}\n")
                        + spec.indent(2),
                ImageBuild.class);
        client.resource(wanted).create();
    }

    private static String inline(String dockerfile) {
        return "dockerfile: {inline: \"" + dockerfile + "\"}";
    }

    private void change(String name, String dockerfile) {
        client.resources(ImageBuild.class).inNamespace("team-a").withName(name).edit(build -> {
            ImageBuild changed = Serialization.clone(build);
            changed.setSpec(Serialization.unmarshal(
                    "output: {image: registry.example/shop}\nplatforms: [linux/amd64]\n" + inline(dockerfile),
                    dev.strata.api.ImageBuildSpec.class));
            changed.getMetadata().setGeneration(build.getMetadata().getGeneration() + 1);
            return changed;
        });
    }

    private ImageBuild get(String name) {
        return Objects.requireNonNull(client.resources(ImageBuild.class)
                .inNamespace("team-a")
                .withName(name)
                .get());
    }

    private ImageBuildStatus status(String name) {
        ImageBuildStatus status = get(name).getStatus();
        return status == null ? ImageBuildStatus.NONE : status;
    }

    private List<Pod> pods() {
        return client.pods().inNamespace("team-a").list().getItems();
    }

    private Pod onlyPod() {
        await().untilAsserted(() -> assertThat(pods()).hasSize(1));
        return pods().getFirst();
    }

    private ImageBuildStatus until(String name, Reason reason) {
        await().untilAsserted(() -> assertThat(status(name).conditions())
                .extracting(Condition::reason)
                .contains(reason));
        return status(name);
    }

    private Trigger untilTriggered(String name, Trigger.Cause cause) {
        await().untilAsserted(() -> assertThat(status(name).trigger())
                .isNotNull()
                .extracting(Trigger::reason)
                .isEqualTo(cause));
        return Objects.requireNonNull(status(name).trigger());
    }

    private void run(Pod pod) {
        client.pods()
                .inNamespace("team-a")
                .resource(new PodBuilder(pod)
                        .withNewStatus()
                        .withPhase("Running")
                        .addNewContainerStatus()
                        .withName("builder")
                        .withNewState()
                        .withNewRunning()
                        .endRunning()
                        .endState()
                        .endContainerStatus()
                        .endStatus()
                        .build())
                .updateStatus();
    }

    private void end(Pod pod, int exitCode, String message) {
        client.pods()
                .inNamespace("team-a")
                .resource(new PodBuilder(pod)
                        .withNewStatus()
                        .withPhase(exitCode == 0 ? "Succeeded" : "Failed")
                        .addNewContainerStatus()
                        .withName("builder")
                        .withNewState()
                        .withNewTerminated()
                        .withExitCode(exitCode)
                        .withMessage(message)
                        .withFinishedAt(Attempts.text(java.time.Instant.now()))
                        .endTerminated()
                        .endState()
                        .endContainerStatus()
                        .endStatus()
                        .build())
                .updateStatus();
    }

    private void succeed(Pod pod) {
        end(pod, 0, "{\"type\":\"built\",\"digest\":\"" + DIGEST + "\",\"names\":[\"registry.example/shop:latest\"]}");
    }

    private void fail(Pod pod, String cause) {
        end(pod, 1, "{\"type\":\"failed\",\"failure\":{\"cause\":\"" + cause + "\",\"what\":\"it failed\"}}");
    }

    private double reconciliations() throws IOException {
        return metrics()
                .lines()
                .filter(line -> line.startsWith("reconciliations_success_total{"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    /** Twice an hour for two hours. */
    private void letResyncsPass() throws IOException {
        double before = reconciliations();
        await().untilAsserted(() -> assertThat(reconciliations()).isGreaterThanOrEqualTo(before + 4));
    }

    /** Its pod's log is empty here, so that what a builder tells is missing. */
    @Test
    void aTraceTellsWhatTheOperatorSawOfABuild() throws IOException {
        operator.close();
        try (TraceReceiver receiver = new TraceReceiver("127.0.0.1")) {
            operator = startOperator(RESYNC, new StrataOperator.Tracing(receiver.endpoint(), Map.of(), "strata"));
            build("shop", inline("FROM scratch"));
            Pod pod = onlyPod();
            pod.getSpec().setNodeName("node");
            client.resource(pod).update();
            run(onlyPod());
            succeed(onlyPod());

            List<Span> spans = receiver.await("build team-a/shop");
            assertThat(spans)
                    .extracting(Span::name)
                    .containsExactly(
                            "build team-a/shop",
                            "operator",
                            "decision",
                            "api",
                            "status",
                            "log",
                            "api",
                            "attempt 1 linux/amd64",
                            "scheduling",
                            "pod");
        }
    }

    @Test
    void whatIsSettledIsNotTouchedByAnyResync() throws IOException {
        build("shop", inline("FROM scratch"));
        run(onlyPod());
        succeed(onlyPod());
        until("shop", Reason.SUCCEEDED);
        letResyncsPass(); // what the end itself still calls for is over
        String version = get("shop").getMetadata().getResourceVersion();

        letResyncsPass();

        assertThat(get("shop").getMetadata().getResourceVersion()).isEqualTo(version);
        assertThat(get("shop").getMetadata().getFinalizers()).isEmpty();
        assertThat(pods()).hasSize(1);
    }

    @Test
    void whatIsStalledOrSuspendedIsNotTouchedEither() throws IOException {
        build("stalled", inline("FROM scratch") + "\noutput: {image: \"Not/A Name\"}");
        build("suspended", inline("FROM scratch") + "\nsuspend: true");
        until("stalled", Reason.INVALID_SPEC);
        until("suspended", Reason.SUSPENDED);
        letResyncsPass();
        List<String> versions = List.of(
                get("stalled").getMetadata().getResourceVersion(),
                get("suspended").getMetadata().getResourceVersion());

        letResyncsPass();

        assertThat(List.of(
                        get("stalled").getMetadata().getResourceVersion(),
                        get("suspended").getMetadata().getResourceVersion()))
                .isEqualTo(versions);
    }

    @Test
    void aConfigMapTellsTheDigestAndIsPutRight() {
        build("shop", inline("FROM scratch") + "\noutput: {image: registry.example/shop, configMap: shop-image}");
        run(onlyPod());
        succeed(onlyPod());
        ImageBuildStatus status = until("shop", Reason.SUCCEEDED);

        await().untilAsserted(() -> assertThat(configMap("shop-image").getData())
                .containsEntry("image", status.image())
                .containsEntry("repository", "registry.example/shop")
                .containsKey("digest"));
        assertThat(configMap("shop-image").getMetadata().getOwnerReferences()).hasSize(1);
        ConfigMap changed = configMap("shop-image");
        changed.setData(java.util.Map.of("image", "another"));
        client.resource(changed).update();

        await().untilAsserted(
                        () -> assertThat(configMap("shop-image").getData()).containsEntry("image", status.image()));
    }

    @Test
    void aConfigMapOfSomebodyElseIsNotOverwritten() {
        apply("""
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: taken, namespace: team-a}
                data: {a: b}
                """);
        build("shop", inline("FROM scratch") + "\noutput: {image: registry.example/shop, configMap: taken}");

        until("shop", Reason.INVALID_SPEC);

        assertThat(configMap("taken").getData()).containsExactly(java.util.Map.entry("a", "b"));
    }

    private ConfigMap configMap(String name) {
        return Objects.requireNonNull(
                client.configMaps().inNamespace("team-a").withName(name).get());
    }

    /** Of java-operator-sdk's metrics those that the dashboard and the alerts ask for. */
    static final List<String> FRAMEWORK_METRICS = List.of(
            "reconciliations_failure_total",
            "reconciliations_queue",
            "reconciliations_execution_duration_seconds_bucket");

    @Test
    void theFrameworksMetricsHaveTheNamesThatTheDashboardAsksFor() throws Exception {
        build("shop", inline("FROM scratch"));
        onlyPod();

        await().untilAsserted(() -> assertThat(metrics())
                .contains("reconciliations_queue{controller_name=\"imagebuild\"")
                .contains("reconciliations_execution_duration_seconds_bucket{controller_name=\"imagebuild\""));
    }

    private String metrics() throws IOException {
        try (java.io.InputStream stream = java.net
                .URI
                .create("http://127.0.0.1:" + operator.port() + "/metrics")
                .toURL()
                .openStream()) {
            return new String(stream.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        }
    }

    @Test
    void goesFromApplyToReady() {
        build("shop", inline("FROM scratch"));

        Pod pod = onlyPod();
        ConfigMap plan = client.configMaps()
                .inNamespace("team-a")
                .withName(pod.getMetadata().getName())
                .get();
        assertThat(plan.getData().get("plan.json")).contains("FROM scratch");
        run(pod);
        until("shop", Reason.BUILDING);
        succeed(pod);

        ImageBuildStatus status = until("shop", Reason.SUCCEEDED);
        assertThat(status.image()).isEqualTo("registry.example/shop@" + DIGEST);
        assertThat(status.attempts()).extracting(Attempt::state).containsExactly(Attempt.State.SUCCEEDED);
        await().untilAsserted(() -> assertThat(
                        client.configMaps().inNamespace("team-a").list().getItems())
                .as("the plan is of no more use")
                .isEmpty());
        assertThat(client.v1().events().inNamespace("team-a").list().getItems())
                .extracting(Event::getReason)
                .contains("Starting", "Succeeded");
    }

    @Test
    void aSettledBuildIsLeftAloneByAnOperatorThatStartsAnew() throws IOException {
        build("shop", inline("FROM scratch"));
        succeed(onlyPod());
        until("shop", Reason.SUCCEEDED);
        String version = get("shop").getMetadata().getResourceVersion();

        operator.close();
        operator = startOperator();
        build("later", inline("FROM debian"));
        until("later", Reason.STARTING);

        assertThat(get("shop").getMetadata().getResourceVersion()).isEqualTo(version);
        assertThat(pods()).hasSize(2);
    }

    @Test
    void anOperatorThatStartsAnewGoesOnWithTheSamePod() throws IOException {
        build("shop", inline("FROM scratch"));
        Pod pod = onlyPod();
        run(pod);
        until("shop", Reason.BUILDING);
        operator.close();

        succeed(pod);
        operator = startOperator();

        assertThat(until("shop", Reason.SUCCEEDED).attempts()).hasSize(1);
        assertThat(pods()).hasSize(1);
    }

    @Test
    void theUsersFaultStallsAndTheLastGoodImageStays() {
        build("shop", inline("FROM scratch"));
        succeed(onlyPod());
        until("shop", Reason.SUCCEEDED);

        change("shop", "FROM debian");
        await().untilAsserted(() -> assertThat(status("shop").attempts())
                .extracting(Attempt::state)
                .containsExactly(Attempt.State.RUNNING));
        fail(onlyPod(), "USER");

        ImageBuildStatus status = until("shop", Reason.BUILD_FAILED);
        assertThat(status.conditions()).extracting(Condition::type).contains(Condition.Type.STALLED);
        assertThat(status.image()).isEqualTo("registry.example/shop@" + DIGEST);
        assertThat(Objects.requireNonNull(status.trigger()).reason()).isEqualTo(Trigger.Cause.SPEC_CHANGED);
        assertThat(status.history()).hasSize(2);
    }

    @Test
    void aFailureOfTheOutsideIsTriedAgain() {
        build("shop", inline("FROM scratch"));
        fail(onlyPod(), "OUTSIDE");

        await().untilAsserted(() -> assertThat(pods()).hasSize(2));
        succeed(pods().stream()
                .filter(pod -> PodLabels.attempt(pod) == 2)
                .findFirst()
                .orElseThrow());

        assertThat(until("shop", Reason.SUCCEEDED).attempts())
                .extracting(Attempt::state)
                .containsExactly(Attempt.State.FAILED, Attempt.State.SUCCEEDED);
    }

    @Test
    void aPodThatIsDeletedIsReplaced() {
        build("shop", inline("FROM scratch"));
        Pod pod = onlyPod();
        run(pod);
        until("shop", Reason.BUILDING);

        client.resource(pod).delete();

        await().untilAsserted(
                        () -> assertThat(pods()).extracting(PodLabels::attempt).containsExactly(2));
        assertThat(status("shop").attempts()).extracting(Attempt::reason).startsWith(Reason.POD_LOST);
    }

    @Test
    void aChangedSpecReplacesTheRunningPod() {
        build("shop", inline("FROM scratch"));
        Pod old = onlyPod();
        run(old);
        until("shop", Reason.BUILDING);

        change("shop", "FROM debian");

        await().untilAsserted(() -> assertThat(pods())
                .extracting(pod -> pod.getMetadata().getName())
                .hasSize(1)
                .doesNotContain(old.getMetadata().getName()));
        succeed(onlyPod());
        assertThat(until("shop", Reason.SUCCEEDED).attempts()).hasSize(1);
    }

    @Test
    void aMissingClassIsWaitedForAndUsedOnceItIsThere() {
        build("shop", inline("FROM scratch") + "\nclassName: fast");
        assertThat(until("shop", Reason.REFERENCE_MISSING)
                        .conditions()
                        .getFirst()
                        .message())
                .contains("BuildClass \"fast\"");
        assertThat(pods()).isEmpty();

        client.resource(Serialization.unmarshal("""
                        apiVersion: strata.dev/v1alpha1
                        kind: BuildClass
                        metadata: {name: fast}
                        spec: {builderImage: "other:1"}
                        """, BuildClass.class)).create();

        assertThat(onlyPod().getSpec().getContainers().getFirst().getImage()).isEqualTo("other:1");
    }

    @Test
    void aMissingConfigMapIsWaitedForAndItsChangeStartsABuild() {
        build("shop", "source: {configMap: {name: files}}");
        assertThat(until("shop", Reason.REFERENCE_MISSING)
                        .conditions()
                        .getFirst()
                        .message())
                .contains("ConfigMap \"files\"");

        ConfigMap files =
                client.resource(Serialization.unmarshal("""
                        apiVersion: v1
                        kind: ConfigMap
                        metadata: {name: files, namespace: team-a}
                        data: {Dockerfile: FROM scratch}
                        """, ConfigMap.class)).create();
        succeed(onlyPod());
        String first =
                Objects.requireNonNull(until("shop", Reason.SUCCEEDED).inputs()).hash();

        files.getData().put("Dockerfile", "FROM debian");
        client.resource(files).update();

        await().untilAsserted(() ->
                assertThat(pods()).extracting(PodLabels::inputs).hasSize(1).doesNotContain(first));
        untilTriggered("shop", Trigger.Cause.CONFIG_MAP_CHANGED);
    }

    @Test
    void anotherValueOfASecretIsBuiltSoonAndOnlyItsDigestIsShown() throws IOException {
        operator.close();
        operator = startOperator(Duration.ofHours(1)); // so that no resync helps
        apply("""
                apiVersion: v1
                kind: Secret
                metadata: {name: npm, namespace: team-a}
                data: {token: b3Blbg==}
                """);
        build("shop", inline("FROM scratch") + "\nsecrets: [{id: npm, secretRef: {name: npm, key: token}}]");
        succeed(onlyPod());
        until("shop", Reason.SUCCEEDED);

        client.secrets().inNamespace("team-a").withName("npm").edit(secret -> {
            secret.getData().put("token", "c2VzYW1l");
            return secret;
        });
        assertThat(untilTriggered("shop", Trigger.Cause.SECRET_CHANGED).message())
                .contains("npm/token");
        assertThat(Serialization.asJson(get("shop"))).doesNotContain("b3Blbg", "c2VzYW1l", "sesame");
    }

    @Test
    void aTagThatWasOverwrittenIsPutBackWithoutAPod() {
        try (MemoryRegistry registry = MemoryRegistry.start()) {
            var own = registry.addManifest("shop", "latest", MediaTypes.INDEX, manifest("own"));
            build(
                    "shop",
                    inline("FROM scratch") + "\noutput: {image: \"" + registry.host()
                            + "/shop\"}\nrebuild: {onDrift: 10s}");
            end(onlyPod(), 0, "{\"type\":\"built\",\"digest\":\"" + own + "\"}");
            until("shop", Reason.SUCCEEDED);
            await().until(() -> registry.count("HEAD .*/manifests/latest") > 0);

            registry.addManifest("shop", "latest", MediaTypes.INDEX, manifest("foreign"));
            operator.close();
            try {
                operator = startOperator(); // looks at once
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }

            await().untilAsserted(() -> assertThat(registry.manifest("shop", "latest"))
                    .hasValueSatisfying(bytes ->
                            assertThat(dev.strata.image.Digest.sha256(bytes)).isEqualTo(own)));
            await().untilAsserted(() -> assertThat(
                            client.v1().events().inNamespace("team-a").list().getItems())
                    .extracting(Event::getReason)
                    .contains("TagRestored"));
            assertThat(pods()).hasSize(1);
            assertThat(status("shop").conditions())
                    .extracting(Condition::reason)
                    .containsOnly(Reason.SUCCEEDED);
        }
    }

    @Test
    void anImageThatTheRegistryNoLongerHasIsPushedAgain() {
        try (MemoryRegistry registry = MemoryRegistry.start()) {
            build(
                    "shop",
                    inline("FROM scratch") + "\noutput: {image: \"" + registry.host()
                            + "/shop\"}\nrebuild: {onDrift: 1h}");
            succeed(onlyPod()); // but nothing is there

            assertThat(untilTriggered("shop", Trigger.Cause.IMAGE_MISSING).message())
                    .startsWith("the registry no longer has " + registry.host() + "/shop@" + DIGEST);
            until("shop", Reason.STARTING);
        }
    }

    @Test
    void whereBuildsRunInParallelTheOperatorGivesTheTags() {
        try (MemoryRegistry registry = MemoryRegistry.start()) {
            registry.addBlob("shop", CONFIG);
            var digest = registry.addManifest("shop", null, MediaTypes.MANIFEST, image("amd64"));
            build(
                    "shop",
                    inline("FROM scratch") + "\nconcurrency: Parallel\noutput: {image: \"" + registry.host()
                            + "/shop\"}");
            Pod pod = onlyPod();
            assertThat(client.configMaps()
                            .inNamespace("team-a")
                            .withName(pod.getMetadata().getName())
                            .get()
                            .getData()
                            .get("plan.json"))
                    .contains("\"untagged\":true");

            end(pod, 0, "{\"type\":\"built\",\"digest\":\"" + digest + "\"}");

            assertThat(until("shop", Reason.SUCCEEDED).image()).isEqualTo(registry.host() + "/shop@" + digest);
            assertThat(registry.manifest("shop", "latest")).hasValue(image("amd64"));
        }
    }

    private static void buildClass(KubernetesClient client, String name, String spec) {
        client.resource(Serialization.unmarshal(
                        "apiVersion: strata.dev/v1alpha1\nkind: BuildClass\nmetadata: {name: " + name + "}\nspec: "
                                + spec + "\n",
                        BuildClass.class))
                .create();
    }

    private Pod podFor(String platform, int attempt) {
        await().untilAsserted(() -> assertThat(pods())
                .anyMatch(pod -> PodLabels.platform(pod).equals(platform) && PodLabels.attempt(pod) == attempt));
        return pods().stream()
                .filter(pod -> PodLabels.platform(pod).equals(platform) && PodLabels.attempt(pod) == attempt)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void imagesOfSeveralPlatformsAreBuiltApartTriedAgainApartAndJoined() throws IOException {
        buildClass(client, "two", "{platforms: [{platform: linux/arm64, nodeSelector: {pool: arm}}]}");
        try (MemoryRegistry registry = MemoryRegistry.start()) {
            var amd = registry.addManifest("shop", null, MediaTypes.MANIFEST, image("amd64"));
            var arm = registry.addManifest("shop", null, MediaTypes.MANIFEST, image("arm64"));
            ImageBuild wanted = Serialization.unmarshal("""
                    apiVersion: strata.dev/v1alpha1
                    kind: ImageBuild
                    metadata: {name: shop, namespace: team-a, generation: 1}
                    spec:
                      className: two
                      platforms: [linux/amd64, linux/arm64]
                      dockerfile: {inline: FROM scratch}
                      output: {image: "%s/shop", tags: ["1", latest], annotations: {a: b}}
                    """.formatted(registry.host()), ImageBuild.class);
            client.resource(wanted).create();

            assertThat(podFor("linux/arm64", 1).getSpec().getNodeSelector()).isEqualTo(java.util.Map.of("pool", "arm"));
            fail(podFor("linux/arm64", 1), "OUTSIDE");
            end(podFor("linux/amd64", 1), 0, "{\"type\":\"built\",\"digest\":\"" + amd + "\"}");
            Pod again = podFor("linux/arm64", 2);
            assertThat(registry.manifest("shop", "1"))
                    .as("no tag before all are there")
                    .isEmpty();
            end(again, 0, "{\"type\":\"built\",\"digest\":\"" + arm + "\"}");

            ImageBuildStatus status = until("shop", Reason.SUCCEEDED);
            byte[] bytes = registry.manifest("shop", "latest").orElseThrow();
            var index = dev.strata.image.Json.read(bytes, dev.strata.image.Index.class);
            assertThat(index.manifests())
                    .extracting(entry -> String.valueOf(entry.platform()))
                    .containsExactly("linux/amd64", "linux/arm64");
            assertThat(index.manifests())
                    .extracting(dev.strata.image.Descriptor::digest)
                    .containsExactly(amd, arm);
            assertThat(index.annotations()).containsEntry("a", "b");
            assertThat(status.image()).isEqualTo(registry.host() + "/shop@" + dev.strata.image.Digest.sha256(bytes));
            assertThat(registry.manifest("shop", "1")).contains(bytes);
            assertThat(status.attempts()).hasSize(3);
        }
    }

    private static byte[] image(String title) {
        var config = new dev.strata.image.Descriptor(
                MediaTypes.CONFIG, dev.strata.image.Digest.sha256(CONFIG), CONFIG.length);
        return dev.strata.image.Json.bytes(dev.strata.image.Manifest.of(
                config, List.of(), new java.util.TreeMap<>(java.util.Map.of("title", title))));
    }

    @Test
    void theClassSaysHowManyPodsThereMayBeAndTheOthersWaitForTheirTurn() {
        buildClass(client, "narrow", "{concurrency: {total: 1}}");
        build("first", inline("FROM scratch") + "\nclassName: narrow");
        until("first", Reason.STARTING);
        build("second", inline("FROM debian") + "\nclassName: narrow");
        build("third", inline("FROM alpine") + "\nclassName: narrow\npriority: 3");
        until("second", Reason.QUEUED);
        until("third", Reason.QUEUED);
        assertThat(Objects.requireNonNull(status("third").queue()).place()).isEqualTo(1);
        assertThat(pods()).hasSize(1);

        succeed(onlyPod());

        until("third", Reason.STARTING);
        assertThat(status("third").queue()).isNull();
        assertThat(status("second").conditions()).extracting(Condition::reason).contains(Reason.QUEUED);
        assertThat(pods()).hasSize(2);
    }

    @Test
    void theSecondOfTwoBuildsWithTheSameInputsTakesTheImageOfTheFirst() {
        build("first", inline("FROM scratch"));
        until("first", Reason.STARTING);
        build("second", inline("FROM scratch"));
        until("second", Reason.SAME_INPUTS);

        succeed(onlyPod());

        ImageBuildStatus status = until("second", Reason.SUCCEEDED);
        assertThat(status.image()).isEqualTo("registry.example/shop@" + DIGEST);
        assertThat(status.attempts()).isEmpty();
        assertThat(pods()).hasSize(1);
    }

    @Test
    void podsOfEndedBuildsGoWhenTheClassSaysSo() {
        buildClass(client, "tidy", "{keepPods: {succeeded: 0s}}");
        build("shop", inline("FROM scratch") + "\nclassName: tidy");
        succeed(onlyPod());

        until("shop", Reason.SUCCEEDED);
        await().untilAsserted(() -> assertThat(pods()).isEmpty());
        assertThat(status("shop").attempts()).extracting(Attempt::state).containsExactly(Attempt.State.SUCCEEDED);
    }

    @Test
    void aBuildOfEarlierInputsEndsFirstWhereTheSpecSaysSo() {
        build("shop", inline("FROM scratch") + "\nconcurrency: Serial");
        Pod first = onlyPod();
        run(first);
        until("shop", Reason.BUILDING);
        client.resources(ImageBuild.class)
                .inNamespace("team-a")
                .withName("shop")
                .edit(build -> {
                    ImageBuild changed = Serialization.clone(build);
                    changed.setSpec(Serialization.unmarshal(
                            "output: {image: registry.example/shop}\nplatforms: [linux/amd64]\nconcurrency: Serial\n"
                                    + inline("FROM debian"),
                            dev.strata.api.ImageBuildSpec.class));
                    changed.getMetadata().setGeneration(2L);
                    return changed;
                });
        until("shop", Reason.SUPERSEDING);
        assertThat(pods()).hasSize(1);

        succeed(first);

        await().untilAsserted(() -> assertThat(status("shop").history())
                .as("what the earlier one built is not forgotten")
                .extracting(ImageBuildStatus.Finished::image)
                .containsExactly("registry.example/shop@" + DIGEST));
        await().untilAsserted(() -> assertThat(pods())
                .extracting(pod -> pod.getMetadata().getName())
                .hasSize(1)
                .doesNotContain(first.getMetadata().getName()));
    }

    private static byte[] manifest(String title) {
        return dev.strata.image.Json.bytes(dev.strata.image.Index.of(
                List.of(), new java.util.TreeMap<>(java.util.Map.of("org.opencontainers.image.title", title))));
    }

    @Test
    void aBadImageNameStallsWithoutAPod() {
        build("shop", "dockerfile: {inline: FROM scratch}\ncache: {image: \"a b\"}");

        assertThat(until("shop", Reason.INVALID_SPEC).conditions().getFirst().message())
                .contains("spec.cache.image");
        assertThat(pods()).isEmpty();
    }

    @Test
    void nothingIsStartedWhileSuspended() {
        build("shop", inline("FROM scratch") + "\nsuspend: true");

        until("shop", Reason.SUSPENDED);
        assertThat(pods()).isEmpty();
    }

    @Test
    void probesAndMetricsAnswer() throws Exception {
        build("shop", inline("FROM scratch"));
        succeed(onlyPod());
        until("shop", Reason.SUCCEEDED);

        try (var http = java.net.http.HttpClient.newHttpClient()) {
            for (String path : List.of("/healthz", "/readyz", "/metrics")) {
                var answer = http.send(
                        java.net.http.HttpRequest.newBuilder(
                                        java.net.URI.create("http://127.0.0.1:" + operator.port() + path))
                                .build(),
                        java.net.http.HttpResponse.BodyHandlers.ofString());
                assertThat(answer.statusCode()).isEqualTo(200);
                if (path.equals("/metrics")) {
                    assertThat(answer.body())
                            .contains("strata_builds_total{cause=\"none\",class=\"default\",result=\"Succeeded\"} 1.0");
                }
            }
        }
    }
}
