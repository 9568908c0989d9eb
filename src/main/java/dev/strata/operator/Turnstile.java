package dev.strata.operator;

import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import dev.strata.api.Reason;
import dev.strata.operator.Queue.Load;
import dev.strata.operator.Queue.Waiting;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The one place where builds meet: lets as many start as their class allows, in the order of {@link Queue}, and only one
 * of those in a namespace that build the same inputs. What it counts are the pods that there are, so a new operator
 * counts the same; it remembers by itself only who waits, who comes back to ask, and pods of the last seconds.
 */
final class Turnstile {
    static final Comparator<ResourceID> BY_NAME = Comparator.comparing(
                    (ResourceID id) -> id.getNamespace().orElse(""))
            .thenComparing(ResourceID::getName);
    private static final Duration TWIN_AGAIN = Duration.ofSeconds(5);
    private static final Duration SOONEST = Duration.ofSeconds(10);
    private static final Duration LATEST = Duration.ofMinutes(2);
    /** How long a pod that was ordered counts although the watch does not show it. */
    private static final Duration ON_ITS_WAY = Duration.ofSeconds(30);
    /** How much the latest builder counts in the average. */
    private static final double NEW = 0.2;

    private final Supplier<Stream<Pod>> pods;
    private final Builds builds;
    private final Consumer<ResourceID> wake;
    private final Map<String, Map<ResourceID, Waiting>> waiting = new HashMap<>();
    private final Map<ResourceID, Queue.Limits> limits = new HashMap<>();
    private final Map<String, Ordered> ordered = new HashMap<>();
    private final Map<String, Duration> averages = new HashMap<>();
    private final Map<String, Set<ResourceID>> twins = new HashMap<>();

    /**
     * @param pods all builder pods that the watch shows
     * @param builds all builds that the watch shows
     * @param wake has a build looked at again
     */
    Turnstile(Supplier<Stream<Pod>> pods, Builds builds, Consumer<ResourceID> wake) {
        this.pods = pods;
        this.builds = builds;
        this.wake = wake;
    }

    /** What is asked of the watch on builds. */
    interface Builds {
        boolean exists(ResourceID build);

        /** Those of a namespace that have begun with these inputs, and have neither an image of them nor given up. */
        Stream<ImageBuild> underWay(String namespace, String inputs);
    }

    /** A builder that counts. */
    private record Builder(String namespace, String className, String inputs, String owner, Instant made) {}

    private record Ordered(Builder builder, Instant at) {}

    /** What of a decision may be done now: all but starts always; of a start as many orders as are admitted. */
    synchronized Decision admit(ImageBuild build, Observed seen, Wanted.Valid valid, Decision decision) {
        ResourceID id = ResourceID.fromResource(build);
        if (!(decision instanceof Decision.Start start)) {
            leave(id);
            return decision;
        }
        Map<String, Builder> builders = builders(seen.now());
        String owner = build.getMetadata().getUid();
        String twin = id.getNamespace().orElse("") + " " + valid.hash();
        if (hasTwin(id, owner, seen, valid.hash(), builders)) {
            leave(id);
            twins.computeIfAbsent(twin, none -> new TreeSet<>(BY_NAME)).add(id);
            return new Decision.Hold(Reason.SAME_INPUTS, Reason.SAME_INPUTS.meaning(), TWIN_AGAIN);
        }
        Queue.Limits limit = valid.course().limits();
        int granted = start.orders().size();
        if (!limit.equals(Queue.Limits.NONE)) {
            Decision queued = enter(id, seen, valid, start, builders);
            if (!(queued instanceof Decision.Start admitted)) {
                return queued;
            }
            granted = admitted.orders().size();
        }
        List<Decision.Order> orders = start.orders().subList(0, granted);
        for (Decision.Order order : orders) {
            Builder builder = new Builder(
                    id.getNamespace().orElse(""), valid.course().className(), valid.hash(), owner, seen.now());
            ordered.put(DesiredPod.name(build, valid.hash(), order), new Ordered(builder, seen.now()));
        }
        if (granted == start.orders().size()) {
            leave(id);
        }
        return new Decision.Start(orders);
    }

    /** Whoever has begun with these inputs goes on with them; only who has not waits for another one. */
    private boolean hasTwin(ResourceID id, String owner, Observed seen, String hash, Map<String, Builder> builders) {
        if (seen.status().trigger() != null
                && hash.equals(seen.status().trigger().inputs())) {
            return false;
        }
        return builders.values().stream().anyMatch(other -> isTwin(other, id, owner, hash))
                || builds.underWay(id.getNamespace().orElse(""), hash)
                        .anyMatch(other -> !owner.equals(other.getMetadata().getUid()));
    }

    private static boolean isTwin(Builder other, ResourceID id, String owner, String hash) {
        return other.namespace().equals(id.getNamespace().orElse(""))
                && other.inputs().equals(hash)
                && !other.owner().equals(owner);
    }

    private Decision enter(
            ResourceID id, Observed seen, Wanted.Valid valid, Decision.Start start, Map<String, Builder> builders) {
        Wanted.Course course = valid.course();
        ImageBuildStatus.Queue before = seen.status().queue();
        limits.put(id, course.limits());
        Map<ResourceID, Waiting> line = waiting.computeIfAbsent(course.className(), none -> new LinkedHashMap<>());
        Waiting already = line.get(id);
        Instant since = before != null ? Instant.parse(before.since()) : already != null ? already.since() : seen.now();
        line.put(
                id,
                new Waiting(
                        id.toString(),
                        id.getNamespace().orElse(""),
                        course.priority(),
                        since,
                        start.orders().size()));
        Load load = load(course.className(), builders);
        List<Waiting> order = Queue.order(waiting.get(course.className()).values(), load);
        Integer pods = Queue.admitted(order, load, course.limits()).get(id.toString());
        if (pods != null) {
            return new Decision.Start(start.orders().subList(0, pods));
        }
        boolean working = seen.pods().stream()
                .anyMatch(pod -> pod.active() && pod.inputs().equals(valid.hash()));
        if (working) {
            return new Decision.Wait(
                    Reason.BUILDING,
                    "some platforms are being built; " + start.orders().size() + " wait for their turn");
        }
        int place = 1;
        while (!order.get(place - 1).id().equals(id.toString())) {
            place++;
        }
        Optional<Duration> expected = Queue.expected(place, averages.get(course.className()), course.limits());
        return new Decision.Queued(place, order.size(), expected.orElse(null), since, again(expected));
    }

    /** A place far behind is looked at seldom, so that thousands who wait are not a load; whose turn it is is woken. */
    private static Duration again(Optional<Duration> expected) {
        Duration soon = expected.map(wait -> wait.dividedBy(4)).orElse(SOONEST);
        return soon.compareTo(SOONEST) < 0 ? SOONEST : soon.compareTo(LATEST) > 0 ? LATEST : soon;
    }

    /** How many builds wait for their turn, in all classes. */
    synchronized int length() {
        return waiting.values().stream().mapToInt(Map::size).sum();
    }

    private void leave(ResourceID id) {
        limits.remove(id);
        waiting.values().forEach(line -> line.remove(id));
    }

    /** A pod was not made after all. */
    synchronized void release(String pod) {
        ordered.remove(pod);
    }

    /** An attempt ended after so long. */
    synchronized void took(String className, Duration time) {
        averages.merge(
                className,
                time,
                (before, now) -> Duration.ofMillis((long) (before.toMillis() * (1 - NEW) + now.toMillis() * NEW)));
    }

    /** Something may have become free: wakes those whose turn it is now. */
    void turn(Instant now) {
        next(now).forEach(wake);
    }

    private synchronized List<ResourceID> next(Instant now) {
        if (limits.isEmpty() && twins.isEmpty()) {
            return List.of();
        }
        Map<String, Builder> builders = builders(now);
        Map<String, ResourceID> ids = new LinkedHashMap<>();
        List<ResourceID> awake = new ArrayList<>();
        waiting.forEach((className, line) -> {
            line.keySet().removeIf(id -> !builds.exists(id));
            line.keySet().forEach(id -> ids.put(id.toString(), id));
            line.keySet().stream().findFirst().ifPresent(any -> {
                Load load = load(className, builders);
                Queue.admitted(Queue.order(line.values(), load), load, limits.getOrDefault(any, Queue.Limits.NONE))
                        .keySet()
                        .forEach(id -> awake.add(Objects.requireNonNull(ids.get(id))));
            });
        });
        twins.entrySet().removeIf(entry -> {
            String[] key = entry.getKey().split(" ", 2);
            boolean over = builders.values().stream()
                            .noneMatch(builder -> (builder.namespace() + " " + builder.inputs()).equals(entry.getKey()))
                    && builds.underWay(key[0], key[1]).findAny().isEmpty();
            if (over) {
                awake.addAll(entry.getValue());
            }
            return over;
        });
        return awake;
    }

    private static Load load(String className, Map<String, Builder> builders) {
        SequencedMap<String, Integer> running = new LinkedHashMap<>();
        Map<String, Instant> served = new TreeMap<>();
        builders.values().stream()
                .filter(builder -> builder.className().equals(className))
                .forEach(builder -> {
                    running.merge(builder.namespace(), 1, Integer::sum);
                    served.merge(builder.namespace(), builder.made(), (one, other) -> one.isAfter(other) ? one : other);
                });
        return new Load(running, served);
    }

    /** By pod name: those that the watch shows and that have not ended, and those that it will show. */
    private Map<String, Builder> builders(Instant now) {
        ordered.values().removeIf(each -> each.at().plus(ON_ITS_WAY).isBefore(now));
        Map<String, Builder> builders = new HashMap<>();
        ordered.forEach((pod, each) -> builders.put(pod, each.builder()));
        pods.get().forEach(pod -> {
            String name = pod.getMetadata().getName();
            ordered.remove(name);
            builders.remove(name);
            if (isActive(pod)) {
                builders.put(name, builder(pod, now));
            }
        });
        return builders;
    }

    private static boolean isActive(Pod pod) {
        String phase = pod.getStatus() == null ? null : pod.getStatus().getPhase();
        return !"Succeeded".equals(phase)
                && !"Failed".equals(phase)
                && PodReading.terminated(pod).isEmpty();
    }

    private static Builder builder(Pod pod, Instant now) {
        String made = pod.getMetadata().getCreationTimestamp();
        return new Builder(
                pod.getMetadata().getNamespace(),
                PodLabels.className(pod),
                PodLabels.inputs(pod),
                pod.getMetadata().getOwnerReferences().stream()
                        .map(OwnerReference::getUid)
                        .findFirst()
                        .orElse(""),
                made == null ? now : Instant.parse(made));
    }
}
