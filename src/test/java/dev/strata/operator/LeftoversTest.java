package dev.strata.operator;

import static dev.strata.operator.Examples.HASH;
import static dev.strata.operator.Examples.NOW;
import static dev.strata.operator.Examples.OTHER_HASH;
import static dev.strata.operator.Examples.attempt;
import static dev.strata.operator.Examples.digest;
import static dev.strata.operator.Examples.failed;
import static dev.strata.operator.Examples.observed;
import static dev.strata.operator.Examples.pod;
import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.api.ImageBuildStatus.Attempt.Fault;
import dev.strata.api.Reason;
import dev.strata.image.Digest;
import dev.strata.operator.BuilderPod.State;
import dev.strata.plan.Outcome;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How long pods stay for their logs: an hour after a success, a day after a failure, as the examples' class has it. */
class LeftoversTest {
    private static final State BUILT = new State.Ended(new Outcome.Built(Digest.parse(digest('a')), List.of()));
    private static final State DIED = new State.Died(Reason.INTERNAL_ERROR, Fault.OURS, "it died");
    private static final Wanted.Valid WANTED = Examples.valid(HASH);

    private static Leftovers after(Duration time, Examples.AnAttempt attempt, Examples.APod pod) {
        return Leftovers.of(observed().attempts(attempt).pods(pod.finished(NOW)).at(NOW.plus(time)), WANTED);
    }

    @Test
    void aPodThatSucceededStaysForAnHour() {
        assertThat(after(Duration.ofMinutes(59), attempt(1).succeeded(), pod(1, BUILT))
                        .next())
                .contains(Duration.ofMinutes(1));
        assertThat(after(Duration.ofMinutes(60), attempt(1).succeeded(), pod(1, BUILT))
                        .expired())
                .hasSize(1);
    }

    @Test
    void aPodThatFailedStaysForADay() {
        assertThat(after(Duration.ofHours(23), failed(1, Fault.OURS, Reason.INTERNAL_ERROR), pod(1, DIED))
                        .next())
                .contains(Duration.ofHours(1));
        assertThat(after(Duration.ofHours(25), failed(1, Fault.OURS, Reason.INTERNAL_ERROR), pod(1, DIED))
                        .expired())
                .hasSize(1);
    }

    @Test
    void nothingGoesThatWorksOrWhoseEndIsNotRecorded() {
        assertThat(after(Duration.ofHours(25), attempt(1).running(), pod(1, BUILT))
                        .expired())
                .isEmpty();
        assertThat(after(Duration.ofHours(25), attempt(1).running(), pod(1, new State.Working()))
                        .expired())
                .isEmpty();
        assertThat(after(
                                Duration.ofHours(25),
                                attempt(1).succeeded(),
                                pod(1, BUILT).leaving())
                        .expired())
                .isEmpty();
    }

    @Test
    void thePodOfABuildOfEarlierInputsIsNobodysAnyMore() {
        assertThat(after(
                                Duration.ofHours(2),
                                attempt(1).succeeded(),
                                pod(7, BUILT).of(OTHER_HASH))
                        .expired())
                .hasSize(1);
    }
}
