package dev.strata.operator;

import dev.strata.api.BuildClass;
import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.Attempt;
import dev.strata.api.ImageBuildStatus.Step;
import dev.strata.api.ImageBuildStatus.StepState;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the operator counts of builds; java-operator-sdk counts its own work beside it. The dashboard and the alerts in
 * {@code charts/strata} ask for nothing else. Tags have few values each: no name of a build, no namespace.
 */
final class OperatorMetrics {
    private static final Set<String> INSTRUCTIONS = Set.of("RUN", "COPY", "ADD", "FROM", "WORKDIR");
    private static final Duration SHORTEST = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofHours(2);

    private final MeterRegistry registry;
    private final AtomicInteger leader = new AtomicInteger();

    OperatorMetrics(MeterRegistry registry, Followers followers) {
        this.registry = registry;
        registry.gauge("strata.builders.followed", followers, Followers::running);
        registry.gauge("strata.leader", leader);
    }

    /** Whether this replica is the one that works. */
    void leads(boolean yes) {
        leader.set(yes ? 1 : 0);
    }

    /** The line whose length is told. */
    void queue(Turnstile turnstile) {
        registry.gauge("strata.queue.length", turnstile, Turnstile::length);
    }

    /**
     * Called once for every decision that changed a status.
     *
     * @param ends whether a build ends here that had not ended before
     */
    void decided(ImageBuild build, Decision decision, ImageBuildStatus status, boolean ends) {
        switch (decision) {
            case Decision.Succeed succeed -> finished(build, "Succeeded", "none", status, ends);
            case Decision.Stall stall -> finished(build, stall.reason().word(), cause(status), status, ends);
            case Decision.Start start -> started(build, start, status);
            case Decision.Retry retry ->
                registry.counter("strata.retries", "reason", retry.reason().word())
                        .increment();
            case Decision.Clean clean -> {}
            case Decision.Wait wait -> {}
            case Decision.Hold hold -> {}
            case Decision.Settled settled -> {}
            case Decision.Queued queued -> {}
            case Decision.Join join -> {}
            case Decision.Rebase rebase ->
                registry.counter("strata.builds.rebased").increment();
            case Decision.Adopt adopt ->
                registry.counter("strata.builds.adopted").increment();
            case Decision.Retag retag ->
                registry.counter("strata.tags.restored").increment(retag.tags().size());
        }
    }

    /** @param report empty where the clean-up of a cache failed */
    void cleanedUp(Optional<CleanUpPod.Report> report) {
        registry.counter("strata.cache.cleanups", "result", report.isPresent() ? "done" : "failed")
                .increment();
        registry.counter("strata.cache.removed.records")
                .increment(report.map(CleanUpPod.Report::removed).orElse(0));
        registry.counter("strata.cache.removed.bytes")
                .increment(report.map(CleanUpPod.Report::bytes).orElse(0L));
    }

    private static String className(ImageBuild build) {
        return build.getSpec() == null ? BuildClass.DEFAULT : Planner.className(build.getSpec());
    }

    /** Whose fault the last failure is; the user's where no pod was ever made. */
    private static String cause(ImageBuildStatus status) {
        return status.attempts().reversed().stream()
                .map(Attempt::fault)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(Attempt.Fault.USER)
                .name()
                .toLowerCase(Locale.ROOT);
    }

    private void started(ImageBuild build, Decision.Start start, ImageBuildStatus status) {
        registry.counter("strata.builder.pods", "class", className(build))
                .increment(start.orders().size());
        queueWait(build, status).ifPresent(timer("strata.queue.wait", "class", className(build))::record);
        if (status.trigger() != null) {
            registry.counter(
                            "strata.triggers",
                            "reason",
                            status.trigger().reason().name().toLowerCase(Locale.ROOT))
                    .increment();
        }
    }

    /** From when the build took its place to its first pod. */
    private static Optional<Duration> queueWait(ImageBuild build, ImageBuildStatus status) {
        ImageBuildStatus before = build.getStatus();
        String started =
                status.attempts().isEmpty() ? null : status.attempts().getLast().started();
        return before == null || before.queue() == null || started == null
                ? Optional.empty()
                : Optional.of(Duration.between(Instant.parse(before.queue().since()), Instant.parse(started)));
    }

    private void finished(ImageBuild build, String result, String cause, ImageBuildStatus status, boolean ends) {
        if (!ends) {
            return;
        }
        registry.counter("strata.builds", "result", result, "cause", cause, "class", className(build))
                .increment();
        if (status.attempts().isEmpty()) {
            return; // nothing ever ran for this spec
        }
        if (!status.history().isEmpty() && status.history().getFirst().seconds() != null) {
            timer("strata.build.duration", "result", result)
                    .record(Duration.ofSeconds(status.history().getFirst().seconds()));
        }
        steps(status).forEach(this::step);
        if (result.equals("Succeeded")) {
            bytes(status);
        }
    }

    private static Stream<Step> steps(ImageBuildStatus status) {
        return status.platforms().stream()
                .flatMap(platform -> platform.stages().stream())
                .flatMap(stage -> stage.steps().stream());
    }

    private void step(Step step) {
        boolean cached = Boolean.TRUE.equals(step.cached());
        if (cached || step.state() == StepState.DONE || step.state() == StepState.FAILED) {
            registry.counter("strata.steps", "cached", Boolean.toString(cached)).increment();
        }
        if (!cached && step.seconds() != null) {
            timer("strata.step.duration", "instruction", instruction(step.instruction()))
                    .record(Duration.ofMillis((long) (step.seconds() * 1000)));
        }
    }

    private static String instruction(String text) {
        String word = text.split("\\s", 2)[0].toUpperCase(Locale.ROOT);
        return INSTRUCTIONS.contains(word) ? word : "other";
    }

    /** Of an image's layers: those that this build made are sent; all others were there, so they need not be. */
    private void bytes(ImageBuildStatus status) {
        Set<String> made = steps(status)
                .filter(step -> step.layer() != null && !Boolean.TRUE.equals(step.cached()))
                .map(step -> Objects.requireNonNull(step.layer()).digest())
                .collect(Collectors.toSet());
        status.layers()
                .forEach(layer -> registry.counter(
                                "strata.layer.bytes", "origin", made.contains(layer.digest()) ? "sent" : "saved")
                        .increment((double) layer.size()));
    }

    private Timer timer(String name, String tag, String value) {
        return Timer.builder(name)
                .tags(tag, value)
                .publishPercentileHistogram()
                .minimumExpectedValue(SHORTEST)
                .maximumExpectedValue(LONGEST)
                .register(registry);
    }
}
