package dev.strata.operator;

import static dev.strata.operator.Examples.NOW;
import static dev.strata.operator.Examples.digest;
import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.api.Condition;
import dev.strata.api.Reason;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What Flux, Argo CD and others make of our conditions. The rules are kstatus' for a kind that it does not know
 * (sigs.k8s.io/cli-utils/pkg/kstatus, README, "Conditions" and "Algorithm"), written once more here.
 */
class KstatusTest {
    enum Health {
        IN_PROGRESS,
        FAILED,
        CURRENT
    }

    private static Health health(long generation, long observed, List<Condition> conditions) {
        if (observed != generation) {
            return Health.IN_PROGRESS;
        }
        if (is(conditions, Condition.Type.RECONCILING, Condition.Status.TRUE)) {
            return Health.IN_PROGRESS;
        }
        if (is(conditions, Condition.Type.STALLED, Condition.Status.TRUE)) {
            return Health.FAILED;
        }
        Optional<Condition> ready = find(conditions, Condition.Type.READY);
        return ready.isPresent() && ready.get().status() != Condition.Status.TRUE ? Health.IN_PROGRESS : Health.CURRENT;
    }

    private static boolean is(List<Condition> conditions, Condition.Type type, Condition.Status status) {
        return find(conditions, type).filter(found -> found.status() == status).isPresent();
    }

    private static Optional<Condition> find(List<Condition> conditions, Condition.Type type) {
        return conditions.stream().filter(each -> each.type() == type).findFirst();
    }

    static Stream<Arguments> decisions() {
        return Stream.of(
                Arguments.of(new Decision.Succeed(digest('a')), Health.CURRENT),
                Arguments.of(new Decision.Settled(), Health.CURRENT),
                Arguments.of(new Decision.Stall(Reason.BUILD_FAILED, "RUN make: exit code 2"), Health.FAILED),
                Arguments.of(new Decision.Stall(Reason.INVALID_SPEC, "no such field"), Health.FAILED),
                Arguments.of(
                        new Decision.Start(List.of(new Decision.Order(Examples.PLATFORM, 1, null))),
                        Health.IN_PROGRESS),
                Arguments.of(new Decision.Wait(Reason.BUILDING, "at work"), Health.IN_PROGRESS),
                Arguments.of(new Decision.Wait(Reason.UNSCHEDULABLE, "no node"), Health.IN_PROGRESS),
                Arguments.of(
                        new Decision.Queued(3, 9, Duration.ofMinutes(1), NOW, Duration.ofSeconds(10)),
                        Health.IN_PROGRESS),
                Arguments.of(new Decision.Clean(List.of("shop-1")), Health.IN_PROGRESS),
                Arguments.of(
                        new Decision.Retry(Reason.OUTSIDE_FAILED, "503", Duration.ofSeconds(5)), Health.IN_PROGRESS),
                Arguments.of(
                        new Decision.Hold(Reason.REFERENCE_MISSING, "no class", Duration.ofSeconds(5)),
                        Health.IN_PROGRESS),
                Arguments.of(
                        new Decision.Hold(Reason.SUSPENDED, "suspended", Duration.ofSeconds(5)), Health.IN_PROGRESS));
    }

    @ParameterizedTest
    @MethodSource("decisions")
    void theConditionsGiveTheHealthThatIsMeant(Decision decision, Health expected) {
        List<Condition> conditions =
                Conditions.of(decision, "registry.example/shop@" + digest('a'), List.of(), 3, List.of(), NOW);

        assertThat(health(3, 3, conditions)).isEqualTo(expected);
        assertThat(conditions)
                .allSatisfy(condition -> assertThat(condition.observedGeneration())
                        .as("the convention of conditions in k8s.io/apimachinery")
                        .isEqualTo(3));
        assertThat(find(conditions, Condition.Type.READY)).isPresent();
    }

    @ParameterizedTest
    @MethodSource("decisions")
    void aSpecThatWasNotLookedAtYetIsInProgress(Decision decision, Health any) {
        List<Condition> conditions =
                Conditions.of(decision, "registry.example/shop@" + digest('a'), List.of(), 3, List.of(), NOW);

        assertThat(health(4, 3, conditions)).isEqualTo(Health.IN_PROGRESS);
    }
}
