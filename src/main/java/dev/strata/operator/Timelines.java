package dev.strata.operator;

import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import dev.strata.operator.Timeline.AttemptTimes;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.javaoperatorsdk.operator.api.monitoring.Metrics;
import io.javaoperatorsdk.operator.processing.event.Event;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.ResourceAction;
import io.javaoperatorsdk.operator.processing.event.source.controller.ResourceEvent;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the timelines of the builds that are under way, and hands each on when its end is recorded. It asks the cluster for
 * nothing: the framework tells it of writes, of patches that were taken and of resources that are gone, the watch on pods
 * of pods, and a reconciliation of the rest. What was before this process began, it does not know.
 */
final class Timelines implements Metrics {
    private final Clock clock;
    private final Ends ends;
    private final Map<ResourceID, Known> builds = new HashMap<>();

    /** Who is told of each build that has ended. */
    interface Ends {
        /** Called once the status is recorded, by a thread that has other things to do. */
        void ended(ImageBuild build, ImageBuildStatus status, Timeline timeline);
    }

    /** What is known of one build: nothing but the write at first. */
    private static final class Known {
        @Nullable
        Instant changed;

        @Nullable
        String inputs;

        @Nullable
        Instant since;

        @Nullable
        Instant queued;

        final Map<String, AttemptTimes> attempts = new HashMap<>();

        @Nullable
        ImageBuildStatus end;

        @Nullable
        Instant decided;
    }

    Timelines(Clock clock, Ends ends) {
        this.clock = clock;
        this.ends = ends;
    }

    /** A write that may begin a build. What was there before this process and has attempts was begun by another write. */
    @Override
    public synchronized void eventReceived(Event event, Map<String, Object> metadata) {
        if (event instanceof ResourceEvent write && write.getAction() != ResourceAction.DELETED && !isUnderWay(write)) {
            known(event.getRelatedCustomResourceID()).changed = clock.instant();
        }
    }

    private static boolean isUnderWay(ResourceEvent write) {
        return write.getAction() == ResourceAction.ADDED
                && write.getResource().orElse(null) instanceof ImageBuild build
                && build.getStatus() != null
                && !build.getStatus().attempts().isEmpty();
    }

    /** Told of each decision before it is carried out, so that what the watch tells of it finds it noted. */
    void decided(ResourceID build, Observer.Observation observation, Decision decision) {
        switch (decision) {
            case Decision.Queued queued -> {
                goesOn(build, observation);
                queued(build, observation.seen().now());
            }
            case Decision.Start start -> goesOn(build, observation);
            case Decision.Wait wait -> goesOn(build, observation);
            case Decision.Retry retry -> goesOn(build, observation);
            case Decision.Join join -> goesOn(build, observation);
            case Decision.Succeed succeed -> goesOn(build, observation);
            case Decision.Stall stall -> goesOn(build, observation);
            case Decision.Adopt adopt -> rests(build);
            case Decision.Rebase rebase -> rests(build);
            case Decision.Retag retag -> rests(build);
            case Decision.Settled settled -> rests(build);
            case Decision.Clean clean -> {}
            case Decision.Hold hold -> {}
        }
    }

    private void goesOn(ResourceID build, Observer.Observation observation) {
        if (observation.seen().wanted() instanceof Wanted.Valid valid) {
            underWay(build, valid.hash(), observation.seen().now());
            told(build, observation.times());
        }
    }

    /**
     * A build is at work, or about to be.
     *
     * @param inputs the hash of what it builds: others are another build
     * @param now where no write called for it, when it was found that something else did
     */
    synchronized void underWay(ResourceID build, String inputs, Instant now) {
        Known known = known(build);
        if (!inputs.equals(known.inputs)) {
            known.inputs = inputs;
            known.since = known.changed == null ? now : known.changed;
            known.queued = null;
            known.attempts.clear();
        }
        known.changed = null;
    }

    /** A build waits for its turn. */
    synchronized void queued(ResourceID build, Instant now) {
        Known known = known(build);
        known.queued = known.queued == null ? now : known.queued;
    }

    /** Its pod is asked for; from here on the watch may tell of it. */
    synchronized void ordered(ResourceID build, String pod) {
        Known known = known(build);
        known.attempts.put(pod, AttemptTimes.UNKNOWN.queuedAndOrdered(known.queued, clock.instant()));
        known.queued = null;
    }

    /** The API server has taken its pod. */
    synchronized void written(ResourceID build, String pod) {
        known(build).attempts.computeIfPresent(pod, (name, times) -> times.reached(Milestone.WRITTEN, clock.instant()));
    }

    /** The watch tells of a pod; of one that another operator made, nobody knows how long that took. */
    synchronized void seen(Pod pod) {
        Instant now = clock.instant();
        String name = pod.getMetadata().getName();
        pod.getMetadata().getOwnerReferences().stream()
                .map(owner -> builds.get(
                        new ResourceID(owner.getName(), pod.getMetadata().getNamespace())))
                .filter(known -> known != null && known.attempts.containsKey(name))
                .forEach(known -> known.attempts.computeIfPresent(name, (key, times) -> seen(times, pod, now)));
    }

    private static AttemptTimes seen(AttemptTimes times, Pod pod, Instant now) {
        AttemptTimes after = PodReading.hasNode(pod)
                ? times.reached(Milestone.SCHEDULED, at(now, PodReading.since(pod, PodReading.SCHEDULED)))
                : times;
        return PodReading.since(pod, PodReading.SANDBOX)
                .map(since -> after.ready(at(now, Optional.of(since))))
                .orElse(after);
    }

    /** It was in the second that the cluster tells, and not after it was seen. */
    private static Instant at(Instant seen, Optional<Instant> second) {
        return second.map(since -> since.plusSeconds(1)).filter(seen::isAfter).orElse(seen);
    }

    /** What the builders of its pods have told by now, by pod. */
    synchronized void told(ResourceID build, Map<String, Progress.Times> times) {
        Known known = known(build);
        times.forEach((pod, told) ->
                known.attempts.merge(pod, AttemptTimes.UNKNOWN.told(told), (before, after) -> before.told(told)));
    }

    /** A build's end is about to be recorded. */
    synchronized void ends(ResourceID build, ImageBuildStatus status) {
        Known known = known(build);
        known.end = status;
        known.decided = clock.instant();
    }

    /** There is nothing to do for a build. */
    synchronized void rests(ResourceID build) {
        builds.remove(build);
    }

    /** A reconciliation is over, its patch was taken. */
    @Override
    public void reconciliationSucceeded(HasMetadata resource, Map<String, Object> metadata) {
        if (resource instanceof ImageBuild build) {
            recorded(ResourceID.fromResource(build)).ifPresent(known -> {
                ImageBuildStatus status = known.end;
                if (status != null) {
                    ends.ended(
                            build, status, new Timeline(known.since, known.attempts, known.decided, clock.instant()));
                }
            });
        }
    }

    private synchronized Optional<Known> recorded(ResourceID build) {
        Known known = builds.get(build);
        return known == null || known.end == null ? Optional.empty() : Optional.ofNullable(builds.remove(build));
    }

    /** A build is gone. */
    @Override
    public void cleanupDone(ResourceID build, Map<String, Object> metadata) {
        rests(build);
    }

    /** How many builds something is kept of. */
    synchronized int size() {
        return builds.size();
    }

    private Known known(ResourceID build) {
        return builds.computeIfAbsent(build, id -> new Known());
    }
}
