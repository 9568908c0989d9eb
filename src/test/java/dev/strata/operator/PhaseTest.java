package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.operator.Timeline.AttemptTimes;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What an attempt's time was spent on, by what it had reached when. */
class PhaseTest {
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    private static Instant at(int milliseconds) {
        return NOON.plusMillis(milliseconds);
    }

    private static Map<Milestone, Instant> allOfIt() {
        Map<Milestone, Instant> reached = new EnumMap<>(Milestone.class);
        int milliseconds = 0;
        for (Milestone milestone : Milestone.values()) {
            reached.put(milestone, at(milliseconds));
            milliseconds += 100;
        }
        return reached;
    }

    private static String told(Map<Milestone, Instant> reached) {
        return Phase.of(reached).stream()
                .map(phase -> phase.name() + " " + phase.time().toMillis())
                .collect(Collectors.joining(", "));
    }

    @Test
    void phasesFollowEachOtherWithoutAGap() {
        List<Phase> phases = Phase.of(allOfIt());

        assertThat(phases)
                .extracting(Phase::name)
                .containsExactly(
                        "operator",
                        "scheduling",
                        "pod",
                        "java",
                        "context",
                        "plan",
                        "look-up",
                        "steps",
                        "push",
                        "remember",
                        "status");
        for (int i = 1; i < phases.size(); i++) {
            assertThat(phases.get(i).start()).isEqualTo(phases.get(i - 1).end());
        }
    }

    @Test
    void aNodeOfWhichTheWatchTellsLateIsTakenFromTheLog() {
        Map<Milestone, Instant> reached = allOfIt();
        reached.put(Milestone.SCHEDULED, at(350));

        assertThat(told(reached)).startsWith("operator 100, scheduling 200, pod 0, java 100, ");
    }

    @Test
    void aNodesClockThatIsBehindMakesNoTimeNegative() {
        Map<Milestone, Instant> reached = allOfIt();
        reached.put(Milestone.PROCESS, at(-5000));
        reached.put(Milestone.BEGUN, at(-4900));

        assertThat(told(reached)).startsWith("operator 100, scheduling 0, pod 0, java 0, context 400, plan 100");
    }

    @Test
    void aBuildWithoutAStepPushesAtOnce() {
        Map<Milestone, Instant> reached = allOfIt();
        reached.remove(Milestone.FIRST_STEP);
        reached.remove(Milestone.LAST_STEP);

        assertThat(told(reached)).endsWith("plan 100, push 300, remember 100, status 100");
    }

    @Test
    void aBuildThatFailsEndsInThePhaseWhereItFailed() {
        Map<Milestone, Instant> noSource = allOfIt();
        noSource.keySet().removeIf(milestone -> milestone.compareTo(Milestone.SOURCE) >= 0);
        noSource.put(Milestone.ENDED, at(900));
        noSource.put(Milestone.RECORDED, at(950));

        assertThat(told(noSource)).isEqualTo("operator 100, scheduling 100, pod 100, java 100, context 500, status 50");
    }

    private static List<Phase> parts(Milestone from, AttemptTimes times) {
        return Phase.of(allOfIt()).stream()
                .filter(phase -> phase.from() == from)
                .findFirst()
                .orElseThrow()
                .parts(times, at(1050));
    }

    @Test
    void aPodsStartIsPartedWhereItsSandboxWasSeenInTime() {
        AttemptTimes seen = AttemptTimes.UNKNOWN.ready(at(270));
        AttemptTimes late = AttemptTimes.UNKNOWN.ready(at(310));

        assertThat(parts(Milestone.SCHEDULED, seen))
                .containsExactly(
                        new Phase(Milestone.SCHEDULED, "sandbox", at(200), at(270)),
                        new Phase(Milestone.SCHEDULED, "container", at(270), at(300)));
        assertThat(parts(Milestone.SCHEDULED, late)).isEmpty();
        assertThat(parts(Milestone.SCHEDULED, AttemptTimes.UNKNOWN)).isEmpty();
    }

    @Test
    void whatTheApiServerTakesIsPartedFromWhatTheOperatorDoes() {
        assertThat(parts(Milestone.CALLED, AttemptTimes.UNKNOWN.queuedAndOrdered(null, at(60))))
                .containsExactly(
                        new Phase(Milestone.CALLED, "decision", at(0), at(60)),
                        new Phase(Milestone.CALLED, "api", at(60), at(100)));
        assertThat(parts(Milestone.ENDED, AttemptTimes.UNKNOWN))
                .containsExactly(
                        new Phase(Milestone.ENDED, "log", at(1000), at(1050)),
                        new Phase(Milestone.ENDED, "api", at(1050), at(1100)));
    }

    @Test
    void theWaitForATurnIsPartOfTheOperatorsTime() {
        assertThat(parts(Milestone.CALLED, AttemptTimes.UNKNOWN.queuedAndOrdered(at(10), at(60))))
                .containsExactly(
                        new Phase(Milestone.CALLED, "decision", at(0), at(10)),
                        new Phase(Milestone.CALLED, "queue", at(10), at(60)),
                        new Phase(Milestone.CALLED, "api", at(60), at(100)));
        assertThat(parts(Milestone.CALLED, AttemptTimes.UNKNOWN)).isEmpty();
    }
}
