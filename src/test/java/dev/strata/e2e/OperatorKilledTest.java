package dev.strata.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.Attempt;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/** An operator that is killed again and again; no other test wants that. */
@Tag("cluster")
@Isolated
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class OperatorKilledTest {
    private static final int RUNS = 9;
    private static final int BETWEEN_KILLS = 3;

    @Test
    void a_build_goes_on_while_the_operator_is_killed_again_and_again() throws IOException {
        try (Workspace workspace = Workspace.open("baseline");
                CountedCommands commands = CountedCommands.at(workspace.cluster, RUNS)) {
            Workspace.Build build = workspace.inline("goes-on", commands.dockerfile());
            for (int allowed = BETWEEN_KILLS; allowed < RUNS; allowed += BETWEEN_KILLS) {
                int wanted = allowed;
                commands.allow(wanted);
                build.await(
                        wanted + " finished commands",
                        candidate -> CountedCommands.finished(candidate).size() >= wanted);
                OperatorTest.killOperator(workspace);
            }
            commands.allow(RUNS);
            ImageBuildStatus status = build.ready();

            assertThat(status.attempts())
                    .singleElement()
                    .satisfies(attempt -> assertThat(attempt.state()).isEqualTo(Attempt.State.SUCCEEDED));
            assertThat(commands.counts()).hasSize(RUNS);
            assertThat(commands.counts().values()).containsOnly(1);
            PushedImage.of(Objects.requireNonNull(status.image())).assertWhole();
        }
    }
}
