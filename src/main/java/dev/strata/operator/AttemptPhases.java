package dev.strata.operator;

import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.Attempt;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What the time of a build that has ended was spent on, attempt by attempt. Pure. */
final class AttemptPhases {
    private final List<Attempt> attempts;
    private final Timeline timeline;
    /** By pod; never empty. */
    private final Map<String, List<Phase>> phases = new HashMap<>();

    /** @param status of a build of which an attempt has ended */
    AttemptPhases(ImageBuildStatus status, Timeline timeline) {
        this.attempts = ended(status);
        this.timeline = timeline;
        for (Attempt attempt : attempts) {
            phases.put(attempt.pod(), Phase.of(milestones(attempt, null)));
        }
        Attempt last = last();
        phases.put(last.pod(), Phase.of(milestones(last, timeline.recorded())));
    }

    /** The attempts that began and ended, by platform and number. */
    static List<Attempt> ended(ImageBuildStatus status) {
        return status.attempts().stream()
                .filter(attempt -> attempt.started() != null && attempt.finished() != null)
                .toList();
    }

    /** At least one. */
    List<Phase> of(Attempt attempt) {
        return Objects.requireNonNull(phases.get(attempt.pod()));
    }

    /** The last attempt in words: {@code 1.42 s: operator 0.06, scheduling 0.01, pod 0.52}. */
    String words() {
        List<Phase> own = of(last());
        return seconds(Duration.between(own.getFirst().start(), own.getLast().end())) + " s: "
                + own.stream()
                        .map(phase -> phase.name() + " " + seconds(phase.time()))
                        .collect(Collectors.joining(", "));
    }

    private static String seconds(Duration time) {
        return String.format(Locale.ROOT, "%.2f", time.toMillis() / 1000.0);
    }

    /** The one that ended last: what comes after it comes after the build. */
    private Attempt last() {
        return attempts.stream().max(Comparator.comparing(this::end)).orElseThrow();
    }

    private Instant end(Attempt attempt) {
        return of(attempt).getLast().end();
    }

    /**
     * Where nobody saw when its pod was written or how it ended, the status says so, in whole seconds; how long that pod
     * waited for a node nobody knows.
     */
    private Map<Milestone, Instant> milestones(Attempt attempt, @Nullable Instant recorded) {
        Timeline.AttemptTimes times = timeline.attempt(attempt.pod());
        Map<Milestone, Instant> reached = new EnumMap<>(Milestone.class);
        reached.putAll(times.reached());
        Instant called = before(attempt);
        if (!reached.containsKey(Milestone.WRITTEN)) {
            reached.putIfAbsent(Milestone.SCHEDULED, Instant.parse(Objects.requireNonNull(attempt.started())));
        } else if (called != null) {
            reached.put(Milestone.CALLED, called);
        }
        reached.putIfAbsent(Milestone.ENDED, Instant.parse(Objects.requireNonNull(attempt.finished())));
        if (recorded != null) {
            reached.put(Milestone.RECORDED, recorded);
        }
        return reached;
    }

    /** When it was this attempt's turn: when the one before it on its platform had ended, or when the build began. */
    private @Nullable Instant before(Attempt attempt) {
        return attempts.stream()
                .filter(other -> other.platform().equals(attempt.platform()) && other.number() < attempt.number())
                .max(Comparator.comparingInt(Attempt::number))
                .map(other -> timeline.attempt(other.pod())
                        .reached()
                        .getOrDefault(Milestone.ENDED, Instant.parse(Objects.requireNonNull(other.finished()))))
                .orElse(timeline.since());
    }
}
