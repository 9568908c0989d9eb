package dev.strata.operator;

import dev.strata.api.ImageBuildStatus.Attempt;
import dev.strata.api.ImageBuildStatus.Attempt.Fault;
import dev.strata.api.Reason;
import dev.strata.image.Platform;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** What is to be done about a build now. One pure function over what was observed; acting comes after it. */
sealed interface Decision {
    /** Pods that build something else than the spec asks for go first, so that none overwrites a newer image. */
    record Clean(List<String> pods) implements Decision {}

    /** Builder pods are to be made. */
    record Start(List<Order> orders) implements Decision {}

    record Order(Platform platform, int attempt) {}

    /** Builder pods are at work or about to be. */
    record Wait(Reason reason, String message) implements Decision {}

    /** Nothing can be started now; looked at again after a while, or when something changes. */
    record Hold(Reason reason, String message, Duration again) implements Decision {}

    /** The last attempt failed and another one follows. */
    record Retry(Reason reason, String message, Duration after) implements Decision {}

    /** The image is in the registry, as of now. */
    record Succeed(String digest) implements Decision {}

    /** The image is in the registry, as it was before. */
    record Settled() implements Decision {}

    /** The image is there, but some of its tags stand for another one: they are put back. */
    record Retag(List<String> tags) implements Decision {}

    /** Nothing more until a person changes something. */
    record Stall(Reason reason, String message) implements Decision {}

    /** How long a missing object is left before it is looked for again. */
    Duration LOOK_AGAIN = Duration.ofSeconds(10);

    /** A pod that was lost is replaced soon; its work is in the cache. */
    Duration LOST_DELAY = Duration.ofSeconds(1);

    Duration LONGEST_DELAY = Duration.ofMinutes(5);

    /** Evictions and lost nodes are nobody's fault, but a pod that is lost again and again is worth a look. */
    int LOST_LIMIT = 10;

    /** Our own errors seldom mend themselves. */
    int OURS_LIMIT = 2;

    static Decision decide(Observed seen) {
        return switch (seen.wanted()) {
            case Wanted.Missing missing -> new Hold(Reason.REFERENCE_MISSING, missing.message(), LOOK_AGAIN);
            case Wanted.Invalid invalid ->
                superseded(seen, "", "").orElseGet(() -> new Stall(Reason.INVALID_SPEC, invalid.message()));
            case Wanted.Valid valid ->
                superseded(seen, valid.hash(), valid.pod().fingerprint()).orElseGet(() -> decide(seen, valid));
        };
    }

    private static Optional<Decision> superseded(Observed seen, String hash, String settings) {
        List<BuilderPod> others = seen.pods().stream()
                .filter(pod -> !pod.inputs().equals(hash) || isOutdated(pod, settings))
                .toList();
        List<String> present = others.stream()
                .filter(pod -> !pod.leaving())
                .map(BuilderPod::name)
                .toList();
        if (!present.isEmpty()) {
            return Optional.of(new Clean(present));
        }
        return others.stream()
                .filter(BuilderPod::active)
                .findFirst()
                .map(pod -> new Hold(
                        Reason.SUPERSEDING,
                        "the spec changed; the builder pod " + pod.name() + " is being stopped",
                        LOOK_AGAIN));
    }

    /** A pod that has not begun is replaced when other settings are wanted: they may mend what it waits for. */
    private static boolean isOutdated(BuilderPod pod, String settings) {
        return pod.state() instanceof BuilderPod.State.Waiting
                && !pod.settings().equals(settings);
    }

    private static Decision decide(Observed seen, Wanted.Valid valid) {
        if (isBuilt(seen, valid.hash())) {
            boolean stray = !seen.looked().strayTags().isEmpty() && !seen.suspended();
            return stray ? new Retag(seen.looked().strayTags()) : new Settled();
        }
        List<Attempt> attempts = Attempts.of(seen, valid.hash());
        List<Verdict> verdicts = new ArrayList<>();
        for (Platform platform : valid.platforms()) {
            verdicts.add(verdict(seen, platform, Attempts.of(attempts, platform.toString())));
        }
        return together(seen, verdicts);
    }

    private static boolean isBuilt(Observed seen, String hash) {
        return seen.status().image() != null
                && seen.status().inputs() != null
                && hash.equals(seen.status().inputs().hash());
    }

    /** How one platform stands. */
    sealed interface Verdict {
        record Done(String digest) implements Verdict {}

        record Busy(Reason reason, String message) implements Verdict {}

        record Due(Order order) implements Verdict {}

        record Later(Reason reason, String message, Duration after) implements Verdict {}

        record Dead(Reason reason, String message) implements Verdict {}
    }

    private static Verdict verdict(Observed seen, Platform platform, List<Attempt> attempts) {
        if (attempts.isEmpty()) {
            return new Verdict.Due(new Order(platform, 1));
        }
        Attempt last = attempts.getLast();
        return switch (last.state()) {
            case SUCCEEDED -> new Verdict.Done(String.valueOf(last.digest()));
            case RUNNING -> busy(seen, last);
            case FAILED -> afterFailure(seen, platform, attempts, last);
        };
    }

    private static Verdict busy(Observed seen, Attempt last) {
        String working = "attempt " + last.number() + " is at work in the pod " + last.pod();
        return seen.pods().stream()
                .filter(pod -> pod.name().equals(last.pod()))
                .findFirst()
                .map(pod -> pod.state() instanceof BuilderPod.State.Waiting(Reason reason, String message)
                        ? new Verdict.Busy(reason, message)
                        : new Verdict.Busy(Reason.BUILDING, working))
                .orElseGet(() -> new Verdict.Busy(Reason.BUILDING, working));
    }

    private static Verdict afterFailure(Observed seen, Platform platform, List<Attempt> attempts, Attempt last) {
        Order next = new Order(platform, last.number() + 1);
        if (last.generation() != null && last.generation() < seen.generation()) {
            return new Verdict.Due(next); // someone changed the spec since, if only a time-out: that is a new chance
        }
        Fault fault = last.fault() == null ? Fault.OURS : last.fault();
        Reason reason = last.reason() == null ? Reason.INTERNAL_ERROR : last.reason();
        String message = last.message() == null ? reason.meaning() : last.message();
        int failures = (int) attempts.stream()
                .filter(attempt -> attempt.fault() == fault
                        && attempt.reason() == reason
                        && java.util.Objects.equals(attempt.generation(), last.generation()))
                .count();
        int limit = limit(seen, fault, reason);
        if (failures > limit) {
            return new Verdict.Dead(
                    reason, limit == 0 ? message : "after " + failures + " attempts of this kind: " + message);
        }
        Instant at = Instant.parse(last.finished() == null ? Attempts.text(seen.now()) : last.finished())
                .plus(delay(seen, fault, failures, last.pod()));
        return at.isAfter(seen.now())
                ? new Verdict.Later(
                        reason, "attempt " + last.number() + " failed: " + message, Duration.between(seen.now(), at))
                : new Verdict.Due(next);
    }

    private static int limit(Observed seen, Fault fault, Reason reason) {
        return switch (fault) {
            case USER -> 0;
            case OUTSIDE -> seen.retryLimit();
            case LOST -> reason == Reason.OUT_OF_MEMORY ? Math.min(1, seen.retryLimit()) : LOST_LIMIT;
            case OURS -> Math.min(OURS_LIMIT, seen.retryLimit());
        };
    }

    /** Doubles from failure to failure, up to a fifth more or less by the pod's name so that a crowd does not come back as one. */
    private static Duration delay(Observed seen, Fault fault, int failures, String pod) {
        Duration first = fault == Fault.LOST ? LOST_DELAY : seen.retryDelay();
        Duration plain = first.multipliedBy(1L << Math.min(failures - 1, 16));
        Duration bounded = plain.compareTo(LONGEST_DELAY) > 0 ? LONGEST_DELAY : plain;
        return bounded.multipliedBy(80 + Math.floorMod(pod.hashCode(), 41)).dividedBy(100);
    }

    private static Decision together(Observed seen, List<Verdict> verdicts) {
        List<Order> due =
                each(verdicts, Verdict.Due.class).map(Verdict.Due::order).toList();
        Optional<Verdict.Busy> busy = each(verdicts, Verdict.Busy.class).findFirst();
        Optional<Verdict.Dead> dead = each(verdicts, Verdict.Dead.class).findFirst();
        if (dead.isPresent() && busy.isEmpty()) {
            return new Stall(dead.get().reason(), dead.get().message());
        }
        if (!due.isEmpty() && dead.isEmpty() && !seen.suspended()) {
            return new Start(due);
        }
        if (busy.isPresent()) {
            return new Wait(busy.get().reason(), busy.get().message());
        }
        if (seen.suspended() && each(verdicts, Verdict.Done.class).count() < verdicts.size()) {
            return new Hold(Reason.SUSPENDED, "spec.suspend is set; nothing is started", LONGEST_DELAY);
        }
        Optional<Verdict.Later> later =
                each(verdicts, Verdict.Later.class).min(Comparator.comparing(Verdict.Later::after));
        if (later.isPresent()) {
            return new Retry(
                    later.get().reason(), later.get().message(), later.get().after());
        }
        return new Succeed(
                each(verdicts, Verdict.Done.class).findFirst().orElseThrow().digest());
    }

    private static <V extends Verdict> java.util.stream.Stream<V> each(List<Verdict> verdicts, Class<V> kind) {
        return verdicts.stream().filter(kind::isInstance).map(kind::cast);
    }
}
