package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.operator.Queue.Limits;
import dev.strata.operator.Queue.Lines;
import dev.strata.operator.Queue.Load;
import dev.strata.operator.Queue.Waiting;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class QueueTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final Load IDLE = new Load(Map.of(), Map.of());

    private static Waiting waiting(String id, int priority, int secondsLater) {
        return new Waiting(id, id.replaceAll("[0-9]", ""), priority, START.plusSeconds(secondsLater), 1);
    }

    private static List<String> order(Load load, Waiting... waiting) {
        return Queue.order(Lines.of(List.of(waiting)), load).stream()
                .map(Waiting::id)
                .toList();
    }

    @Test
    void namespacesTakeTurnsWhoeverAskedFirst() {
        assertThat(order(
                        IDLE,
                        waiting("a1", 0, 0),
                        waiting("a2", 0, 1),
                        waiting("a3", 0, 2),
                        waiting("b1", 0, 10),
                        waiting("c1", 0, 20)))
                .containsExactly("a1", "b1", "c1", "a2", "a3");
    }

    @Test
    void whoRunsLessIsNextAndOfEqualsWhoWasServedLongestAgo() {
        Load load = new Load(Map.of("a", 3, "b", 1), Map.of("c", START.minusSeconds(5), "d", START.minusSeconds(9)));

        assertThat(order(load, waiting("a1", 0, 0), waiting("b1", 0, 0), waiting("c1", 0, 0), waiting("d1", 0, 0)))
                .containsExactly("d1", "c1", "b1", "a1");
    }

    @Test
    void priorityCountsInsideANamespaceAndWaitingMakesUpForIt() {
        assertThat(order(IDLE, waiting("a1", 0, 0), waiting("a2", 5, 60), waiting("a3", 5, 30), waiting("b1", 0, 40)))
                .containsExactly("a3", "b1", "a2", "a1");
        assertThat(order(IDLE, waiting("a1", 0, 0), waiting("a2", 5, 5 * 600 + 1)))
                .as("ten minutes are a step of priority")
                .containsExactly("a1", "a2");
    }

    @Test
    void limitsHoldAndABuildOfSeveralPlatformsStartsInParts() {
        Waiting three = new Waiting("a1", "a", 0, START, 3);
        Lines order = Lines.of(List.of(three, waiting("b1", 0, 1)));

        assertThat(Queue.admitted(order, IDLE, new Limits(2, 10)))
                .containsExactly(Map.entry("a1", 2), Map.entry("b1", 1));
        assertThat(Queue.admitted(order, IDLE, new Limits(null, 2))).containsExactly(Map.entry("a1", 2));
        assertThat(Queue.admitted(order, new Load(Map.of("a", 2), Map.of()), new Limits(2, 3)))
                .containsExactly(Map.entry("b1", 1));
        assertThat(Queue.admitted(order, new Load(Map.of("c", 5), Map.of()), new Limits(null, 5)))
                .isEmpty();
        assertThat(Queue.admitted(order, IDLE, Limits.NONE)).hasSize(2);
    }

    @Test
    void theExpectedWaitFollowsFromWhatBuildersTook() {
        assertThat(Queue.expected(10, Duration.ofMinutes(2), new Limits(1, 5))).contains(Duration.ofMinutes(4));
        assertThat(Queue.expected(10, Duration.ofMinutes(2), new Limits(4, null)))
                .contains(Duration.ofMinutes(5));
        assertThat(Queue.expected(10, null, new Limits(4, null))).isEmpty();
    }

    /** Forty namespaces, one of them with most of the builds, on fifty builders; a second of the clock is one of the loop. */
    @Test
    void fiveThousandBuildsAllStartAndNoNamespaceStarves() {
        Simulation simulation = new Simulation(new Random(7), new Limits(20, 50));
        for (int build = 0; build < 5_000; build++) {
            simulation.add(build < 4_000 ? 0 : build % 40, build < 4_500 ? 0 : build - 4_500);
        }

        simulation.run();

        assertThat(simulation.started).hasSize(5_000);
        assertThat(simulation.most).as("total").isEqualTo(50);
        assertThat(simulation.mostInOne).as("in a namespace").isLessThanOrEqualTo(20);
        assertThat(simulation.idleWhileSomebodyCouldStart).isZero();
        // Each of 39 small namespaces has about 25 builds of 60 s at most: with their share of 50 builders (one and a
        // bit each) they are through after 25 minutes, whatever the large one has.
        simulation.waits.forEach((namespace, wait) -> {
            if (namespace != 0) {
                assertThat(wait).as("namespace " + namespace).isLessThan(Duration.ofMinutes(25));
            }
        });
        assertThat(simulation.firstWaits.values())
                .as("the first build of a namespace waits for one builder's time at most")
                .allSatisfy(wait -> assertThat(wait).isLessThanOrEqualTo(Duration.ofSeconds(60)));
        assertThat(simulation.overtakenTooLong)
                .as("priorities overtake, but nobody for longer than they are worth")
                .isZero();
    }

    private static final class Simulation {
        private static final int MOST_STEPS = 100_000;

        private record Arrival(Waiting waiting, int namespace, int seconds) {}

        private record End(int at, int namespace) {}

        private final Random random;
        private final Limits limits;
        private final List<Arrival> arrivals = new ArrayList<>();
        private final Map<String, Arrival> waiting = new LinkedHashMap<>();
        private final PriorityQueue<End> running = new PriorityQueue<>(java.util.Comparator.comparingInt(End::at));
        private final Map<String, Integer> load = new TreeMap<>();
        private final Map<String, Instant> served = new HashMap<>();
        final List<String> started = new ArrayList<>();
        final Map<Integer, Duration> waits = new TreeMap<>();
        final Map<Integer, Duration> firstWaits = new TreeMap<>();
        int most;
        int mostInOne;
        int idleWhileSomebodyCouldStart;
        int overtakenTooLong;

        Simulation(Random random, Limits limits) {
            this.random = random;
            this.limits = limits;
        }

        void add(int namespace, int second) {
            String id = "build-" + arrivals.size();
            Waiting each = new Waiting(id, name(namespace), random.nextInt(11) - 5, START.plusSeconds(second), 1);
            arrivals.add(new Arrival(each, namespace, 5 + random.nextInt(56)));
        }

        private static String name(int namespace) {
            return "team-%02d".formatted(namespace);
        }

        void run() {
            for (int second = 0; started.size() < arrivals.size() && second < MOST_STEPS; second++) {
                step(second);
            }
        }

        private void step(int second) {
            boolean news = second == 0;
            for (Arrival arrival : arrivals) {
                if (arrival.waiting().since().equals(START.plusSeconds(second))) {
                    waiting.put(arrival.waiting().id(), arrival);
                    news = true;
                }
            }
            while (!running.isEmpty() && running.element().at() <= second) {
                load.merge(name(running.remove().namespace()), -1, Integer::sum);
                news = true;
            }
            if (news) {
                admit(second);
            }
        }

        private void admit(int second) {
            Load now = new Load(load, served);
            List<Waiting> all = waiting.values().stream().map(Arrival::waiting).toList();
            Map<String, Integer> admitted = Queue.admitted(Lines.of(all), now, limits);
            admitted.keySet().forEach(id -> start(Objects.requireNonNull(waiting.remove(id)), second));
            int total = running.size();
            most = Math.max(most, total);
            mostInOne = Math.max(
                    mostInOne, load.values().stream().max(Integer::compare).orElse(0));
            boolean could =
                    waiting.values().stream().anyMatch(each -> load.getOrDefault(name(each.namespace()), 0) < 20);
            if (total < 50 && could) {
                idleWhileSomebodyCouldStart++;
            }
        }

        private void start(Arrival arrival, int second) {
            Waiting started = arrival.waiting();
            boolean overtaken = waiting.values().stream()
                    .anyMatch(other -> other.namespace() == arrival.namespace()
                            && other.waiting()
                                    .since()
                                    .isBefore(started.since()
                                            .minus(Queue.STEP.multipliedBy(started.priority()
                                                    - other.waiting().priority()))));
            if (overtaken) {
                overtakenTooLong++;
            }
            this.started.add(started.id());
            Duration wait = Duration.between(started.since(), START.plusSeconds(second));
            waits.merge(arrival.namespace(), wait, (one, other) -> one.compareTo(other) > 0 ? one : other);
            firstWaits.putIfAbsent(arrival.namespace(), wait);
            served.put(started.namespace(), START.plusSeconds(second));
            load.merge(started.namespace(), 1, Integer::sum);
            running.add(new End(second + arrival.seconds(), arrival.namespace()));
        }
    }
}
