package dev.strata.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.strata.api.ImageBuildStatus;
import dev.strata.api.Reason;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What the operator does while builds run, and what it may do at all. */
@Tag("cluster")
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class OperatorTest {
    /** Runs until it is stopped, in small steps that end at once on a signal. */
    private static final String ENDLESS = "FROM debian:bookworm\nRUN while true; do sleep 0.1; done\n";

    @Test
    void killing_it_during_a_build_loses_nothing() {
        try (Workspace workspace = Workspace.open("baseline");
                Gate gate = Gate.at(workspace.cluster)) {
            Workspace.Build build =
                    workspace.inline("kill", "FROM debian:bookworm\n" + gate.instruction() + "LABEL a=b");
            build.reason(Reason.BUILDING);
            await().until(() -> gate.waiting() == 1);
            List<String> before = names(workspace.pods());
            killOperator(workspace);
            gate.open();
            ImageBuildStatus status = build.ready();

            assertThat(names(workspace.pods())).isEqualTo(before);
            assertThat(status.attempts()).hasSize(1);
            assertThat(status.platforms().getFirst().stages().getFirst().steps())
                    .as("read again from the log's start")
                    .isNotEmpty()
                    .allSatisfy(step -> assertThat(step.state()).isEqualTo(ImageBuildStatus.StepState.DONE));
            PushedImage.of(Objects.requireNonNull(status.image())).assertWhole();
        }
    }

    @Test
    void deleting_the_resource_stops_its_pod() {
        try (Workspace workspace = Workspace.open("baseline")) {
            Workspace.Build build = workspace.inline("delete", ENDLESS);
            build.reason(Reason.BUILDING);

            build.resource().delete();

            await().untilAsserted(() -> assertThat(workspace.pods()).isEmpty());
        }
    }

    @Test
    void a_changed_spec_supersedes_the_running_build() {
        try (Workspace workspace = Workspace.open("baseline")) {
            Workspace.Build build = workspace.inline("change", ENDLESS);
            build.reason(Reason.BUILDING);
            List<String> old = names(workspace.pods());

            workspace.inline("change", "FROM debian:bookworm\nLABEL a=b");

            build.ready();
            await().untilAsserted(() -> assertThat(running(workspace)).doesNotContainAnyElementsOf(old));
        }
    }

    @Test
    void builder_pods_hold_no_token_no_capability_and_are_not_root_of_the_node() {
        try (Workspace workspace = Workspace.open("baseline")) {
            Workspace.Build build = workspace.inline("pod", "FROM debian:bookworm\nRUN true");
            build.ready();

            assertThat(workspace.pods()).isNotEmpty().allSatisfy(pod -> {
                assertThat(pod.getSpec().getAutomountServiceAccountToken()).isFalse();
                assertThat(pod.getSpec().getHostUsers()).isFalse();
                assertThat(pod.getMetadata().getOwnerReferences()).isNotEmpty();
                assertThat(pod.getSpec().getContainers()).allSatisfy(container -> {
                    var context = container.getSecurityContext();
                    assertThat(context.getPrivileged()).isNotEqualTo(true);
                    assertThat(context.getCapabilities() == null
                                    || context.getCapabilities().getAdd() == null
                                    || context.getCapabilities().getAdd().isEmpty())
                            .isTrue();
                });
            });
        }
    }

    /** Without any notice, as a crash would. */
    static void killOperator(Workspace workspace) {
        var pods = workspace
                .client()
                .pods()
                .inNamespace(TestCluster.OPERATOR_NAMESPACE)
                .withLabel("app.kubernetes.io/name", "strata");
        assertThat(pods.list().getItems()).isNotEmpty();
        pods.withGracePeriod(0).delete();
    }

    private static List<String> names(List<Pod> pods) {
        return pods.stream().map(pod -> pod.getMetadata().getName()).toList();
    }

    private static List<String> running(Workspace workspace) {
        return names(workspace.pods().stream()
                .filter(pod -> pod.getStatus().getPhase().equals("Running"))
                .toList());
    }
}
