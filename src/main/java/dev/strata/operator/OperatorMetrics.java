package dev.strata.operator;

import dev.strata.api.ImageBuildStatus;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;

/** What the operator counts of builds; java-operator-sdk counts its own work beside it. */
final class OperatorMetrics {
    private final MeterRegistry registry;

    OperatorMetrics(MeterRegistry registry, Followers followers) {
        this.registry = registry;
        registry.gauge("strata.builders.followed", followers, Followers::running);
    }

    /** Called once for every decision that changed a status. */
    void decided(Decision decision, ImageBuildStatus status) {
        switch (decision) {
            case Decision.Succeed succeed -> finished("Succeeded", status);
            case Decision.Stall stall -> finished(stall.reason().word(), status);
            case Decision.Start start ->
                registry.counter("strata.builder.pods").increment(start.orders().size());
            case Decision.Retry retry ->
                registry.counter("strata.retries", "reason", retry.reason().word())
                        .increment();
            case Decision.Clean clean -> {}
            case Decision.Wait wait -> {}
            case Decision.Hold hold -> {}
            case Decision.Settled settled -> {}
            case Decision.Queued queued -> {}
            case Decision.Join join -> {}
            case Decision.Adopt adopt ->
                registry.counter("strata.builds.adopted").increment();
            case Decision.Retag retag ->
                registry.counter("strata.tags.restored").increment(retag.tags().size());
        }
    }

    private void finished(String result, ImageBuildStatus status) {
        registry.counter("strata.builds", "result", result).increment();
        if (!status.history().isEmpty() && status.history().getFirst().seconds() != null) {
            registry.timer("strata.build.duration", "result", result)
                    .record(Duration.ofSeconds(status.history().getFirst().seconds()));
        }
    }
}
