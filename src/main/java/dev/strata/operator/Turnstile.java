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
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

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
    private static final Duration PLACES = Duration.ofSeconds(1);
    private static final int MANY = 200;
    private static final Duration SOONEST = Duration.ofSeconds(10);
    private static final Duration LATEST = Duration.ofMinutes(2);
    /** How long a pod that was ordered counts although the watch does not show it. */
    private static final Duration ON_ITS_WAY = Duration.ofSeconds(30);
    /** How much the latest builder counts in the average. */
    private static final double NEW = 0.2;

    private final Supplier<Stream<Pod>> pods;
    private final Builds builds;
    private final Consumer<ResourceID> wake;
    private final Map<String, ClassQueue> queues = new TreeMap<>();
    private final Map<String, Ordered> ordered = new HashMap<>();
    private Map<String, Seen> read = Map.of();
    private final Map<Same, Set<ResourceID>> twins = new HashMap<>();

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

        /**
         * Those of a namespace that are under way or have an image of these inputs. A build that goes from the one to the
         * other is seen all the time.
         */
        Stream<ImageBuild> begun(String namespace, String inputs);
    }

    /** @param made as Kubernetes writes times, which sort as text */
    private record Builder(String namespace, String className, String inputs, String owner, String made) {
        Same builds() {
            return new Same(namespace, inputs);
        }
    }

    /** Builds that are alike in this are built once. */
    private record Same(String namespace, String inputs) {}

    private record Ordered(Builder builder, Instant at) {}

    /**
     * What was read of a pod, which is not read again before it changes.
     *
     * @param version as the API server gives it
     * @param builder null where it has ended
     */
    private record Seen(@Nullable String version, @Nullable Builder builder) {}

    /** What of a decision may be done now: all but starts always; of a start as many orders as are admitted. */
    synchronized Decision admit(ImageBuild build, Observed seen, Wanted.Valid valid, Decision decision) {
        ResourceID id = ResourceID.fromResource(build);
        if (!(decision instanceof Decision.Start start)) {
            leave(id);
            return decision;
        }
        Map<String, Builder> builders = builders(seen.now());
        String owner = build.getMetadata().getUid();
        Same inputs = new Same(id.getNamespace().orElse(""), valid.hash());
        if (hasTwin(inputs, owner, seen, builders)) {
            leave(id);
            twins.computeIfAbsent(inputs, none -> new TreeSet<>(BY_NAME)).add(id);
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
                    inputs.namespace(), valid.course().className(), valid.hash(), owner, Attempts.text(seen.now()));
            ordered.put(DesiredPod.name(build, valid.hash(), order), new Ordered(builder, seen.now()));
        }
        if (granted == start.orders().size()) {
            leave(id);
        }
        return new Decision.Start(orders);
    }

    /**
     * Whoever has begun with these inputs goes on with them; only who has not waits for another one. Where no image of them
     * was seen when the build was looked at, one that is there by now counts as well: the next look takes it.
     */
    private boolean hasTwin(Same inputs, String owner, Observed seen, Map<String, Builder> builders) {
        if (seen.status().trigger() != null
                && inputs.inputs().equals(seen.status().trigger().inputs())) {
            return false;
        }
        return builders.values().stream()
                        .anyMatch(other ->
                                other.builds().equals(inputs) && !other.owner().equals(owner))
                || (seen.sibling() == null
                                ? builds.begun(inputs.namespace(), inputs.inputs())
                                : builds.underWay(inputs.namespace(), inputs.inputs()))
                        .anyMatch(other -> !owner.equals(other.getMetadata().getUid()));
    }

    private Decision enter(
            ResourceID id, Observed seen, Wanted.Valid valid, Decision.Start start, Map<String, Builder> builders) {
        Wanted.Course course = valid.course();
        ImageBuildStatus.Queue before = seen.status().queue();
        ClassQueue queue = queues.computeIfAbsent(course.className(), none -> new ClassQueue());
        Instant since = before != null
                ? Instant.parse(before.since())
                : queue.lines.get(id.toString()).map(Waiting::since).orElse(seen.now());
        queue.put(
                id,
                new Waiting(
                        id.toString(),
                        id.getNamespace().orElse(""),
                        course.priority(),
                        since,
                        start.orders().size()),
                course.limits());
        Load load = load(course.className(), builders);
        Integer pods = Queue.admitted(queue.lines, load, course.limits()).get(id.toString());
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
        int place = queue.place(id, load, seen.now());
        Optional<Duration> expected = Queue.expected(place, queue.average, course.limits());
        return new Decision.Queued(place, queue.lines.size(), expected.orElse(null), since, again(expected));
    }

    /** The builds that wait for their turn in one class. */
    private final class ClassQueue {
        final Queue.Lines lines = new Queue.Lines();
        private final Map<String, ResourceID> ids = new HashMap<>();
        private Map<String, Integer> places = Map.of();
        private Instant placed = Instant.MIN;
        /** As the class had it when somebody came last. */
        Queue.Limits limits = Queue.Limits.NONE;
        /** How long the latest builders took; null where none has ended yet. */
        @Nullable
        Duration average;

        void put(ResourceID id, Waiting waiting, Queue.Limits newLimits) {
            lines.put(waiting);
            ids.put(waiting.id(), id);
            limits = newLimits;
        }

        void remove(String id) {
            lines.remove(id);
            ids.remove(id);
        }

        /**
         * Places are counted anew once a second, and for whoever is new; where many wait, who is new is told to be the last
         * until then.
         */
        int place(ResourceID id, Load load, Instant now) {
            boolean counted = places.containsKey(id.toString()) || lines.size() > MANY;
            if (!counted || placed.plus(PLACES).isBefore(now)) {
                lines.ids().stream()
                        .filter(each -> !builds.exists(Objects.requireNonNull(ids.get(each))))
                        .forEach(this::remove);
                places = new HashMap<>();
                Queue.order(lines, load).forEach(each -> places.put(each.id(), places.size() + 1));
                placed = now;
            }
            return Math.min(places.getOrDefault(id.toString(), lines.size()), lines.size());
        }

        /** Those whose turn it is. Whoever is gone steps out, and the next one takes the place. */
        List<ResourceID> next(Load load) {
            while (true) {
                List<ResourceID> next = Queue.admitted(lines, load, limits).keySet().stream()
                        .map(id -> Objects.requireNonNull(ids.get(id)))
                        .toList();
                List<ResourceID> gone =
                        next.stream().filter(id -> !builds.exists(id)).toList();
                if (gone.isEmpty()) {
                    return next;
                }
                gone.forEach(id -> remove(id.toString()));
            }
        }
    }

    /** A place far behind is looked at seldom, so that thousands who wait are not a load; whose turn it is is woken. */
    private static Duration again(Optional<Duration> expected) {
        Duration soon = expected.map(wait -> wait.dividedBy(4)).orElse(SOONEST);
        return soon.compareTo(SOONEST) < 0 ? SOONEST : soon.compareTo(LATEST) > 0 ? LATEST : soon;
    }

    /** How many builds wait for their turn, in all classes. */
    synchronized int length() {
        return queues.values().stream().mapToInt(queue -> queue.lines.size()).sum();
    }

    private void leave(ResourceID id) {
        queues.values().forEach(queue -> queue.remove(id.toString()));
    }

    /** A pod was not made after all. */
    synchronized void release(String pod) {
        ordered.remove(pod);
    }

    /** An attempt ended after so long. */
    synchronized void took(String className, Duration time) {
        ClassQueue queue = queues.computeIfAbsent(className, none -> new ClassQueue());
        queue.average = queue.average == null
                ? time
                : Duration.ofMillis((long) (queue.average.toMillis() * (1 - NEW) + time.toMillis() * NEW));
    }

    /** Something may have become free: wakes those whose turn it is now. */
    void turn(Instant now) {
        next(now).forEach(wake);
    }

    private synchronized List<ResourceID> next(Instant now) {
        if (twins.isEmpty() && length() == 0) {
            return List.of();
        }
        Map<String, Builder> builders = builders(now);
        List<ResourceID> awake = new ArrayList<>();
        queues.forEach((className, queue) -> {
            if (queue.lines.size() > 0) {
                awake.addAll(queue.next(load(className, builders)));
            }
        });
        if (!twins.isEmpty()) {
            Set<Same> building = builders.values().stream().map(Builder::builds).collect(Collectors.toSet());
            twins.entrySet().removeIf(entry -> {
                Same inputs = entry.getKey();
                boolean over = !building.contains(inputs)
                        && builds.underWay(inputs.namespace(), inputs.inputs())
                                .findAny()
                                .isEmpty();
                if (over) {
                    awake.addAll(entry.getValue());
                }
                return over;
            });
        }
        return awake;
    }

    private static Load load(String className, Map<String, Builder> builders) {
        Map<String, Integer> running = new HashMap<>();
        Map<String, String> latest = new HashMap<>();
        for (Builder builder : builders.values()) {
            if (builder.className().equals(className)) {
                running.merge(builder.namespace(), 1, Integer::sum);
                latest.merge(
                        builder.namespace(), builder.made(), (one, other) -> one.compareTo(other) > 0 ? one : other);
            }
        }
        Map<String, Instant> served = new HashMap<>();
        latest.forEach((namespace, made) -> served.put(namespace, Instant.parse(made)));
        return new Load(running, served);
    }

    /** By pod name: those that the watch shows and that have not ended, and those that it will show. */
    private Map<String, Builder> builders(Instant now) {
        ordered.values().removeIf(each -> each.at().plus(ON_ITS_WAY).isBefore(now));
        Map<String, Seen> current = new HashMap<>();
        pods.get().forEach(pod -> {
            String name = pod.getMetadata().getName();
            ordered.remove(name);
            String version = pod.getMetadata().getResourceVersion();
            Seen before = read.get(name);
            current.put(
                    name,
                    before != null && Objects.equals(before.version(), version)
                            ? before
                            : new Seen(version, isActive(pod) ? builder(pod, now) : null));
        });
        read = current;
        Map<String, Builder> builders = new HashMap<>();
        ordered.forEach((pod, each) -> builders.put(pod, each.builder()));
        current.forEach((pod, each) -> {
            if (each.builder() != null) {
                builders.put(pod, each.builder());
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
                made == null ? Attempts.text(now) : made);
    }
}
