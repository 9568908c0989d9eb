package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.api.BuildClass;
import dev.strata.api.BuildClassSpec.CleanUp;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Repositories that nobody builds into any more, and the pods that clean them up; the test is the kubelet. */
@Timeout(300)
class CacheKeeperTest {
    private static final String REPOSITORY = "registry.example/shop-cache";

    private final KubernetesMockServer server = new KubernetesMockServer(
            new Context(), new MockWebServer(), new HashMap<>(), new KubernetesCrudDispatcher(), false);
    private final PrometheusMeterRegistry counted = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private KubernetesClient client;
    private CacheKeeper keeper;

    private final Clock clock = new Clock() {
        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    };

    @BeforeEach
    void start() {
        server.init();
        client = server.createClient();
        keeper = keeper();
        apply("""
                apiVersion: v1
                kind: ServiceAccount
                metadata: {name: default, namespace: team-a}
                imagePullSecrets: [{name: registry}]
                """);
    }

    private CacheKeeper keeper() {
        return new CacheKeeper(
                new Cluster(client),
                new OperatorSettings("strata:1", "IfNotPresent", null, Duration.ofSeconds(1)),
                () -> true,
                new EventRecorder(client, clock),
                new OperatorMetrics(counted, new Followers(client, Duration.ofSeconds(1))),
                clock);
    }

    @AfterEach
    void stop() {
        keeper.close();
        client.close();
        server.destroy();
    }

    private void apply(String object) {
        client.load(new java.io.ByteArrayInputStream(object.getBytes(StandardCharsets.UTF_8)))
                .create();
    }

    private void buildClass(String cache) {
        rules("""
                registries: {mirrors: {docker.io: "http://mirror.example"}, plainHttp: ["registry.example"], caBundle: PEM}
                proxy: {https: "http://proxy.example:3128"}
                cache: %s
                """.formatted(cache));
    }

    private void rules(String spec) {
        client.resources(BuildClass.class).withName("default").delete();
        BuildClass wanted = Serialization.unmarshal("""
                apiVersion: strata.dev/v1alpha1
                kind: BuildClass
                metadata: {name: default}
                spec:
                %s""".formatted(spec.indent(2)), BuildClass.class);
        client.resource(wanted).create();
    }

    private Wanted.Valid wanted() {
        return (Wanted.Valid) PlannerTest.planned("timeout: 1h", "cache: {image: " + REPOSITORY + "}");
    }

    private void built() {
        keeper.note("team-a", wanted(), true);
        keeper.turn();
    }

    private List<Pod> pods() {
        return client.pods().inNamespace("team-a").list().getItems();
    }

    private List<KnownCache> known() {
        ConfigMap map = client.configMaps()
                .inNamespace("team-a")
                .withName(KnownCache.CONFIG_MAP)
                .get();
        return List.copyOf(KnownCache.in(map).values());
    }

    private List<String> events() {
        return client.v1().events().inNamespace("team-a").list().getItems().stream()
                .map(Event::getMessage)
                .toList();
    }

    private void ends(String phase, String message) {
        Pod pod = pods().getFirst();
        client.resource(new PodBuilder(pod)
                        .withNewStatus()
                        .withPhase(phase)
                        .addNewContainerStatus()
                        .withName("clean-up")
                        .withNewState()
                        .withNewTerminated()
                        .withMessage(message)
                        .endTerminated()
                        .endState()
                        .endContainerStatus()
                        .endStatus()
                        .build())
                .update();
        keeper.turn();
    }

    private void later(Duration time) {
        now = now.plus(time);
        keeper.turn();
    }

    @Test
    void aRepositoryIsCleanedUpAnIntervalAfterItsLastBuildThoughTheBuildIsGone() {
        buildClass("{cleanUp: {olderThan: 720h, keepBytes: 50Gi, interval: 24h}}");
        built();
        later(Duration.ofHours(23));
        assertThat(pods()).isEmpty();
        keeper = keeper(); // another operator, which has seen no build
        later(Duration.ofHours(2));
        assertThat(pods()).singleElement().satisfies(pod -> {
            assertThat(pod.getSpec().getServiceAccountName()).isEqualTo("default");
            assertThat(pod.getSpec().getAutomountServiceAccountToken()).isFalse();
            assertThat(pod.getSpec().getContainers().getFirst().getArgs())
                    .containsExactly(
                            "cache",
                            "prune",
                            "--cache-repo",
                            REPOSITORY,
                            "--report",
                            "/dev/termination-log",
                            "--older-than",
                            "2592000s",
                            "--keep-bytes",
                            "53687091200",
                            "--registry-mirror",
                            "docker.io=http://mirror.example",
                            "--plain-http",
                            "registry.example",
                            "--docker-config",
                            "/strata/registry/0",
                            "--ca-bundle",
                            "/strata/authorities/ca.crt");
            assertThat(pod.getSpec().getVolumes())
                    .anySatisfy(volume -> assertThat(volume.getSecret())
                            .isNotNull()
                            .satisfies(secret -> {
                                assertThat(secret.getSecretName()).isEqualTo("registry");
                                assertThat(secret.getOptional()).isTrue();
                            }));
        });
        later(Duration.ofMinutes(1));
        assertThat(pods()).as("one at a time").hasSize(1);
        ends("Succeeded", "{\"removed\":7,\"bytes\":1000,\"stays\":3}");
        assertThat(pods()).isEmpty();
        assertThat(client.configMaps().inNamespace("team-a").list().getItems())
                .as("only what is known; the authorities went with the pod")
                .hasSize(1);
        assertThat(events())
                .containsExactly("7 records were removed from " + REPOSITORY + ", which frees 1000 bytes; 3 stay");
        assertThat(counted.scrape())
                .contains("strata_cache_cleanups_total{result=\"done\"} 1.0")
                .contains("strata_cache_removed_records_total 7.0")
                .contains("strata_cache_removed_bytes_total 1000.0");
        later(Duration.ofHours(23));
        assertThat(pods()).isEmpty();
        later(Duration.ofHours(2));
        assertThat(pods()).as("steps grow old though nothing is built").hasSize(1);
    }

    @Test
    void anEmptyRepositoryThatNoBuildNamesIsForgotten() {
        buildClass("{cleanUp: {olderThan: 1h, interval: 1h}}");
        built();
        later(Duration.ofHours(1));
        ends("Succeeded", "{\"removed\":3,\"bytes\":10,\"stays\":0}");
        assertThat(known()).as("a build may still name it").hasSize(1);
        later(Duration.ofHours(2));
        ends("Succeeded", "{\"removed\":0,\"bytes\":0,\"stays\":0}");
        assertThat(known()).isEmpty();
        later(Duration.ofDays(2));
        assertThat(pods()).isEmpty();
    }

    @Test
    void aRepositoryOfABuildThatIsThereIsNotForgotten() {
        buildClass("{cleanUp: {olderThan: 1h, interval: 1h}}");
        built();
        for (int hour = 0; hour < 5; hour++) {
            keeper.note("team-a", wanted(), false);
            later(Duration.ofHours(1));
            ends("Succeeded", "{\"removed\":0,\"bytes\":0,\"stays\":0}");
            assertThat(known()).hasSize(1);
        }
        assertThat(events()).as("nothing was removed").isEmpty();
    }

    @Test
    void aFailureIsToldAndTriedAgainAnIntervalLater() {
        buildClass("{cleanUp: {olderThan: 1h, interval: 1h}}");
        built();
        later(Duration.ofHours(1));
        ends("Failed", "strata cache: the registry was set up not to delete anything");
        assertThat(events())
                .containsExactly(REPOSITORY
                        + " could not be cleaned up: strata cache: the registry was set up not to delete anything");
        assertThat(pods()).isEmpty();
        later(Duration.ofHours(1));
        assertThat(pods()).hasSize(1);
    }

    @Test
    void aClassThatSaysNothingAndARepositoryThatItDoesNotAllowAreLeftAlone() {
        buildClass("{maxAge: 24h}");
        built();
        later(Duration.ofDays(100));
        assertThat(pods()).isEmpty();
        rules("""
                allowed: {registries: ["registry.example/{namespace}"]}
                cache: {cleanUp: {keepBytes: 1Gi}}
                """);
        later(Duration.ofDays(100));
        assertThat(pods()).isEmpty();
    }

    @Test
    void whatIsBoundedByBytesAloneIsNotLookedAtAgainBeforeANewBuild() {
        KnownCache cache = new KnownCache(REPOSITORY, "default", "default", now, null);
        CleanUp bytes = new CleanUp(null, new Quantity("1Gi"), "1h");
        assertThat(CacheKeeper.next(cache, bytes)).contains(now.plus(Duration.ofHours(1)));
        KnownCache cleaned = cache.cleanedAt(now.plus(Duration.ofHours(2)));
        assertThat(CacheKeeper.next(cleaned, bytes)).isEmpty();
        assertThat(CacheKeeper.next(cleaned, new CleanUp("2h", null, "1h"))).contains(now.plus(Duration.ofHours(3)));
        KnownCache used =
                cleaned.with(new KnownCache(REPOSITORY, "default", "default", now.plus(Duration.ofHours(5)), null));
        assertThat(CacheKeeper.next(used, bytes)).contains(now.plus(Duration.ofHours(6)));
    }
}
