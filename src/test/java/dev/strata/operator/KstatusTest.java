package dev.strata.operator;

import static dev.strata.operator.Examples.NOW;
import static dev.strata.operator.Examples.digest;
import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.api.Condition;
import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import dev.strata.api.Reason;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
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
                Arguments.of("succeeded", new Decision.Succeed(digest('a')), Health.CURRENT),
                Arguments.of("settled", new Decision.Settled(), Health.CURRENT),
                Arguments.of("tag-restored", new Decision.Retag(List.of("latest")), Health.CURRENT),
                Arguments.of("failed", new Decision.Stall(Reason.BUILD_FAILED, "RUN make: exit code 2"), Health.FAILED),
                Arguments.of("invalid", new Decision.Stall(Reason.INVALID_SPEC, "no such field"), Health.FAILED),
                Arguments.of(
                        "started",
                        new Decision.Start(List.of(new Decision.Order(Examples.PLATFORM, 1, null))),
                        Health.IN_PROGRESS),
                Arguments.of("building", new Decision.Wait(Reason.BUILDING, "at work"), Health.IN_PROGRESS),
                Arguments.of("unschedulable", new Decision.Wait(Reason.UNSCHEDULABLE, "no node"), Health.IN_PROGRESS),
                Arguments.of(
                        "queued",
                        new Decision.Queued(3, 9, Duration.ofMinutes(1), NOW, Duration.ofSeconds(10)),
                        Health.IN_PROGRESS),
                Arguments.of("superseding", new Decision.Clean(List.of("shop-1")), Health.IN_PROGRESS),
                Arguments.of(
                        "backing-off",
                        new Decision.Retry(Reason.OUTSIDE_FAILED, "503", Duration.ofSeconds(5)),
                        Health.IN_PROGRESS),
                Arguments.of(
                        "reference-missing",
                        new Decision.Hold(Reason.REFERENCE_MISSING, "no class", Duration.ofSeconds(5)),
                        Health.IN_PROGRESS),
                Arguments.of(
                        "suspended",
                        new Decision.Hold(Reason.SUSPENDED, "suspended", Duration.ofSeconds(5)),
                        Health.IN_PROGRESS));
    }

    private static List<Condition> conditions(Decision decision) {
        return Conditions.of(decision, "registry.example/shop@" + digest('a'), List.of(), 3, List.of(), NOW);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("decisions")
    void theConditionsGiveTheHealthThatIsMeant(String name, Decision decision, Health expected) {
        List<Condition> conditions = conditions(decision);

        assertThat(health(3, 3, conditions)).isEqualTo(expected);
        assertThat(conditions)
                .allSatisfy(condition -> assertThat(condition.observedGeneration())
                        .as("the convention of conditions in k8s.io/apimachinery")
                        .isEqualTo(3));
        assertThat(find(conditions, Condition.Type.READY)).isPresent();
    }

    /**
     * What kstatus' own library and Argo CD's own interpreter of the script in docs/gitops.md said of such objects, once:
     * {@code health/README.md} tells how. The objects must still be what they were then.
     */
    @ParameterizedTest(name = "{0}")
    @MethodSource("decisions")
    void theLibrariesOfFluxAndArgoSaidTheSame(String name, Decision decision, Health expected) throws IOException {
        Path folder = Path.of("src/test/resources/operator/health");
        ImageBuild build = new ImageBuild();
        build.setMetadata(new ObjectMetaBuilder()
                .withName(name)
                .withNamespace("team-a")
                .withGeneration(3L)
                .build());
        build.setStatus(Serialization.unmarshal(
                Serialization.asJson(Map.of("observedGeneration", 3, "conditions", conditions(decision))),
                ImageBuildStatus.class));
        Path object = folder.resolve(name + ".json");
        if ("write".equals(System.getProperty("golden"))) {
            Files.writeString(object, Serialization.asJson(build) + "\n");
        }
        assertThat(Files.readString(object).strip())
                .as("with -Dgolden=write it is written anew, and the verdicts must be asked for again")
                .isEqualTo(Serialization.asJson(build));
        assertThat(Files.readString(folder.resolve("verdicts.txt")))
                .contains(name + " "
                        + switch (expected) {
                            case CURRENT -> "Current Healthy";
                            case IN_PROGRESS -> "InProgress Progressing";
                            case FAILED -> "Failed Degraded";
                        }
                        + "\n");
    }

    @Test
    void theScriptForArgoIsTheOneThatWasTried() throws IOException {
        String page = Files.readString(Path.of("docs/gitops.md"));
        String tried = Files.readString(Path.of("src/test/resources/operator/health/argocd.lua"));

        assertThat(page).contains(tried.indent(2));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("decisions")
    void aSpecThatWasNotLookedAtYetIsInProgress(String name, Decision decision, Health any) {
        assertThat(health(4, 3, conditions(decision))).isEqualTo(Health.IN_PROGRESS);
    }
}
