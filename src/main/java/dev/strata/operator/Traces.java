package dev.strata.operator;

import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import dev.strata.image.Json;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Tells where the time of each build went that has ended: in the operator's log, and by a trace where somebody wants them.
 * A receiver that is slow or away costs traces, never a build: what does not fit into a short queue is dropped and counted.
 */
final class Traces implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Traces.class);
    private static final int WAITING = 256;
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int GOOD = 2;

    private final StrataOperator.@Nullable Tracing receiver;
    private final BlockingQueue<Ended> waiting = new ArrayBlockingQueue<>(WAITING);
    private final Counter sent;
    private final Counter lost;
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(PATIENCE).build();
    private final Thread sender;

    private record Ended(ImageBuild build, ImageBuildStatus status, Timeline timeline) {}

    /** @param receiver null where nobody wants traces */
    Traces(StrataOperator.@Nullable Tracing receiver, MeterRegistry registry) {
        this.receiver = receiver;
        this.sent = registry.counter("strata.traces", "result", "sent");
        this.lost = registry.counter("strata.traces", "result", "lost");
        this.sender = Thread.ofVirtual().name("traces").start(this::tell);
    }

    /** Called once for each build that has ended; what is to be told is told by another thread. */
    void ended(ImageBuild build, ImageBuildStatus status, Timeline timeline) {
        if (!AttemptPhases.ended(status).isEmpty() && !waiting.offer(new Ended(build, status, timeline))) {
            lost.increment();
        }
    }

    private void tell() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                Ended ended = waiting.take();
                try (var _ = MDC.putCloseable("build", ended.build().namespacedName())) {
                    tell(ended);
                } catch (RuntimeException e) { // of one build; the next one is told of all the same
                    lost.increment();
                    LOG.warn(
                            "{}: where its time went cannot be told",
                            ended.build().namespacedName(),
                            e);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void tell(Ended ended) throws InterruptedException {
        LOG.info(
                "{}: the last attempt took {}",
                ended.build().namespacedName(),
                new AttemptPhases(ended.status(), ended.timeline()).words());
        if (receiver == null) {
            return;
        }
        var trace = BuildTrace.of(ended.build(), ended.status(), ended.timeline(), receiver.service());
        if (trace.isPresent()) {
            send(receiver, address(receiver), Json.text(trace.get()));
        }
    }

    private static URI address(StrataOperator.Tracing to) {
        String base = to.endpoint().toString();
        return URI.create(base + (base.endsWith("/") ? "" : "/") + "v1/traces");
    }

    private void send(StrataOperator.Tracing to, URI address, String trace) throws InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(address)
                .timeout(PATIENCE)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(trace));
        to.headers().forEach(request::setHeader);
        try {
            HttpResponse<Void> response = http.send(request.build(), HttpResponse.BodyHandlers.discarding());
            if (response.statusCode() / 100 == GOOD) {
                sent.increment();
            } else {
                lost(address, "answers " + response.statusCode());
            }
        } catch (IOException e) {
            lost(address, "cannot be reached: " + e);
        }
    }

    private void lost(URI address, String why) {
        lost.increment();
        LOG.warn("a trace was lost: {} {}", address, why);
    }

    @Override
    public void close() {
        sender.interrupt();
        http.shutdownNow();
    }
}
