package dev.strata.operator;

import dev.strata.api.ImageBuildStatus.Attempt;
import dev.strata.api.ImageBuildStatus.Attempt.Fault;
import dev.strata.api.Reason;
import dev.strata.plan.Failure;
import dev.strata.plan.Outcome;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The attempts of one build: what the status remembers, brought up to date by what the pods say. */
final class Attempts {
    private static final int KEPT = 20;
    private static final int MESSAGE = 1_500;
    private static final Comparator<Attempt> ORDER =
            Comparator.comparing(Attempt::platform).thenComparingInt(Attempt::number);

    private Attempts() {}

    /** The attempts for these inputs, by platform and number. */
    static List<Attempt> of(Observed seen, String inputs) {
        Map<String, Attempt> byPod = new TreeMap<>();
        for (Attempt attempt : seen.status().attempts()) {
            if (inputs.equals(attempt.inputs())) {
                byPod.put(attempt.pod(), attempt);
            }
        }
        Map<String, BuilderPod> pods = new TreeMap<>();
        for (BuilderPod pod : seen.pods()) {
            if (inputs.equals(pod.inputs())) {
                pods.put(pod.name(), pod);
                byPod.putIfAbsent(pod.name(), begun(pod));
            }
        }
        return byPod.values().stream()
                .map(attempt -> current(attempt, pods.get(attempt.pod()), seen.now()))
                .sorted(ORDER)
                .toList();
    }

    /** What is remembered: all of the latest, since the numbers of forgotten ones are never given again. */
    static List<Attempt> bounded(List<Attempt> attempts) {
        return attempts.size() <= KEPT ? attempts : attempts.subList(attempts.size() - KEPT, attempts.size());
    }

    static Attempt begun(BuilderPod pod) {
        return running(pod.attempt(), pod.platform(), pod.name(), pod.inputs(), pod.generation(), null, pod.created());
    }

    static Attempt running(
            int number,
            String platform,
            String pod,
            String inputs,
            long generation,
            @Nullable String memory,
            Instant started) {
        return new Attempt(
                number,
                platform,
                pod,
                inputs,
                generation,
                memory,
                Attempt.State.RUNNING,
                null,
                null,
                null,
                null,
                text(started),
                null,
                null);
    }

    private static Attempt current(Attempt attempt, @Nullable BuilderPod pod, Instant now) {
        if (attempt.state() != Attempt.State.RUNNING) {
            return attempt;
        }
        if (pod == null) {
            return failed(attempt, Reason.POD_LOST, Fault.LOST, "the builder pod was lost: it no longer exists", now);
        }
        Instant end = pod.finished() == null ? now : pod.finished();
        return switch (pod.state()) {
            case BuilderPod.State.Waiting waiting -> attempt;
            case BuilderPod.State.Working working -> attempt;
            case BuilderPod.State.Held held -> attempt;
            case BuilderPod.State.Died died -> failed(attempt, died.reason(), died.fault(), died.message(), end);
            case BuilderPod.State.Ended(Outcome.Built built) -> succeeded(attempt, built, end);
            case BuilderPod.State.Ended(Outcome.Failed(Failure failure)) ->
                failed(attempt, reason(failure.cause()), fault(failure.cause()), message(failure), end);
        };
    }

    /** Pods that were stopped before they began, because others with other settings take their place. */
    static List<Attempt> replaced(List<Attempt> attempts, List<String> pods, Instant now) {
        return attempts.stream()
                .map(attempt -> attempt.state() == Attempt.State.RUNNING && pods.contains(attempt.pod())
                        ? failed(
                                attempt,
                                Reason.SUPERSEDING,
                                Fault.LOST,
                                "the builder pod had not begun and was replaced, because its settings changed",
                                now)
                        : attempt)
                .toList();
    }

    private static Attempt succeeded(Attempt attempt, Outcome.Built built, Instant end) {
        return ended(attempt, Attempt.State.SUCCEEDED, built.digest().toString(), null, null, null, end);
    }

    private static Attempt failed(Attempt attempt, Reason reason, Fault fault, String message, Instant end) {
        return ended(attempt, Attempt.State.FAILED, null, reason, fault, Text.cut(message, MESSAGE), end);
    }

    private static Attempt ended(
            Attempt attempt,
            Attempt.State state,
            @Nullable String digest,
            @Nullable Reason reason,
            @Nullable Fault fault,
            @Nullable String message,
            Instant end) {
        return new Attempt(
                attempt.number(),
                attempt.platform(),
                attempt.pod(),
                attempt.inputs(),
                attempt.generation(),
                attempt.memory(),
                state,
                digest,
                reason,
                fault,
                message,
                attempt.started(),
                text(end),
                attempt.resumedAtStep());
    }

    /** The sentence, and below it the excerpt or the command's last lines. */
    private static String message(Failure failure) {
        return failure.detail() == null || failure.detail().isBlank()
                ? failure.sentence()
                : failure.sentence() + "\n" + failure.detail().stripTrailing();
    }

    private static Reason reason(Failure.Cause cause) {
        return switch (cause) {
            case USER -> Reason.BUILD_FAILED;
            case OUTSIDE -> Reason.OUTSIDE_FAILED;
            case LOST -> Reason.POD_LOST;
            case OURS -> Reason.INTERNAL_ERROR;
        };
    }

    private static Fault fault(Failure.Cause cause) {
        return switch (cause) {
            case USER -> Fault.USER;
            case OUTSIDE -> Fault.OUTSIDE;
            case LOST -> Fault.LOST;
            case OURS -> Fault.OURS;
        };
    }

    /** Whole seconds, as Kubernetes writes times. */
    static String text(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** The attempts of one platform, oldest first. */
    static List<Attempt> of(List<Attempt> attempts, String platform) {
        List<Attempt> own = new ArrayList<>(attempts);
        own.removeIf(attempt -> !attempt.platform().equals(platform));
        return own;
    }
}
