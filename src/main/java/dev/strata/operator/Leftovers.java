package dev.strata.operator;

import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.Attempt;
import dev.strata.plan.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Pods of attempts that are over: they stay for their logs, for as long as the class says. Pure.
 *
 * @param expired names of pods that have stayed long enough
 * @param next until the next one has
 */
record Leftovers(List<String> expired, Optional<Duration> next) {
    /** The end of an attempt must be recorded before its pod goes; that of a build of earlier inputs is nobody's any more. */
    static Leftovers of(Observed seen, Wanted.Valid wanted) {
        Wanted.Course course = wanted.course();
        List<String> expired = new ArrayList<>();
        Optional<Duration> next = Optional.empty();
        for (BuilderPod pod : seen.pods()) {
            if (pod.active()
                    || pod.leaving()
                    || (pod.inputs().equals(wanted.hash()) && !isRecorded(pod, seen.status()))) {
                continue;
            }
            boolean built =
                    pod.state() instanceof BuilderPod.State.Ended(Outcome outcome) && outcome instanceof Outcome.Built;
            Instant end = pod.finished() == null ? seen.now() : pod.finished();
            Duration left =
                    Duration.between(seen.now(), end.plus(built ? course.keepSucceeded() : course.keepFailed()));
            if (left.isNegative() || left.isZero()) {
                expired.add(pod.name());
            } else if (next.isEmpty() || left.compareTo(next.get()) < 0) {
                next = Optional.of(left);
            }
        }
        return new Leftovers(List.copyOf(expired), next);
    }

    private static boolean isRecorded(BuilderPod pod, ImageBuildStatus status) {
        return status.attempts().stream()
                .anyMatch(attempt -> attempt.pod().equals(pod.name()) && attempt.state() != Attempt.State.RUNNING);
    }
}
