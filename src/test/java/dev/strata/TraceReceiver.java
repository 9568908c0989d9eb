package dev.strata;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.strata.image.Json;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.awaitility.Awaitility;

/** Takes traces as an OpenTelemetry collector does by OTLP over HTTP, and keeps the latest of each name. */
public final class TraceReceiver implements AutoCloseable {
    private final HttpServer server;
    private final Map<String, List<Span>> traces = new ConcurrentHashMap<>();

    /** @param parent empty where there is none */
    public record Span(String id, String parent, String name, Instant start, Instant end) {
        public Duration time() {
            return Duration.between(start, end);
        }
    }

    /** @param address of this machine, at which the sender reaches it */
    public TraceReceiver(String address) throws IOException {
        server = HttpServer.create(new InetSocketAddress(address, 0), 0);
        server.createContext("/v1/traces", this::take);
        server.start();
    }

    private void take(HttpExchange exchange) throws IOException {
        try (exchange) {
            List<Span> spans = spans(Json.MAPPER.readTree(exchange.getRequestBody()));
            spans.stream().filter(span -> span.parent().isEmpty()).forEach(root -> traces.put(root.name(), spans));
            exchange.sendResponseHeaders(200, -1);
        }
    }

    /** The spans of a request, in its order. */
    public static List<Span> spans(JsonNode request) {
        return StreamSupport.stream(
                        request.at("/resourceSpans/0/scopeSpans/0/spans").spliterator(), false)
                .map(span -> new Span(
                        span.path("spanId").asText(),
                        span.path("parentSpanId").asText(""),
                        span.path("name").asText(),
                        instant(span.path("startTimeUnixNano")),
                        instant(span.path("endTimeUnixNano"))))
                .toList();
    }

    private static Instant instant(JsonNode nanoseconds) {
        return Instant.EPOCH.plusNanos(nanoseconds.asLong());
    }

    /** What lies below a span, in the request's order; below {@code ""} lies the root. */
    public static List<Span> below(List<Span> spans, String parent) {
        return spans.stream().filter(span -> span.parent().equals(parent)).toList();
    }

    /** A line a span with the seconds that it took, two blanks further in for each level. */
    public static String tree(List<Span> spans) {
        return tree(spans, "", "");
    }

    private static String tree(List<Span> spans, String parent, String indent) {
        return below(spans, parent).stream()
                .map(span -> indent + span.name() + " " + span.time().toMillis() / 1000.0 + "\n"
                        + tree(spans, span.id(), indent + "  "))
                .collect(Collectors.joining());
    }

    public URI endpoint() {
        return URI.create("http:/" + server.getAddress());
    }

    /** Waits for the trace whose root has this name. */
    public List<Span> await(String root) {
        return Awaitility.await("the trace of " + root)
                .until(() -> traces.getOrDefault(root, List.of()), spans -> !spans.isEmpty());
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
