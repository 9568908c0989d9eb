package dev.strata.operator;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.SequencedMap;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
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

    /** Those who wait, by namespace, and in each namespace by rank: so that whose turn it is is found without looking at all. */
    static final class Lines {
        private static final Comparator<Waiting> BY_RANK =
                Comparator.comparing(Waiting::rank).thenComparing(Waiting::id);

        private final SortedMap<String, NavigableSet<Waiting>> byNamespace = new TreeMap<>();
        private final Map<String, Waiting> byId = new HashMap<>();

        static Lines of(Collection<Waiting> all) {
            Lines lines = new Lines();
            all.forEach(lines::put);
            return lines;
        }

        /** In place of what the same id stood for before. */
        void put(Waiting waiting) {
            if (!waiting.equals(byId.get(waiting.id()))) {
                remove(waiting.id());
                byId.put(waiting.id(), waiting);
                byNamespace
                        .computeIfAbsent(waiting.namespace(), none -> new TreeSet<>(BY_RANK))
                        .add(waiting);
            }
        }

        void remove(String id) {
            Waiting waiting = byId.remove(id);
            NavigableSet<Waiting> line = waiting == null ? null : byNamespace.get(waiting.namespace());
            if (waiting != null && line != null) {
                line.remove(waiting);
                if (line.isEmpty()) {
                    byNamespace.remove(waiting.namespace());
                }
            }
        }

        Optional<Waiting> get(String id) {
            return Optional.ofNullable(byId.get(id));
        }

        Set<String> ids() {
            return Set.copyOf(byId.keySet());
        }

        int size() {
            return byId.size();
        }
    }

    /** What is left of one namespace's line while it is looked through. */
    private static final class Line {
        final String namespace;
        final Instant served;
        final Iterator<Waiting> rest;
        Waiting first;
        int builders;

        Line(String namespace, Iterable<Waiting> waiting, Load load) {
            this.namespace = namespace;
            this.builders = load.running().getOrDefault(namespace, 0);
            this.served = load.served().getOrDefault(namespace, Instant.MIN);
            this.rest = waiting.iterator();
            this.first = rest.next();
        }

        /** Counts the first as started; answers whether there is another. */
        boolean advance() {
            builders += first.pods();
            if (!rest.hasNext()) {
                return false;
            }
            first = rest.next();
            return true;
        }

        int room(Limits limits) {
            return limits.perNamespace() == null ? Integer.MAX_VALUE : limits.perNamespace() - builders;
        }
    }

    private static PriorityQueue<Line> next() {
        return new PriorityQueue<>(Comparator.<Line>comparingInt(line -> line.builders)
                .thenComparing(line -> line.served)
                .thenComparing(line -> line.first.since())
                .thenComparing(line -> line.namespace));
    }

    /** All that wait, in the order in which they would start if nothing but their own starts happened. */
    static List<Waiting> order(Lines lines, Load load) {
        PriorityQueue<Line> next = next();
        lines.byNamespace.forEach((namespace, waiting) -> next.add(new Line(namespace, waiting, load)));
        List<Waiting> order = new ArrayList<>(lines.size());
        while (!next.isEmpty()) {
            Line line = next.remove();
            order.add(line.first);
            if (line.advance()) {
                next.add(line);
            }
        }
        return order;
    }

    /** How many pods each may start now; who may start none is not in it. Where nobody may, hardly anything is looked at. */
    static SequencedMap<String, Integer> admitted(Lines lines, Load load, Limits limits) {
        SequencedMap<String, Integer> admitted = new LinkedHashMap<>();
        int free = limits.total() == null ? Integer.MAX_VALUE : limits.total() - load.total();
        if (free <= 0) {
            return admitted;
        }
        PriorityQueue<Line> next = next();
        lines.byNamespace.forEach((namespace, waiting) -> {
            Line line = new Line(namespace, waiting, load);
            if (line.room(limits) > 0) {
                next.add(line);
            }
        });
        while (!next.isEmpty() && free > 0) {
            Line line = next.remove();
            int pods = Math.min(line.first.pods(), Math.min(free, line.room(limits)));
            admitted.put(line.first.id(), pods);
            free -= pods;
            if (line.advance() && line.room(limits) > 0) {
                next.add(line);
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
