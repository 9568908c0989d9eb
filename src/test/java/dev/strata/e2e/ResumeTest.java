package dev.strata.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.Attempt;
import dev.strata.api.Reason;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Builder pods that are killed, one after the other, the operator too: how often a command ran is counted outside. */
@Tag("cluster")
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class ResumeTest {
    private static final int RUNS = 10;
    private static final int KILLS = 3;
    private static final int PER_ATTEMPT = 2;

    private static Attempt last(ImageBuild build) {
        return Objects.requireNonNull(build.getStatus()).attempts().getLast();
    }

    @Test
    void pods_that_are_killed_are_replaced_and_no_finished_command_runs_twice() throws IOException {
        try (Workspace workspace = Workspace.open("baseline");
                CountedCommands commands = CountedCommands.at(workspace.cluster, RUNS)) {
            Workspace.Build build = workspace.inline("resume", commands.dockerfile(), "reproducible: true");
            Map<Integer, Integer> whenFinished = new TreeMap<>();
            for (int kill = 1; kill <= KILLS; kill++) {
                int number = kill;
                int wanted = kill * PER_ATTEMPT;
                build.await("attempt " + number, candidate -> isAt(candidate, number));
                commands.allow(wanted);
                ImageBuild seen = build.await(
                        wanted + " finished commands in attempt " + number,
                        candidate -> isAt(candidate, number)
                                && CountedCommands.finished(candidate).size() >= wanted);
                CountedCommands.finished(seen)
                        .forEach(run ->
                                whenFinished.putIfAbsent(run, commands.counts().get(run)));
                if (kill == 2) {
                    OperatorTest.killOperator(workspace);
                }
                workspace
                        .client()
                        .pods()
                        .inNamespace(workspace.name)
                        .withName(last(seen).pod())
                        .withGracePeriod(0)
                        .delete();
            }
            commands.allow(RUNS);
            ImageBuildStatus status = build.ready();

            assertResumed(status.attempts());
            Map<Integer, Integer> counts = commands.counts();
            assertThat(counts).hasSize(RUNS);
            assertThat(whenFinished).hasSize(KILLS * PER_ATTEMPT);
            whenFinished.forEach((run, count) -> assertThat(counts.get(run))
                    .as("runs of the command " + run + ", since it was finished")
                    .isEqualTo(count));
            assertThat(counts.values().stream().mapToInt(Integer::intValue).sum())
                    .as("but for those that were at work when their pod was killed")
                    .isLessThanOrEqualTo(RUNS + KILLS * PER_ATTEMPT);
            PushedImage.of(Objects.requireNonNull(status.image())).assertWhole();
        }
    }

    private static boolean isAt(ImageBuild build, int attempt) {
        return build.getStatus() != null
                && !build.getStatus().attempts().isEmpty()
                && last(build).number() == attempt;
    }

    private static void assertResumed(List<Attempt> attempts) {
        assertThat(attempts).hasSize(KILLS + 1);
        assertThat(attempts.subList(0, KILLS)).allSatisfy(attempt -> {
            assertThat(attempt.reason()).isEqualTo(Reason.POD_LOST);
            assertThat(attempt.message()).isNotBlank();
        });
        assertThat(attempts.getFirst().resumedAtStep()).isNull();
        List<Integer> resumed =
                attempts.stream().skip(1).map(Attempt::resumedAtStep).toList();
        // The log numbers FROM, too.
        assertThat(resumed).doesNotContainNull().isSorted().allMatch(step -> step >= 2 + PER_ATTEMPT);
    }
}
