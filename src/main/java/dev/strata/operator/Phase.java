package dev.strata.operator;

import dev.strata.operator.Timeline.AttemptTimes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A piece of an attempt's time, and what it was spent on. */
record Phase(Milestone from, String name, Instant start, Instant end) {
    /** Whether the attempt has a pod then; before that and after it there is work of the operator alone. */
    boolean hasPod() {
        return from != Milestone.CALLED && from != Milestone.ENDED;
    }

    /** What is known of it in more detail: how much of it was waiting for a turn; what of a pod's start the sandbox took. */
    List<Phase> parts(AttemptTimes times) {
        Instant queued = times.queued();
        Instant ordered = times.ordered();
        if (from == Milestone.CALLED && queued != null && ordered != null) {
            return within(queued) && within(ordered) ? List.of(new Phase(from, "queue", queued, ordered)) : List.of();
        }
        Instant ready = times.ready();
        return from == Milestone.SCHEDULED && ready != null && within(ready)
                ? List.of(new Phase(from, "sandbox", start, ready), new Phase(from, "container", ready, end))
                : List.of();
    }

    private boolean within(Instant at) {
        return !at.isBefore(start) && !at.isAfter(end);
    }

    Duration time() {
        return Duration.between(start, end);
    }

    /**
     * An attempt in pieces, without a gap and without an overlap: from the first milestone that is known to the last. The
     * time before a milestone that was never reached, or that nobody saw, belongs to the piece before it.
     *
     * <p>What the operator saw comes from one clock, what the builder's log tells from another one, that of the node. A
     * piece that would end before it begins takes no time. Of a node the watch may tell later than the builder's first
     * line does; the log is right.
     */
    static List<Phase> of(Map<Milestone, Instant> reached) {
        List<Phase> phases = new ArrayList<>();
        Milestone last = null;
        Instant since = Instant.MIN;
        for (Milestone milestone : Milestone.values()) {
            Instant at = time(milestone, reached);
            if (at == null) {
                continue;
            }
            Instant end = at.isBefore(since) ? since : at;
            if (last != null) {
                phases.add(new Phase(last, name(last, reached), since, end));
            }
            last = milestone;
            since = end;
        }
        return phases;
    }

    private static @Nullable Instant time(Milestone milestone, Map<Milestone, Instant> reached) {
        Instant at = reached.get(milestone);
        Instant process = reached.get(Milestone.PROCESS);
        boolean late = milestone == Milestone.SCHEDULED && at != null && process != null && at.isAfter(process);
        return late ? process : at;
    }

    /** Where there is no step but a base, nothing is looked up. */
    private static String name(Milestone from, Map<Milestone, Instant> reached) {
        boolean stepless = from == Milestone.PLANNED
                && !reached.containsKey(Milestone.FIRST_STEP)
                && reached.containsKey(Milestone.PUSHED);
        return (stepless ? Milestone.LAST_STEP : from).then();
    }
}
