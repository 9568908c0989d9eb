package dev.strata.operator;

import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.Attempt;
import dev.strata.api.ImageBuildStatus.PlatformStatus;
import dev.strata.api.ImageBuildStatus.Stage;
import dev.strata.api.ImageBuildStatus.Step;
import dev.strata.api.ImageBuildStatus.StepState;
import dev.strata.image.Digest;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A finished build as a trace of OpenTelemetry: the build; below it each attempt, and the operator's work before it and
 * after the last one; below an attempt its phases, and below the steps' phase the steps of a platform's last attempt. Pure:
 * ids are hashes of what they stand for, so a trace that is sent twice is the same one.
 *
 * <p>What the {@link Timeline} does not know comes from the status, in whole seconds.
 *
 * <p>The JSON is that of OTLP/HTTP (opentelemetry-proto, {@code ExportTraceServiceRequest}): 64-bit numbers are strings,
 * ids are hexadecimal.
 */
final class BuildTrace {
    private static final int OK = 1;
    private static final int ERROR = 2;
    private static final int INTERNAL = 1;
    private static final int TRACE_ID = 32;
    private static final int SPAN_ID = 16;
    private static final String BUILD = "build";

    private final ImageBuild build;
    private final ImageBuildStatus status;
    private final Timeline timeline;
    private final List<Attempt> attempts;
    private final String seed;
    private final List<Map<String, Object>> spans = new ArrayList<>();

    private BuildTrace(ImageBuild build, ImageBuildStatus status, Timeline timeline) {
        this.build = build;
        this.status = status;
        this.timeline = timeline;
        this.attempts = AttemptPhases.ended(status);
        this.seed = build.getMetadata().getUid() + " " + attempts.getFirst().pod() + " "
                + attempts.getFirst().started();
    }

    /**
     * The request that tells of a build which has just ended; empty where no pod was ever made for it.
     *
     * @param service the name under which the operator is known to the receiver
     */
    static Optional<Map<String, Object>> of(
            ImageBuild build, ImageBuildStatus status, Timeline timeline, String service) {
        return AttemptPhases.ended(status).isEmpty()
                ? Optional.empty()
                : Optional.of(new BuildTrace(build, status, timeline).request(service));
    }

    private Map<String, Object> request(String service) {
        AttemptPhases phases = new AttemptPhases(status, timeline);
        root(phases);
        attempts.forEach(attempt -> attempt(attempt, phases));
        status.platforms().forEach(platform -> steps(platform, phases));
        return Map.of(
                "resourceSpans",
                List.of(Map.of(
                        "resource",
                        Map.of("attributes", attributes(Map.of("service.name", service))),
                        "scopeSpans",
                        List.of(Map.of("scope", Map.of("name", "dev.strata.operator"), "spans", spans)))));
    }

    private void root(AttemptPhases phases) {
        Instant start = attempts.stream()
                .map(attempt -> phases.of(attempt).getFirst().start())
                .min(Instant::compareTo)
                .orElseThrow();
        Instant end = attempts.stream()
                .map(attempt -> phases.of(attempt).getLast().end())
                .max(Instant::compareTo)
                .orElseThrow();
        boolean good = attempts.getLast().state() == Attempt.State.SUCCEEDED;
        Map<String, @Nullable Object> attributes = new LinkedHashMap<>();
        attributes.put("k8s.namespace.name", build.getMetadata().getNamespace());
        attributes.put("strata.build", build.getMetadata().getName());
        attributes.put("strata.class", build.getSpec() == null ? null : Planner.className(build.getSpec()));
        attributes.put("strata.image", good ? status.image() : null);
        attributes.put(
                "strata.trigger",
                status.trigger() == null ? null : status.trigger().message());
        span(BUILD, null, "build " + build.namespacedName(), start, end, good ? null : message(), attributes);
    }

    private @Nullable String message() {
        return attempts.getLast().message() == null
                ? "failed"
                : attempts.getLast().message();
    }

    private void attempt(Attempt attempt, AttemptPhases phases) {
        List<Phase> own = phases.of(attempt).stream().filter(Phase::hasPod).toList();
        phases.of(attempt).stream()
                .filter(phase -> !own.contains(phase))
                .forEach(phase -> phase(attempt, BUILD, phase));
        Map<String, @Nullable Object> attributes = new LinkedHashMap<>();
        attributes.put("k8s.pod.name", attempt.pod());
        attributes.put("strata.platform", attempt.platform());
        attributes.put("strata.attempt", (long) attempt.number());
        attributes.put(
                "strata.reason",
                attempt.reason() == null ? null : attempt.reason().word());
        boolean good = attempt.state() == Attempt.State.SUCCEEDED;
        span(
                attempt.pod(),
                BUILD,
                "attempt " + attempt.number() + " " + attempt.platform(),
                own.getFirst().start(),
                own.getLast().end(),
                good ? null : String.valueOf(attempt.message()),
                attributes);
        own.forEach(phase -> phase(attempt, attempt.pod(), phase));
    }

    private void phase(Attempt attempt, String parent, Phase phase) {
        String key = key(attempt, phase);
        span(key, parent, phase, attempt);
        phase.parts(timeline.attempt(attempt.pod()), timeline.decided())
                .forEach(part -> span(key + " " + part.name(), key, part, attempt));
    }

    private static String key(Attempt attempt, Phase phase) {
        return attempt.pod() + " " + phase.name();
    }

    private void steps(PlatformStatus platform, AttemptPhases phases) {
        Optional<Attempt> last = attempts.reversed().stream()
                .filter(attempt -> attempt.platform().equals(platform.platform()))
                .findFirst();
        if (last.isEmpty()) {
            return;
        }
        Optional<Phase> all = phases.of(last.get()).stream()
                .filter(phase -> phase.from() == Milestone.FIRST_STEP)
                .findFirst();
        for (Stage stage : platform.stages()) {
            stage.steps().forEach(step -> step(last.get(), all, stage, step));
        }
    }

    /** One that never ran has no span. A base that was named before the first look-up is no part of the steps' phase. */
    private void step(Attempt attempt, Optional<Phase> all, Stage stage, Step step) {
        boolean cached = Boolean.TRUE.equals(step.cached());
        Timeline.Interval seen =
                timeline.attempt(attempt.pod()).steps().get(Timeline.step(stage.name(), step.number()));
        if (seen == null && !cached && step.started() == null) {
            return;
        }
        Timeline.Interval interval = seen == null ? recorded(attempt, step) : seen;
        String parent = all.filter(phase -> !interval.start().isBefore(phase.start()))
                .map(phase -> key(attempt, phase))
                .orElse(attempt.pod());
        Map<String, @Nullable Object> attributes = new LinkedHashMap<>();
        attributes.put("strata.platform", attempt.platform());
        attributes.put("strata.stage", stage.name());
        attributes.put("strata.line", step.line() == null ? null : (long) step.line());
        attributes.put("strata.cached", cached);
        attributes.put("strata.miss", step.missReason());
        attributes.put(
                "strata.layer", step.layer() == null ? null : step.layer().digest());
        attributes.put(
                "strata.layer.bytes", step.layer() == null ? null : step.layer().size());
        span(
                attempt.pod() + " " + stage.name() + " " + step.number(),
                parent,
                step.instruction(),
                interval.start(),
                interval.end(),
                step.state() == StepState.FAILED ? String.valueOf(step.message()) : null,
                attributes);
    }

    /** As the status has it. A cached step takes no time: it stands where its attempt begins. */
    private static Timeline.Interval recorded(Attempt attempt, Step step) {
        Instant start = Instant.parse(Objects.requireNonNull(
                Boolean.TRUE.equals(step.cached()) || step.started() == null ? attempt.started() : step.started()));
        return new Timeline.Interval(
                start, step.seconds() == null ? start : start.plusMillis((long) (step.seconds() * 1000)));
    }

    /** No failure by itself: that is the attempt's. */
    private void span(String key, String parent, Phase phase, Attempt attempt) {
        Map<String, @Nullable Object> attributes = new LinkedHashMap<>();
        attributes.put("strata.platform", attempt.platform());
        span(key, parent, phase.name(), phase.start(), phase.end(), null, attributes);
    }

    private void span(
            String key,
            @Nullable String parent,
            String name,
            Instant start,
            Instant end,
            @Nullable String error,
            Map<String, @Nullable Object> attributes) {
        Map<String, Object> span = new LinkedHashMap<>();
        span.put("traceId", id("trace", TRACE_ID));
        span.put("spanId", id(key, SPAN_ID));
        if (parent != null) {
            span.put("parentSpanId", id(parent, SPAN_ID));
        }
        span.put("name", name);
        span.put("kind", INTERNAL);
        span.put("startTimeUnixNano", nanoseconds(start));
        span.put("endTimeUnixNano", nanoseconds(end.isBefore(start) ? start : end));
        span.put("attributes", attributes(attributes));
        span.put("status", error == null ? Map.of("code", OK) : Map.of("code", ERROR, "message", error));
        spans.add(span);
    }

    private String id(String key, int digits) {
        return Digest.sha256((seed + "\n" + key).getBytes(StandardCharsets.UTF_8))
                .hex()
                .substring(0, digits);
    }

    private static String nanoseconds(Instant time) {
        return Long.toString(Math.multiplyExact(time.toEpochMilli(), 1_000_000L));
    }

    private static List<Map<String, Object>> attributes(Map<String, ? extends @Nullable Object> values) {
        List<Map<String, Object>> attributes = new ArrayList<>();
        values.forEach((key, value) -> {
            if (value != null) {
                attributes.add(Map.of("key", key, "value", any(value)));
            }
        });
        return attributes;
    }

    private static Map<String, Object> any(Object value) {
        return switch (value) {
            case Boolean truth -> Map.of("boolValue", truth);
            case Long number -> Map.of("intValue", number.toString());
            default -> Map.of("stringValue", value.toString());
        };
    }
}
