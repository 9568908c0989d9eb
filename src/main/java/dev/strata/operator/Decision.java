package dev.strata.operator;

import dev.strata.api.ImageBuildSpec.Concurrency;
import dev.strata.api.ImageBuildStatus.Attempt;
import dev.strata.api.ImageBuildStatus.Attempt.Fault;
import dev.strata.api.ImageBuildStatus.Base;
import dev.strata.api.PodSettings;
import dev.strata.api.Reason;
import dev.strata.image.Platform;
import io.fabric8.kubernetes.api.model.Quantity;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/** What is to be done about a build now. One pure function over what was observed; acting comes after it. */
sealed interface Decision {
    /** Pods that build something else than the spec asks for go first, so that none overwrites a newer image. */
    record Clean(List<String> pods) implements Decision {}

    /** Builder pods are to be made. */
    record Start(List<Order> orders) implements Decision {}

    /**
     * A builder pod to make.
     *
     * @param memory the limit to give it, where an earlier one had too little; null is the spec's
     */
    record Order(Platform platform, int attempt, @Nullable String memory) {
        Order(Platform platform, int attempt) {
            this(platform, attempt, null);
        }
    }

    /**
     * The limit of builder pods is reached; the build is started when it is its turn.
     *
     * @param place among those that wait, from 1
     * @param of how many there are
     * @param expected until its turn; null where nobody knows
     */
    record Queued(int place, int of, @Nullable Duration expected, Instant since, Duration again) implements Decision {}

    /** Builder pods are at work or about to be. */
    record Wait(Reason reason, String message) implements Decision {}

    /** Nothing can be started now; looked at again after a while, or when something changes. */
    record Hold(Reason reason, String message, Duration again) implements Decision {}

    /** The last attempt failed and another one follows. */
    record Retry(Reason reason, String message, Duration after) implements Decision {}

    /**
     * All images are pushed by their digests; the names are still to be given.
     *
     * @param images digests by platform
     * @param missing platforms that the index lacks
     */
    record Join(SequencedMap<Platform, String> images, List<Platform> missing) implements Decision {}

    /**
     * The image is in the registry, as of now.
     *
     * @param missing platforms that it lacks
     */
    record Succeed(String digest, List<Platform> missing) implements Decision {
        Succeed(String digest) {
            this(digest, List.of());
        }
    }

    /**
     * Only a base moved and no step depends on it: the image is put on it without a pod.
     *
     * @param moved the bases, with their new digests
     * @param result what came of it; null before it is done
     */
    record Rebase(
            List<Base> moved,
            dev.strata.operator.Rebase.@Nullable Result result,
            @Nullable String digest) implements Decision {}

    /** Another build of the namespace has made the image of the same inputs: it is this one's, too. */
    record Adopt(Observed.Sibling from) implements Decision {}

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
                superseded(seen, "", "", Concurrency.LATEST)
                        .orElseGet(() -> new Stall(Reason.INVALID_SPEC, invalid.message()));
            case Wanted.Valid valid ->
                superseded(
                                seen,
                                valid.hash(),
                                valid.pod().fingerprint(),
                                valid.course().concurrency())
                        .orElseGet(() -> decide(seen, valid));
        };
    }

    private static Optional<Decision> superseded(Observed seen, String hash, String settings, Concurrency concurrency) {
        List<BuilderPod> others = seen.pods().stream()
                .filter(pod -> !pod.inputs().equals(hash) || isOutdated(pod, settings))
                .filter(pod -> isInTheWay(pod, concurrency))
                .toList();
        List<String> present = others.stream()
                .filter(pod -> !pod.leaving())
                .map(BuilderPod::name)
                .toList();
        if (!present.isEmpty()) {
            return Optional.of(new Clean(present));
        }
        Optional<Decision> stopping = others.stream()
                .filter(BuilderPod::active)
                .findFirst()
                .map(pod -> new Hold(
                        Reason.SUPERSEDING,
                        "the inputs changed; the builder pod " + pod.name() + " is being stopped",
                        LOOK_AGAIN));
        return stopping.or(() -> seen.pods().stream()
                .filter(pod -> concurrency == Concurrency.SERIAL)
                .filter(pod -> !pod.inputs().equals(hash) && isWorking(pod))
                .findFirst()
                .map(pod -> new Hold(
                        Reason.SUPERSEDING,
                        "the inputs changed; the builder pod " + pod.name() + " of the earlier ones ends first",
                        LOOK_AGAIN)));
    }

    private static boolean isInTheWay(BuilderPod pod, Concurrency concurrency) {
        return switch (concurrency) {
            case LATEST -> true;
            case SERIAL -> !isWorking(pod) || pod.leaving();
            case PARALLEL -> pod.state() instanceof BuilderPod.State.Waiting;
        };
    }

    private static boolean isWorking(BuilderPod pod) {
        return pod.state() instanceof BuilderPod.State.Working;
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
        if (attempts.isEmpty() && seen.sibling() != null && !seen.suspended()) {
            return new Adopt(seen.sibling());
        }
        List<Base> moved = Triggers.rebasable(seen, valid);
        if (attempts.isEmpty() && !moved.isEmpty() && seen.rebase() && !seen.suspended()) {
            return new Rebase(moved, null, null);
        }
        SequencedMap<Platform, Verdict> verdicts = new LinkedHashMap<>();
        for (Platform platform : valid.platforms()) {
            verdicts.put(platform, verdict(seen, valid, platform, Attempts.of(attempts, platform.toString())));
        }
        return together(seen, valid, verdicts);
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

    private static Verdict verdict(Observed seen, Wanted.Valid valid, Platform platform, List<Attempt> attempts) {
        String memory = Memory.start(
                seen.status().memory(), limitOf(valid), valid.course().mostMemory());
        if (attempts.isEmpty()) {
            return new Verdict.Due(new Order(platform, 1, memory));
        }
        Attempt last = attempts.getLast();
        return switch (last.state()) {
            case SUCCEEDED -> new Verdict.Done(String.valueOf(last.digest()));
            case RUNNING -> busy(seen, last);
            case FAILED -> afterFailure(seen, valid, new Order(platform, last.number() + 1, memory), attempts, last);
        };
    }

    private static @Nullable Quantity limitOf(Wanted.Valid valid) {
        PodSettings.Resources resources = valid.pod().settings().resources();
        return resources == null ? null : resources.limits().get("memory");
    }

    private static Verdict busy(Observed seen, Attempt last) {
        String working = "attempt " + last.number() + " is at work in the pod " + last.pod();
        return seen.pods().stream()
                .filter(pod -> pod.name().equals(last.pod()))
                .findFirst()
                .map(pod -> switch (pod.state()) {
                    case BuilderPod.State.Waiting(Reason reason, String message) -> new Verdict.Busy(reason, message);
                    case BuilderPod.State.Held(String message) -> new Verdict.Busy(Reason.HELD, message);
                    case BuilderPod.State.Working pending -> new Verdict.Busy(Reason.BUILDING, working);
                    case BuilderPod.State.Ended ended -> new Verdict.Busy(Reason.BUILDING, working);
                    case BuilderPod.State.Died died -> new Verdict.Busy(Reason.BUILDING, working);
                })
                .orElseGet(() -> new Verdict.Busy(Reason.BUILDING, working));
    }

    private static Verdict afterFailure(
            Observed seen, Wanted.Valid valid, Order next, List<Attempt> attempts, Attempt last) {
        if (last.generation() != null && last.generation() < seen.generation()) {
            return new Verdict.Due(next); // someone changed the spec since, if only a time-out: that is a new chance
        }
        Fault fault = last.fault() == null ? Fault.OURS : last.fault();
        Reason reason = last.reason() == null ? Reason.INTERNAL_ERROR : last.reason();
        String message = last.message() == null ? reason.meaning() : last.message();
        int failures = (int) attempts.stream()
                .filter(attempt -> attempt.fault() == fault
                        && attempt.reason() == reason
                        && Objects.equals(attempt.generation(), last.generation()))
                .count();
        int limit = limit(seen, fault, reason);
        if (failures > limit) {
            return new Verdict.Dead(
                    reason, limit == 0 ? message : "after " + failures + " attempts of this kind: " + message);
        }
        Order order = next;
        if (reason == Reason.OUT_OF_MEMORY && limitOf(valid) != null) {
            String more = Memory.more(had(valid, last), valid.course().mostMemory());
            if (more == null) {
                return new Verdict.Dead(
                        reason,
                        message + "; the class allows no more than "
                                + valid.course().mostMemory());
            }
            order = new Order(next.platform(), next.attempt(), more);
        }
        Instant at = Instant.parse(last.finished() == null ? Attempts.text(seen.now()) : last.finished())
                .plus(delay(seen, fault, failures, last.pod()));
        return at.isAfter(seen.now())
                ? new Verdict.Later(
                        reason, "attempt " + last.number() + " failed: " + message, Duration.between(seen.now(), at))
                : new Verdict.Due(order);
    }

    private static Quantity had(Wanted.Valid valid, Attempt last) {
        return last.memory() == null ? Objects.requireNonNull(limitOf(valid)) : new Quantity(last.memory());
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

    private static Decision together(Observed seen, Wanted.Valid valid, SequencedMap<Platform, Verdict> all) {
        List<Platform> absent = valid.course().allowMissing().stream()
                .filter(platform -> isAbsent(all.get(platform)))
                .toList();
        SequencedMap<Platform, Verdict> needed = new LinkedHashMap<>(all);
        needed.keySet().removeAll(absent);
        List<Verdict> verdicts = List.copyOf(needed.values());
        if (verdicts.stream().allMatch(Verdict.Done.class::isInstance)) {
            return finished(valid, needed, absent);
        }
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
        Optional<Verdict.Later> later =
                each(verdicts, Verdict.Later.class).min(Comparator.comparing(Verdict.Later::after));
        if (seen.suspended() || later.isEmpty()) {
            return new Hold(Reason.SUSPENDED, "spec.suspend is set; nothing is started", LONGEST_DELAY);
        }
        return new Retry(
                later.get().reason(), later.get().message(), later.get().after());
    }

    /** A platform that may be missing is so when it has failed for good, or when no node takes its builder. */
    private static boolean isAbsent(@Nullable Verdict verdict) {
        return verdict instanceof Verdict.Dead
                || (verdict instanceof Verdict.Busy(Reason reason, String message) && reason == Reason.UNSCHEDULABLE);
    }

    private static Decision finished(Wanted.Valid valid, SequencedMap<Platform, Verdict> done, List<Platform> absent) {
        SequencedMap<Platform, String> images = new LinkedHashMap<>();
        done.forEach((platform, verdict) -> {
            if (verdict instanceof Verdict.Done(String digest)) {
                images.put(platform, digest);
            }
        });
        return valid.names() == null
                ? new Succeed(images.firstEntry().getValue(), absent)
                : new Join(Collections.unmodifiableSequencedMap(images), absent);
    }

    private static <V extends Verdict> java.util.stream.Stream<V> each(List<Verdict> verdicts, Class<V> kind) {
        return verdicts.stream().filter(kind::isInstance).map(kind::cast);
    }
}
