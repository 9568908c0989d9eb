package dev.strata.operator;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * In which order waiting builds come to their turn. Pure.
 *
 * <p>Between namespaces: the one with the fewest builders is next; where they have the same, the one that was served
 * longest ago. So a namespace with thousands of builds delays another one's first by one builder's time at most. Inside a
 * namespace: by priority and waiting time together, since a step of priority is worth {@link #STEP}: nobody waits for
 * ever behind a stream of more important builds.
 */
final class Queue {
    /** What a step of priority is worth in waiting time. */
    static final Duration STEP = Duration.ofMinutes(10);

    private Queue() {}

    /**
     * How many builder pods of a class may be there at once; null is no limit.
     *
     * @param perNamespace in one namespace
     * @param total in all of them
     */
    record Limits(@Nullable Integer perNamespace, @Nullable Integer total) {
        static final Limits NONE = new Limits(null, null);
    }

    /**
     * A build that could start.
     *
     * @param id unlike every other's
     * @param pods how many builder pods it would start
     */
    record Waiting(String id, String namespace, int priority, Instant since, int pods) {
        private Instant rank() {
            return since.minus(STEP.multipliedBy(priority));
        }
    }

    /**
     * What runs.
     *
     * @param running builder pods by namespace
     * @param served when a namespace's latest builder pod was made
     */
    record Load(Map<String, Integer> running, Map<String, Instant> served) {
        int total() {
            return running.values().stream().mapToInt(Integer::intValue).sum();
        }
    }

    private static final class Line {
        final String namespace;
        final Instant served;
        final Deque<Waiting> waiting = new ArrayDeque<>();
        int builders;

        Line(String namespace, int builders, Instant served) {
            this.namespace = namespace;
            this.builders = builders;
            this.served = served;
        }

        Instant since() {
            return waiting.element().since();
        }
    }

    /** All that wait, in the order in which they would start if nothing but their own starts happened. */
    static List<Waiting> order(Collection<Waiting> all, Load load) {
        Map<String, Line> lines = new TreeMap<>();
        all.stream()
                .sorted(Comparator.comparing(Waiting::rank).thenComparing(Waiting::id))
                .forEach(waiting -> lines.computeIfAbsent(
                                waiting.namespace(),
                                name -> new Line(
                                        name,
                                        load.running().getOrDefault(name, 0),
                                        load.served().getOrDefault(name, Instant.MIN)))
                        .waiting
                        .add(waiting));
        PriorityQueue<Line> next = new PriorityQueue<>(Comparator.<Line>comparingInt(line -> line.builders)
                .thenComparing(line -> line.served)
                .thenComparing(Line::since)
                .thenComparing(line -> line.namespace));
        next.addAll(lines.values());
        List<Waiting> order = new ArrayList<>(all.size());
        while (!next.isEmpty()) {
            Line line = next.remove();
            Waiting first = line.waiting.remove();
            order.add(first);
            line.builders += first.pods();
            if (!line.waiting.isEmpty()) {
                next.add(line);
            }
        }
        return order;
    }

    /** How many pods each may start now; who may start none is not in it. */
    static SequencedMap<String, Integer> admitted(List<Waiting> order, Load load, Limits limits) {
        SequencedMap<String, Integer> admitted = new LinkedHashMap<>();
        Map<String, Integer> running = new TreeMap<>(load.running());
        int free = limits.total() == null ? Integer.MAX_VALUE : limits.total() - load.total();
        for (Waiting waiting : order) {
            int own = limits.perNamespace() == null
                    ? Integer.MAX_VALUE
                    : limits.perNamespace() - running.getOrDefault(waiting.namespace(), 0);
            int pods = Math.min(waiting.pods(), Math.min(free, own));
            if (free <= 0) {
                break;
            }
            if (pods > 0) {
                admitted.put(waiting.id(), pods);
                running.merge(waiting.namespace(), pods, Integer::sum);
                free -= pods;
            }
        }
        return admitted;
    }

    /**
     * How long until the turn of a place, if builders go on taking as long as they did.
     *
     * @param place from 1
     * @param average of the latest builders; null where none has ended yet
     */
    static Optional<Duration> expected(int place, @Nullable Duration average, Limits limits) {
        Integer width = limits.total() == null ? limits.perNamespace() : limits.total();
        return average == null || width == null
                ? Optional.empty()
                : Optional.of(average.multipliedBy(place).dividedBy(width));
    }
}
