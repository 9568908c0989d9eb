package dev.strata.operator;

import dev.strata.operator.Timeline.AttemptTimes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A piece of an attempt's time, and what it was spent on. */
record Phase(Milestone from, String name, Instant start, Instant end) {
    /** Whether the attempt has a pod then; before that and after it there is work of the operator alone. */
    boolean hasPod() {
        return from != Milestone.CALLED && from != Milestone.ENDED;
    }

    /**
     * The same in more detail, where that is known; again without a gap.
     *
     * @param decided when the operator had found that the build has ended; null where nobody knows
     */
    List<Phase> parts(AttemptTimes times, @Nullable Instant decided) {
        return switch (from) {
            case CALLED ->
                times.queued() == null
                        ? parts(List.of("decision", "api"), cuts(times.ordered()))
                        : parts(List.of("decision", "queue", "api"), cuts(times.queued(), times.ordered()));
            case SCHEDULED -> parts(List.of("sandbox", "container"), cuts(times.ready()));
            case ENDED -> parts(List.of("log", "api"), cuts(decided));
            case WRITTEN, PROCESS, BEGUN, SOURCE, PLANNED, FIRST_STEP, LAST_STEP, PUSHED, RECORDED -> List.of();
        };
    }

    private static List<Instant> cuts(@Nullable Instant... at) {
        return Stream.of(at).filter(Objects::nonNull).toList();
    }

    /** None where a cut is missing or lies outside: two clocks differ, or the watch was late. */
    private List<Phase> parts(List<String> names, List<Instant> cuts) {
        List<Phase> parts = new ArrayList<>();
        Instant since = start;
        for (Instant at : cuts) {
            if (at.isBefore(since) || at.isAfter(end)) {
                return List.of();
            }
            parts.add(new Phase(from, names.get(parts.size()), since, at));
            since = at;
        }
        parts.add(new Phase(from, names.getLast(), since, end));
        return parts.size() == names.size() ? parts : List.of();
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
