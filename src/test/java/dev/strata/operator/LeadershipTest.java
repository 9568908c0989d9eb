package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.strata.Patience;
import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildSpec;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.fabric8.kubernetes.client.server.mock.KubernetesMixedDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.ServerRequest;
import io.fabric8.mockwebserver.ServerResponse;
import io.javaoperatorsdk.operator.api.config.ExecutorServiceManager;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who works, and how the lease is given away; against an API server in memory. */
@Timeout(300)
class LeadershipTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private static final String PATH = "/apis/coordination.k8s.io/v1/namespaces/strata-system/leases/strata-operator";

    private final Map<ServerRequest, Queue<ServerResponse>> answers = new HashMap<>();
    private final KubernetesMockServer server = new KubernetesMockServer(
            new Context(), new MockWebServer(), answers, new KubernetesMixedDispatcher(answers), false);
    private static final String ALL_RIGHTS = """
            {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview",
             "status": {"incomplete": false, "nonResourceRules": [],
              "resourceRules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}}
            """;
    private static final ImageBuild BUILD = Serialization.unmarshal("""
            apiVersion: strata.dev/v1alpha1
            kind: ImageBuild
            metadata: {name: shop, namespace: team-a, generation: 1}
            spec:
              platforms: [linux/amd64]
              output: {image: registry.example/shop}
              dockerfile: {inline: FROM scratch}
            """, ImageBuild.class);

    private final List<StrataOperator> operators = new ArrayList<>();
    private final AtomicInteger lost = new AtomicInteger();
    private final Gate gate = new Gate();
    private KubernetesClient client;
    /** Its pods are held back at the gate. */
    private KubernetesClient gated;

    @BeforeEach
    void start() {
        server.init();
        client = server.createClient();
        gated = new KubernetesClientBuilder()
                .withConfig(client.getConfiguration())
                .withHttpClientBuilderConsumer(builder -> builder.addOrReplaceInterceptor("gate", gate))
                .build();
        client.resource(Serialization.unmarshal("""
                        apiVersion: v1
                        kind: ServiceAccount
                        metadata: {name: default, namespace: team-a}
                        """, ServiceAccount.class)).create();
    }

    @AfterEach
    void stop() {
        gate.open.countDown();
        operators.forEach(StrataOperator::close);
        gated.close();
        client.close();
        ImageBuildReconcilerTest.destroy(server);
    }

    private StrataOperator operator(KubernetesClient its, String identity) throws IOException {
        server.expect()
                .post()
                .withPath("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews")
                .andReturn(201, ALL_RIGHTS)
                .always();
        StrataOperator started = new StrataOperator(
                its,
                new StrataOperator.Options(
                        new OperatorSettings("strata:1", "IfNotPresent", null, Duration.ofSeconds(1)),
                        0,
                        0,
                        false,
                        Duration.ofSeconds(1),
                        Duration.ofMinutes(30),
                        Duration.ofMillis(10),
                        Patience.LONG,
                        replica(identity),
                        null));
        operators.add(started);
        started.start();
        return started;
    }

    /** In front of the API server: notes who is asked for, and whoever wants to make a pod waits here. */
    private static final class Gate implements Interceptor {
        private final List<String> paths = new CopyOnWriteArrayList<>();
        private final CountDownLatch reached = new CountDownLatch(1);
        private final CountDownLatch open = new CountDownLatch(1);

        @Override
        public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
            paths.add(request.uri().getPath());
            if (request.method().equals("POST") && request.uri().getPath().endsWith("/namespaces/team-a/pods")) {
                reached.countDown();
                try {
                    open.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    private long asked(String path) {
        return gate.paths.stream().filter(path::equals).count();
    }

    private void awaitHolder(String identity) {
        await().until(() ->
                Leadership.holder(client, "strata-system").orElse("").equals(identity));
    }

    private static boolean awaitsReconciliations(Thread closing) {
        return Arrays.stream(closing.getStackTrace())
                .anyMatch(frame -> frame.getClassName().equals(ExecutorServiceManager.class.getName())
                        && frame.getMethodName().equals("stop"));
    }

    @Test
    void theLeaseIsGivenAwayAfterTheLastReconciliation() throws Exception {
        StrataOperator operator = operator(gated, "one");
        awaitHolder("one");
        client.resource(BUILD).create();
        await().until(() -> gate.reached.getCount() == 0);

        Thread closing = Thread.ofPlatform().start(operator::close);
        await().until(() -> awaitsReconciliations(closing));
        assertThat(Leadership.holder(client, "strata-system")).contains("one");

        gate.open.countDown();
        closing.join();
        assertThat(client.pods().inNamespace("team-a").list().getItems()).hasSize(1);
        assertThat(lease().getSpec().getHolderIdentity()).isEmpty();

        operator(client, "two");

        awaitHolder("two");
    }

    @Test
    void whoIsRobbedOfItsLeaseEndsAndLeavesItWhereItIs() throws IOException {
        StrataOperator operator = operator(client, "one");
        awaitHolder("one");

        await().until(
                        () -> { // a renewal that is under way may take it back once
                            rob();
                            return lost.get() > 0;
                        });
        operator.close();
        assertThat(Leadership.holder(client, "strata-system")).contains("two");
    }

    @Test
    void whoWaitsForItsTurnDoesNotEvenLookAtSecrets() throws IOException {
        String secret = "/api/v1/namespaces/team-a/secrets/npm";
        Lease others = lease("other");
        others.getSpec().setRenewTime(ZonedDateTime.now(ZoneOffset.UTC).plusDays(1));
        client.resource(others).create();
        ImageBuild build = Serialization.clone(BUILD);
        build.setSpec(Serialization.unmarshal("""
                platforms: [linux/amd64]
                output: {image: registry.example/shop}
                dockerfile: {inline: FROM scratch}
                secrets: [{id: npm, secretRef: {name: npm, key: token}}]
                """, ImageBuildSpec.class));
        client.resource(build).create();

        operator(gated, "one");

        long before = asked(PATH);
        await().until(() -> asked(PATH) > before);
        assertThat(asked(secret)).isZero();

        client.resource(lease("")).update();
        await().until(() -> asked(secret) > 0);
    }

    private void rob() {
        client.leases()
                .inNamespace("strata-system")
                .withName("strata-operator")
                .edit(held -> new LeaseBuilder(held)
                        .editSpec()
                        .withHolderIdentity("two")
                        .endSpec()
                        .build());
    }

    private StrataOperator.Lease replica(String identity) {
        return new StrataOperator.Lease("strata-system", identity, lost::incrementAndGet);
    }

    private Leadership leadership() {
        return new Leadership(
                client,
                replica("one"),
                new OperatorMetrics(new SimpleMeterRegistry(), new Followers(client, Duration.ofSeconds(1))),
                Clock.fixed(NOW, ZoneOffset.UTC));
    }

    private static LeaderCallbacks callbacks(Leadership leadership) {
        return leadership.election().orElseThrow().getLeaderCallbacks().orElseThrow();
    }

    /** One that has the lease and works. */
    private Leadership leading() {
        Leadership leadership = leadership();
        callbacks(leadership).onStartLeading();
        return leadership;
    }

    private static Lease lease(String holder) {
        return new LeaseBuilder()
                .withNewMetadata()
                .withNamespace("strata-system")
                .withName("strata-operator")
                .endMetadata()
                .withNewSpec()
                .withHolderIdentity(holder)
                .withLeaseDurationSeconds(12)
                .withAcquireTime(NOW.minusSeconds(60).atZone(ZoneOffset.UTC))
                .withRenewTime(NOW.minusSeconds(1).atZone(ZoneOffset.UTC))
                .withLeaseTransitions(3)
                .endSpec()
                .build();
    }

    private Lease lease() {
        return Objects.requireNonNull(client.leases()
                .inNamespace("strata-system")
                .withName("strata-operator")
                .get());
    }

    private static void release(Leadership leadership) {
        leadership.end();
        leadership.release(Duration.ZERO, patience -> true);
    }

    @Test
    void whoEndsGivesItsLeaseAway() {
        client.resource(lease("one")).create();

        release(leading());

        assertThat(lease().getSpec().getHolderIdentity()).isEmpty();
        assertThat(lease().getSpec().getLeaseDurationSeconds()).isOne();
        assertThat(lease().getSpec().getRenewTime().toInstant()).isEqualTo(NOW);
        assertThat(lease().getSpec().getLeaseTransitions()).isEqualTo(3);
    }

    @Test
    void nobodyHoldsALeaseThatWasGivenAway() {
        client.resource(lease("one")).create();
        Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
        assertThat(StrataOperator.isLed(client, "strata-system", clock)).isTrue();

        release(leading());

        assertThat(StrataOperator.isLed(client, "strata-system", clock)).isFalse();
        assertThat(Leadership.holder(client, "strata-system")).isEmpty();
    }

    @Test
    void whatAnotherOneHasIsLeftToIt() {
        client.resource(lease("two")).create();
        String version = lease().getMetadata().getResourceVersion();

        release(leading());

        assertThat(lease().getMetadata().getResourceVersion()).isEqualTo(version);
    }

    @Test
    void whatAnotherOneTookAMomentAgoIsLeftToItAsWell() {
        client.resource(lease("one")).create();
        Lease read = lease();
        client.resource(new LeaseBuilder(read)
                        .editSpec()
                        .withHolderIdentity("two")
                        .endSpec()
                        .build())
                .update();
        server.expect()
                .get()
                .withPath(PATH)
                .andReturn(200, Serialization.asJson(read))
                .once();

        release(leading());

        assertThat(lease().getSpec().getHolderIdentity()).isEqualTo("two");
    }

    @Test
    void whatStillWorksIsWaitedForFirst() {
        client.resource(lease("one")).create();
        Leadership leadership = leading();
        leadership.end();

        leadership.release(Duration.ZERO, patience -> {
            assertThat(lease().getSpec().getHolderIdentity()).isEqualTo("one");
            return true;
        });

        assertThat(lease().getSpec().getHolderIdentity()).isEmpty();
    }

    @Test
    void whereSomethingStillWorksTheLeaseIsKept() {
        client.resource(lease("one")).create();
        Leadership leadership = leading();
        leadership.end();

        leadership.release(Duration.ZERO, patience -> true, patience -> false);

        assertThat(lease().getSpec().getHolderIdentity()).isEqualTo("one");
    }

    @Test
    void whoHasNeverLedAsksForNothing() {
        int before = server.getRequestCount();

        release(leadership());

        assertThat(server.getRequestCount()).isEqualTo(before);
    }

    @Test
    void anApiServerThatRefusesIsNoMishap() {
        server.expect().get().withPath(PATH).andReturn(403, "").always();

        release(leading());
    }

    @Test
    void aReplicaWorksFromTheTimeThatItHasTheLease() {
        Leadership leadership = leadership();
        assertThat(leadership.leads()).isFalse();

        callbacks(leadership).onStartLeading();

        assertThat(leadership.leads()).isTrue();
    }

    @Test
    void whoLosesItsLeaseIsToldSoAndWorksNoMore() {
        Leadership leadership = leading();

        callbacks(leadership).onStopLeading();

        assertThat(leadership.leads()).isFalse();
        await().untilAsserted(() -> assertThat(lost).hasValue(1));
    }
}
