package dev.strata.operator;

import dev.strata.api.BuildClass;
import dev.strata.api.BuildClassSpec;
import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildSpec;
import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.Attempt;
import dev.strata.operator.PodReading.Trouble;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Reads everything that a decision about a build may look at: from the watches, from the logs, and what is left by requests. */
final class Observer {
    /** When a pod that does not start is looked at more closely. */
    static final Duration SLOW_START = Duration.ofSeconds(3);

    private final Cluster cluster;
    private final Followers followers;
    private final Upstream upstream;
    private final Wakes wakes;
    private final OperatorSettings settings;
    private final Clock clock;
    /** By the build's uid; cleared when its pods are gone. */
    private final Map<String, Remembered> remembered = new ConcurrentHashMap<>();

    /** @param wakes called when a builder has told something */
    Observer(
            Cluster cluster,
            Followers followers,
            Upstream upstream,
            Wakes wakes,
            OperatorSettings settings,
            Clock clock) {
        this.cluster = cluster;
        this.upstream = upstream;
        this.followers = followers;
        this.wakes = wakes;
        this.settings = settings;
        this.clock = clock;
    }

    /** What is kept about a pod goes with it. */
    void forget(Pod pod) {
        followers.forget(pod.getMetadata().getUid());
        pod.getMetadata().getOwnerReferences().stream()
                .map(OwnerReference::getUid)
                .forEach(remembered::remove);
    }

    /**
     * @param told by platform, of the pods that are followed
     * @param times by pod, of the same
     */
    record Observation(
            Observed seen, Map<String, Progress.Seen> told, Map<String, Progress.Times> times, int historyLimit) {}

    Observation observe(ImageBuild build, Context<ImageBuild> context) {
        Instant now = clock.instant();
        BuildClass buildClass = context.getSecondaryResource(BuildClass.class).orElse(null);
        BuildClassSpec classSpec = buildClass == null ? null : buildClass.getSpec();
        ImageBuildStatus status = build.getStatus() == null ? ImageBuildStatus.NONE : build.getStatus();
        List<Pod> pods = pods(build, status, context);
        Wanted wanted = wanted(build, buildClass, status, pods, now);
        String hash = wanted instanceof Wanted.Valid valid ? valid.hash() : "";
        Map<String, Progress.Seen> told = new TreeMap<>();
        Map<String, Progress.Times> times = new TreeMap<>();
        Map<String, Integer> attempts = new TreeMap<>();
        List<BuilderPod> read = new ArrayList<>();
        int shown =
                wanted instanceof Wanted.Valid valid ? 100 / valid.platforms().size() : 100;
        for (Pod pod : pods) {
            Optional<Followers.Follower> follower = follow(build, pod, hash, status);
            Optional<Progress.Seen> progress =
                    follower.map(known -> known.progress().seen(PodLabels.isolation(pod), shown));
            progress.ifPresent(known -> {
                times.put(pod.getMetadata().getName(), known.times());
                if (attempts.merge(PodLabels.platform(pod), PodLabels.attempt(pod), Math::max)
                        == PodLabels.attempt(pod)) {
                    told.put(PodLabels.platform(pod), known);
                }
            });
            BuilderPod plain = PodReading.read(
                    pod,
                    progress.map(Progress.Seen::outcome).orElse(null),
                    follower.map(Followers.Follower::complete).orElse(true),
                    trouble(pod, now),
                    now);
            read.add(progress.map(Progress.Seen::held)
                    .map(held -> PodReading.held(plain, pod, held))
                    .orElse(plain));
        }
        return new Observation(
                new Observed(
                        build.getMetadata().getGeneration(),
                        build.getSpec() != null
                                && Boolean.TRUE.equals(build.getSpec().suspend()),
                        wanted,
                        Planner.rebuild(build),
                        status,
                        read,
                        upstream.known(build),
                        sibling(build, hash),
                        true,
                        retryLimit(build.getSpec(), classSpec),
                        settings.retryDelay(),
                        wanted instanceof Wanted.Valid ? due(build.getSpec(), now) : null,
                        now),
                told,
                times,
                classSpec == null || classSpec.historyLimit() == null
                        ? OperatorSettings.HISTORY
                        : classSpec.historyLimit());
    }

    private Observed.@Nullable Sibling sibling(ImageBuild build, String hash) {
        return hash.isEmpty()
                ? null
                : wakes.built(build.getMetadata().getNamespace(), hash)
                        .filter(other -> !other.getMetadata()
                                .getUid()
                                .equals(build.getMetadata().getUid()))
                        .map(other -> new Observed.Sibling(other.getMetadata().getName(), other.getStatus()))
                        .findFirst()
                        .orElse(null);
    }

    private static @Nullable Instant due(@Nullable ImageBuildSpec spec, Instant now) {
        Schedule schedule = spec == null ? null : Planner.schedule(spec);
        return schedule == null ? null : schedule.next(now).orElse(null);
    }

    private static int retryLimit(@Nullable ImageBuildSpec spec, @Nullable BuildClassSpec classSpec) {
        return spec == null
                ? OperatorSettings.RETRIES
                : new ClassDefaults(spec, classSpec == null ? BuildClassSpec.NONE : classSpec).retryLimit();
    }

    /** The pods of the watch, and those that the status tells of and the watch does not know yet. */
    private List<Pod> pods(ImageBuild build, ImageBuildStatus status, Context<ImageBuild> context) {
        List<Pod> pods = new ArrayList<>(context.getSecondaryResources(Pod.class));
        for (Attempt attempt : status.attempts()) {
            if (attempt.state() == Attempt.State.RUNNING
                    && pods.stream()
                            .noneMatch(pod -> pod.getMetadata().getName().equals(attempt.pod()))) {
                cluster.pod(build.getMetadata().getNamespace(), attempt.pod()).ifPresent(pods::add);
            }
        }
        return pods;
    }

    /** What was wanted when a pod was started, so that nothing is read again and again while it works. */
    private record Remembered(
            long generation,
            @Nullable String rebuild,
            @Nullable String classVersion,
            Looked looked,
            Wanted.Valid wanted) {}

    private Wanted wanted(
            ImageBuild build, @Nullable BuildClass buildClass, ImageBuildStatus status, List<Pod> pods, Instant now) {
        String uid = build.getMetadata().getUid();
        long generation = build.getMetadata().getGeneration();
        String rebuild = Planner.rebuild(build);
        String classVersion =
                buildClass == null ? null : buildClass.getMetadata().getResourceVersion();
        Remembered last = remembered.get(uid);
        Looked known = upstream.known(build);
        if (last != null
                && last.generation() == generation
                && Objects.equals(last.rebuild(), rebuild)
                && Objects.equals(last.classVersion(), classVersion)
                && last.looked().equals(known)
                && pods.stream().anyMatch(pod -> isAtWork(pod, last.wanted().hash()))) {
            return last.wanted();
        }
        Gathered gathered = cluster.gather(build, buildClass);
        Looked looked = upstream.look(gathered, status);
        Wanted wanted = Planner.plan(gathered, status, looked, settings, now);
        if (wanted instanceof Wanted.Valid valid && pods.stream().anyMatch(pod -> isAtWork(pod, valid.hash()))) {
            remembered.put(uid, new Remembered(generation, rebuild, classVersion, looked, valid));
        } else {
            remembered.remove(uid);
        }
        return wanted;
    }

    private static boolean isAtWork(Pod pod, String hash) {
        return PodLabels.inputs(pod).equals(hash) && PodReading.terminated(pod).isEmpty();
    }

    /** Follows the log of a pod whose end is not recorded, from the moment that it has one. */
    private Optional<Followers.Follower> follow(ImageBuild build, Pod pod, String hash, ImageBuildStatus status) {
        boolean settled = status.inputs() != null && hash.equals(status.inputs().hash());
        boolean failed = status.attempts().stream()
                .anyMatch(attempt ->
                        attempt.pod().equals(pod.getMetadata().getName()) && attempt.state() == Attempt.State.FAILED);
        if (settled || failed || !PodLabels.inputs(pod).equals(hash) || !PodReading.hasLog(pod)) {
            followers.forget(pod.getMetadata().getUid());
            return Optional.empty();
        }
        ResourceID id = ResourceID.fromResource(build);
        Followers.Follower follower = followers.follow(pod, () -> wakes.wake(id));
        if (PodReading.terminated(pod).isPresent()) {
            follower.podEnded();
        }
        return Optional.of(follower);
    }

    /** Asked for only where a pod takes long to start, because each asking is a request. */
    private List<Trouble> trouble(Pod pod, Instant now) {
        Instant created = Instant.parse(pod.getMetadata().getCreationTimestamp());
        return PodReading.hasLog(pod) || created.plus(SLOW_START).isAfter(now) ? List.of() : cluster.trouble(pod);
    }
}
