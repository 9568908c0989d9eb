package dev.strata.operator;

import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * When what happened to a build, as far as this process saw it. To what the cluster does it gives whole seconds only, so
 * these times are those at which the operator was told of it by a watch or got an answer; where a watch tells more than a
 * second late, the end of the cluster's second.
 *
 * @param since when the operator saw the write that began it, or found what called for it without one; null where another
 *     operator did
 * @param attempts by the names of their pods
 * @param decided when the operator had found that it has ended; null before that
 * @param recorded when the API server had taken the status that tells of the end; null before that
 */
record Timeline(
        @Nullable Instant since,
        Map<String, AttemptTimes> attempts,
        @Nullable Instant decided,
        @Nullable Instant recorded) {
    static final Timeline UNKNOWN = new Timeline(null, Map.of(), null, null);

    Timeline {
        attempts = Map.copyOf(attempts);
    }

    /** Of an attempt; nothing where nothing is known. */
    AttemptTimes attempt(String pod) {
        return attempts.getOrDefault(pod, AttemptTimes.UNKNOWN);
    }

    /**
     * One attempt.
     *
     * @param queued since when it waited for its turn; null where it did not
     * @param ordered when the operator asked for its pod; null where another operator did
     * @param reached what it reached; those that the builder tells are of its node's clock
     * @param ready when the pod's condition {@code PodReadyToStartContainers} was seen: its sandbox and network are there
     * @param steps by stage and number, as {@link #step} names them
     */
    record AttemptTimes(
            @Nullable Instant queued,
            @Nullable Instant ordered,
            Map<Milestone, Instant> reached,
            @Nullable Instant ready,
            Map<String, Interval> steps) {
        static final AttemptTimes UNKNOWN = new AttemptTimes(null, null, Map.of(), null, Map.of());

        AttemptTimes {
            reached = Map.copyOf(reached);
            steps = Map.copyOf(steps);
        }

        AttemptTimes queuedAndOrdered(@Nullable Instant since, Instant at) {
            return new AttemptTimes(since, at, reached, ready, steps);
        }

        /** The first time counts. */
        AttemptTimes reached(Milestone milestone, Instant at) {
            Map<Milestone, Instant> all = new EnumMap<>(Milestone.class);
            all.put(milestone, at);
            all.putAll(reached);
            return new AttemptTimes(queued, ordered, all, ready, steps);
        }

        AttemptTimes ready(Instant at) {
            return ready == null ? new AttemptTimes(queued, ordered, reached, at, steps) : this;
        }

        /** What the builder has told by now, in place of what it had told before: a step that fails was not the last one. */
        AttemptTimes told(Progress.Times times) {
            Map<Milestone, Instant> all = new EnumMap<>(Milestone.class);
            all.putAll(times.reached());
            for (Milestone own : List.of(Milestone.WRITTEN, Milestone.SCHEDULED)) {
                Instant at = reached.get(own);
                if (at != null) {
                    all.put(own, at);
                }
            }
            return new AttemptTimes(queued, ordered, all, ready, times.steps());
        }
    }

    /** From when to when a step was at work; no time at all where its result was in the cache. */
    record Interval(Instant start, Instant end) {}

    /** What a step is called here. */
    static String step(String stage, int number) {
        return stage + " " + number;
    }
}
