package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import dev.strata.api.Reason;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is counted, and that dashboard and alerts ask for nothing else. */
class MonitoringTest {
    private static final Path DASHBOARD = Path.of("charts/strata/dashboards/strata.json");
    private static final Path ALERTS = Path.of("charts/strata/alerts/strata.yaml");
    private static final Path RUNBOOKS = Path.of("docs/runbooks");
    private static final Pattern METRIC = Pattern.compile("\\b(?:strata|reconciliations|jvm)_[a-z_]+\\b");
    private static final YAMLMapper YAML = new YAMLMapper();

    private static final String BUILD = """
            apiVersion: strata.dev/v1alpha1
            kind: ImageBuild
            metadata: {name: shop, namespace: team-a, uid: 2f6e1f0c-0000-4000-8000-000000000000}
            spec: {className: fast, output: {image: registry.example/shop}}
            status:
              queue: {place: 1, since: "2026-01-01T11:59:00Z"}
              trigger: {reason: SpecChanged, message: the spec changed, time: "2026-01-01T12:00:00Z"}
              attempts:
              - {number: 1, platform: linux/amd64, pod: shop-1, state: Failed, reason: OutsideFailed, fault: Outside,
                 started: "2026-01-01T12:00:00Z", finished: "2026-01-01T12:00:30Z"}
              platforms:
              - platform: linux/amd64
                stages:
                - name: build
                  steps:
                  - {number: 1, instruction: RUN npm ci, state: Done, cached: true, layer: {digest: "sha256:1", diffId: "sha256:1", size: 100}}
                  - {number: 2, instruction: RUN npm test, state: Done, cached: false, seconds: 12.5,
                     layer: {digest: "sha256:2", diffId: "sha256:2", size: 7}}
              layers:
              - {digest: "sha256:0", diffId: "sha256:0", size: 1000, base: true}
              - {digest: "sha256:1", diffId: "sha256:1", size: 100, base: false}
              - {digest: "sha256:2", diffId: "sha256:2", size: 7, base: false}
              history:
              - {inputs: "sha256:9", result: Succeeded, attempts: 1, seconds: 30, finished: "2026-01-01T12:00:30Z"}
            """;

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final Turnstile line = new Turnstile(Stream::empty, new NoBuilds(), id -> {});
    private final KubernetesClient client = new KubernetesClientBuilder().build();
    private final OperatorMetrics metrics = new OperatorMetrics(registry, new Followers(client, Duration.ofSeconds(1)));

    private record NoBuilds() implements Turnstile.Builds {
        @Override
        public boolean exists(ResourceID build) {
            return false;
        }

        @Override
        public Stream<ImageBuild> underWay(String namespace, String inputs) {
            return Stream.empty();
        }

        @Override
        public Stream<ImageBuild> begun(String namespace, String inputs) {
            return Stream.empty();
        }
    }

    @BeforeEach
    void countSomethingOfEachKind() {
        ImageBuild build = Serialization.unmarshal(BUILD, ImageBuild.class);
        ImageBuildStatus status = Objects.requireNonNull(build.getStatus());
        metrics.leads(true);
        metrics.queue(line);
        metrics.decided(
                build, new Decision.Start(List.of(new Decision.Order(Examples.PLATFORM, 1, null))), status, false);
        metrics.decided(build, new Decision.Retry(Reason.POD_LOST, "lost", Duration.ofSeconds(1)), status, false);
        metrics.decided(build, new Decision.Succeed(Examples.digest('a')), status, true);
        metrics.decided(build, new Decision.Succeed(Examples.digest('a')), status, false);
        metrics.decided(build, new Decision.Stall(Reason.OUTSIDE_FAILED, "away"), status, true);
    }

    @AfterEach
    void close() {
        client.close();
    }

    private String scraped() {
        return registry.scrape();
    }

    @Test
    void buildsAreCountedByResultCauseAndClassAndEachOnce() {
        assertThat(scraped())
                .contains("strata_builds_total{cause=\"none\",class=\"fast\",result=\"Succeeded\"} 1.0")
                .contains("strata_builds_total{cause=\"outside\",class=\"fast\",result=\"OutsideFailed\"} 1.0");
    }

    @Test
    void bytesOfLayersThatThisBuildDidNotMakeAreSaved() {
        assertThat(scraped())
                .contains("strata_layer_bytes_total{origin=\"sent\"} 7.0")
                .contains("strata_layer_bytes_total{origin=\"saved\"} 1100.0");
    }

    @Test
    void stepsAreCountedByWhetherTheyCameFromTheCacheAndTimedWhereTheyRan() {
        assertThat(scraped())
                .contains("strata_steps_total{cached=\"true\"} 2.0")
                .contains("strata_steps_total{cached=\"false\"} 2.0")
                .contains("strata_step_duration_seconds_sum{instruction=\"RUN\"} 25.0")
                .contains("strata_leader 1.0")
                .contains("strata_queue_wait_seconds_sum{class=\"fast\"} 60.0");
    }

    /** The names that a scrape knows: ours, the JVM's and the framework's. */
    private Set<String> known() {
        new JvmMemoryMetrics().bindTo(registry);
        new Traces(null, registry).close();
        Set<String> names = scraped()
                .lines()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.split("[{ ]", 2)[0])
                .collect(Collectors.toCollection(TreeSet::new));
        names.addAll(ImageBuildReconcilerTest.FRAMEWORK_METRICS); // are there only after it has worked
        return names;
    }

    static Stream<String> queries() throws IOException {
        Stream.Builder<String> queries = Stream.builder();
        for (JsonNode panel : YAML.readTree(DASHBOARD.toFile()).path("panels")) {
            panel.path("targets")
                    .forEach(target -> queries.add(target.path("expr").asText()));
        }
        for (JsonNode rule : YAML.readTree(ALERTS.toFile()).at("/groups/0/rules")) {
            queries.add(rule.path("expr").asText());
        }
        return queries.build();
    }

    @ParameterizedTest
    @MethodSource("queries")
    void everyQueryNamesMetricsThatExist(String query) {
        List<String> names = METRIC.matcher(query)
                .results()
                .map(found -> found.group())
                .distinct()
                .toList();

        assertThat(names).isNotEmpty();
        assertThat(known()).containsAll(names);
    }

    @Test
    void thePageListsEveryMetricOfOurs() throws IOException {
        String page = Files.readString(Path.of("docs/observability.md"));

        assertThat(known().stream()
                        .filter(name -> name.startsWith("strata_"))
                        .map(name -> name.replaceFirst("_(bucket|sum|count|max)$", "")))
                .allSatisfy(name -> assertThat(page).contains("`" + name + "`"));
    }

    @Test
    void everyAlertHasItsPageAndEveryPageItsAlert() throws IOException {
        Set<String> alerts = new TreeSet<>();
        for (JsonNode rule : YAML.readTree(ALERTS.toFile()).at("/groups/0/rules")) {
            String name = rule.path("alert").asText();
            alerts.add(name + ".md");
            assertThat(rule.at("/annotations/runbook").asText()).isEqualTo("docs/runbooks/" + name + ".md");
        }
        try (Stream<Path> pages = Files.list(RUNBOOKS)) {
            assertThat(pages.map(page -> page.getFileName().toString())).containsExactlyInAnyOrderElementsOf(alerts);
        }
    }
}
