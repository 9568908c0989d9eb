package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import dev.strata.Patience;
import dev.strata.TraceReceiver;
import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import dev.strata.image.Json;
import dev.strata.operator.Timeline.AttemptTimes;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A build's trace, and how it is sent. */
class BuildTraceTest {
    private static final String BUILD = """
            apiVersion: strata.dev/v1alpha1
            kind: ImageBuild
            metadata: {name: shop, namespace: team-a, uid: 2f6e1f0c-0000-4000-8000-000000000000}
            spec: {className: fast, output: {image: registry.example/shop}}
            status:
              image: registry.example/shop@sha256:1
              trigger: {reason: Created, message: the resource is new, time: "2026-01-01T12:00:00Z"}
              attempts:
              - {number: 1, platform: linux/amd64, pod: shop-1, state: Failed, reason: PodLost, fault: Lost,
                 message: the node is gone, started: "2026-01-01T12:00:00Z", finished: "2026-01-01T12:01:00Z"}
              - {number: 2, platform: linux/amd64, pod: shop-2, state: Succeeded, digest: "sha256:1",
                 started: "2026-01-01T12:01:01Z", finished: "2026-01-01T12:02:00Z"}
              platforms:
              - platform: linux/amd64
                stages:
                - name: build
                  steps:
                  - {number: 1, line: 2, instruction: RUN npm ci, state: Done, cached: true}
                  - {number: 2, line: 3, instruction: RUN npm test, state: Done, cached: false, missReason: x.ts changed,
                     started: "2026-01-01T12:01:03Z", seconds: 12.5, layer: {digest: "sha256:2", diffId: "sha256:3", size: 7}}
                  - {number: 3, instruction: RUN never, state: Canceled}
                - name: base
                  steps:
                  - {number: 1, line: 1, instruction: FROM debian, state: Done, started: "2026-01-01T12:01:02Z", seconds: 0.0}
            """;

    private static ImageBuild build() {
        return Serialization.unmarshal(BUILD, ImageBuild.class);
    }

    private static ImageBuildStatus status() {
        return Objects.requireNonNull(build().getStatus());
    }

    private static List<JsonNode> spans(Object request) {
        List<JsonNode> spans = new ArrayList<>();
        Json.MAPPER
                .valueToTree(request)
                .at("/resourceSpans/0/scopeSpans/0/spans")
                .forEach(spans::add);
        return spans;
    }

    private static String attribute(JsonNode span, String key) {
        for (JsonNode attribute : span.path("attributes")) {
            if (attribute.path("key").asText().equals(key)) {
                return attribute.path("value").elements().next().asText();
            }
        }
        return "";
    }

    /** Two seconds and a bit after noon, given as "2.5". */
    private static Instant at(String seconds) {
        return Instant.parse("2026-01-01T12:00:00Z")
                .plusMillis(new BigDecimal(seconds).movePointRight(3).longValueExact());
    }

    /** The first attempt was lost before its builder said a word; the second one went all the way. */
    private static Timeline timeline() {
        AttemptTimes lost = new AttemptTimes(
                at("0.1"),
                at("0.3"),
                Map.of(Milestone.WRITTEN, at("0.4"), Milestone.SCHEDULED, at("0.5")),
                null,
                Map.of());
        Map<Milestone, Instant> way = new EnumMap<>(Milestone.class);
        way.put(Milestone.WRITTEN, at("61.1"));
        way.put(Milestone.SCHEDULED, at("61.2"));
        way.put(Milestone.PROCESS, at("61.8"));
        way.put(Milestone.BEGUN, at("62.0"));
        way.put(Milestone.SOURCE, at("62.1"));
        way.put(Milestone.PLANNED, at("62.3"));
        way.put(Milestone.FIRST_STEP, at("62.4"));
        way.put(Milestone.LAST_STEP, at("75.1"));
        way.put(Milestone.PUSHED, at("75.6"));
        way.put(Milestone.ENDED, at("75.7"));
        AttemptTimes good = new AttemptTimes(
                null,
                at("61.05"),
                way,
                at("61.6"),
                Map.of(
                        "base 1",
                        new Timeline.Interval(at("62.32"), at("62.33")),
                        "build 1",
                        new Timeline.Interval(at("62.4"), at("62.4")),
                        "build 2",
                        new Timeline.Interval(at("62.5"), at("75.1"))));
        return new Timeline(at("0.0"), Map.of("shop-1", lost, "shop-2", good), at("75.75"), at("75.8"));
    }

    private static List<JsonNode> spans(Timeline timeline) {
        return spans(BuildTrace.of(build(), status(), timeline, "strata").orElseThrow());
    }

    private static JsonNode span(List<JsonNode> spans, String name) {
        return spans.stream()
                .filter(span -> span.path("name").asText().equals(name))
                .reduce((first, last) -> last)
                .orElseThrow(() -> new AssertionError(name));
    }

    private static String tree(Timeline timeline) {
        return TraceReceiver.tree(TraceReceiver.spans(Json.MAPPER.valueToTree(
                BuildTrace.of(build(), status(), timeline, "strata").orElseThrow())));
    }

    @Test
    void aTraceGoesFromTheWriteToTheRecordOfTheEnd() {
        assertThat(tree(timeline())).isEqualTo("""
                build team-a/shop 75.8
                  operator 0.4
                    decision 0.1
                    queue 0.2
                    api 0.1
                  attempt 1 linux/amd64 59.6
                    scheduling 0.1
                    pod 59.5
                  operator 1.1
                    decision 1.05
                    api 0.05
                  status 0.1
                    log 0.05
                    api 0.05
                  attempt 2 linux/amd64 14.6
                    scheduling 0.1
                    pod 0.6
                      sandbox 0.4
                      container 0.2
                    java 0.2
                    context 0.1
                    plan 0.2
                    look-up 0.1
                    steps 12.7
                      RUN npm ci 0.0
                      RUN npm test 12.6
                    push 0.5
                    remember 0.1
                    FROM debian 0.01
                """);
    }

    @Test
    void aStepSaysWhereItStandsAndWhyItRan() {
        JsonNode test = span(spans(timeline()), "RUN npm test");

        assertThat(attribute(test, "strata.line")).isEqualTo("3");
        assertThat(attribute(test, "strata.miss")).isEqualTo("x.ts changed");
        assertThat(attribute(test, "strata.layer.bytes")).isEqualTo("7");
    }

    @Test
    void ofABuildThatAnotherOperatorBeganTheStatusTellsInWholeSeconds() {
        assertThat(tree(Timeline.UNKNOWN)).isEqualTo("""
                build team-a/shop 120.0
                  attempt 1 linux/amd64 60.0
                    pod 60.0
                  attempt 2 linux/amd64 59.0
                    pod 59.0
                    RUN npm ci 0.0
                    RUN npm test 12.5
                    FROM debian 0.0
                """);
    }

    @Test
    void theLogSaysWhereTheTimeWent() {
        assertThat(new AttemptPhases(status(), timeline()).words())
                .isEqualTo("15.80 s: operator 1.10, scheduling 0.10, pod 0.60, java 0.20, context 0.10, plan 0.20,"
                        + " look-up 0.10, steps 12.70, push 0.50, remember 0.10, status 0.10");
    }

    @Test
    void idsAreOfTheLengthThatOpenTelemetryWantsAndEveryTraceIsTheSameAgain() {
        List<JsonNode> spans = spans(timeline());

        assertThat(spans).allSatisfy(span -> {
            assertThat(span.path("traceId").asText()).matches("[0-9a-f]{32}");
            assertThat(span.path("spanId").asText()).matches("[0-9a-f]{16}");
        });
        assertThat(spans).extracting(span -> span.path("spanId").asText()).doesNotHaveDuplicates();
        assertThat(spans).isEqualTo(spans(timeline()));
    }

    @Test
    void aFailureIsAnErrorWithItsMessage() {
        JsonNode failed = span(spans(timeline()), "attempt 1 linux/amd64");

        assertThat(failed.at("/status/code").asInt()).isEqualTo(2);
        assertThat(failed.at("/status/message").asText()).isEqualTo("the node is gone");
    }

    @Test
    void whereNoPodWasMadeThereIsNothingToTell() {
        assertThat(BuildTrace.of(build(), ImageBuildStatus.NONE, Timeline.UNKNOWN, "strata"))
                .isEmpty();
    }

    private record Received(String path, String authorization, String body) {}

    /** A receiver on this machine that answers as it is told. */
    private static HttpServer receiver(BlockingQueue<Received> received, int code) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            try (exchange) {
                received.add(new Received(
                        exchange.getRequestURI().getPath(),
                        String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")),
                        new String(exchange.getRequestBody().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8)));
                exchange.sendResponseHeaders(code, -1);
            }
        });
        server.start();
        return server;
    }

    private static StrataOperator.Tracing to(HttpServer server) {
        return new StrataOperator.Tracing(
                URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/otlp"),
                Map.of("Authorization", "Bearer x"),
                "strata");
    }

    private static double traces(MeterRegistry registry, String result) {
        return registry.counter("strata.traces", "result", result).count();
    }

    @Test
    void aTraceIsPostedToTheReceiverWithItsHeaders() throws Exception {
        BlockingQueue<Received> received = new LinkedBlockingQueue<>();
        HttpServer server = receiver(received, 200);
        MeterRegistry registry = new SimpleMeterRegistry();
        try (Traces traces = new Traces(to(server), registry)) {
            traces.ended(build(), status(), Timeline.UNKNOWN);

            Received got = Objects.requireNonNull(received.poll(Patience.LONG.toSeconds(), TimeUnit.SECONDS));
            assertThat(got.path()).isEqualTo("/otlp/v1/traces");
            assertThat(got.authorization()).isEqualTo("Bearer x");
            assertThat(spans(Json.MAPPER.readTree(got.body()))).hasSize(8);
            await().untilAsserted(() -> assertThat(traces(registry, "sent")).isEqualTo(1));
        } finally {
            server.stop(0);
        }
    }

    @Test
    void aReceiverThatRefusesCostsTheTraceAndNothingElse() throws Exception {
        BlockingQueue<Received> received = new LinkedBlockingQueue<>();
        HttpServer server = receiver(received, 503);
        MeterRegistry registry = new SimpleMeterRegistry();
        try (Traces traces = new Traces(to(server), registry)) {
            traces.ended(build(), status(), Timeline.UNKNOWN);
            traces.ended(build(), status(), Timeline.UNKNOWN);

            await().untilAsserted(() -> assertThat(traces(registry, "lost")).isEqualTo(2));
        } finally {
            server.stop(0);
        }
    }
}
