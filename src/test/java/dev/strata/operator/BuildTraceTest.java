package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import dev.strata.Patience;
import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import dev.strata.image.Json;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
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

    @Test
    void aSpanForTheBuildForEachAttemptAndForEachStepThatRan() {
        List<JsonNode> spans = spans(BuildTrace.of(build(), status(), "strata").orElseThrow());

        assertThat(spans)
                .extracting(span -> span.path("name").asText())
                .containsExactly(
                        "build team-a/shop",
                        "attempt 1 linux/amd64",
                        "attempt 2 linux/amd64",
                        "RUN npm ci",
                        "RUN npm test");
        JsonNode test = spans.getLast();
        assertThat(test.path("parentSpanId")).isEqualTo(spans.get(2).path("spanId"));
        assertThat(spans.get(2).path("parentSpanId")).isEqualTo(spans.get(0).path("spanId"));
        assertThat(spans.get(0).has("parentSpanId")).isFalse();
        assertThat(test.path("endTimeUnixNano").asLong()
                        - test.path("startTimeUnixNano").asLong())
                .isEqualTo(12_500_000_000L);
        assertThat(attribute(test, "strata.miss")).isEqualTo("x.ts changed");
        assertThat(attribute(test, "strata.layer.bytes")).isEqualTo("7");
    }

    @Test
    void idsAreOfTheLengthThatOpenTelemetryWantsAndEveryTraceIsTheSameAgain() {
        List<JsonNode> spans = spans(BuildTrace.of(build(), status(), "strata").orElseThrow());

        assertThat(spans).allSatisfy(span -> {
            assertThat(span.path("traceId").asText()).matches("[0-9a-f]{32}");
            assertThat(span.path("spanId").asText()).matches("[0-9a-f]{16}");
        });
        assertThat(spans).extracting(span -> span.path("spanId").asText()).doesNotHaveDuplicates();
        assertThat(spans)
                .isEqualTo(spans(BuildTrace.of(build(), status(), "strata").orElseThrow()));
    }

    @Test
    void aFailureIsAnErrorWithItsMessage() {
        JsonNode failed =
                spans(BuildTrace.of(build(), status(), "strata").orElseThrow()).get(1);

        assertThat(failed.at("/status/code").asInt()).isEqualTo(2);
        assertThat(failed.at("/status/message").asText()).isEqualTo("the node is gone");
    }

    @Test
    void whereNoPodWasMadeThereIsNothingToTell() {
        assertThat(BuildTrace.of(build(), ImageBuildStatus.NONE, "strata")).isEmpty();
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
            traces.ended(build(), status());

            Received got = Objects.requireNonNull(received.poll(Patience.LONG.toSeconds(), TimeUnit.SECONDS));
            assertThat(got.path()).isEqualTo("/otlp/v1/traces");
            assertThat(got.authorization()).isEqualTo("Bearer x");
            assertThat(spans(Json.MAPPER.readTree(got.body()))).hasSize(5);
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
            traces.ended(build(), status());
            traces.ended(build(), status());

            await().untilAsserted(() -> assertThat(traces(registry, "lost")).isEqualTo(2));
        } finally {
            server.stop(0);
        }
    }
}
