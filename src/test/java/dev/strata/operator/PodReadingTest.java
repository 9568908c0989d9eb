package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.api.ImageBuildStatus.Attempt.Fault;
import dev.strata.api.Reason;
import dev.strata.operator.BuilderPod.State;
import dev.strata.operator.PodReading.Trouble;
import dev.strata.plan.Failure;
import dev.strata.plan.Outcome;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Pod statuses as a real kubelet wrote them, shortened. */
class PodReadingTest {
    private static final Instant NOW = Instant.parse("2026-01-01T12:00:10Z");
    private static final Outcome BUILT =
            new Outcome.Built(dev.strata.image.Digest.parse(Examples.digest('a')), List.of());
    private static final Outcome FAILED =
            new Outcome.Failed(new Failure(Failure.Cause.LOST, "stopped by a signal", null, null));

    private static State read(String status, @Nullable Outcome told, boolean logRead, Trouble... trouble) {
        Pod pod = Serialization.unmarshal("""
                apiVersion: v1
                kind: Pod
                metadata:
                  name: shop-1
                  uid: u
                  creationTimestamp: "2026-01-01T12:00:00Z"
                  annotations: {strata.dev/inputs: "sha256:1", strata.dev/platform: linux/amd64, strata.dev/attempt: "1"}
                spec:
                  activeDeadlineSeconds: 1800
                  containers: [{name: builder, resources: {limits: {memory: 1Gi}}}]
                status:
                """ + status.indent(2), Pod.class);
        return PodReading.read(pod, told, logRead, List.of(trouble), NOW).state();
    }

    private static State read(String status) {
        return read(status, null, true);
    }

    @Test
    void aFreshPodStarts() {
        assertThat(read("{phase: Pending}"))
                .isInstanceOfSatisfying(
                        State.Waiting.class,
                        waiting -> assertThat(waiting.reason()).isEqualTo(Reason.STARTING));
    }

    @Test
    void aPodThatNoNodeTakesIsUnschedulable() {
        assertThat(read("""
                phase: Pending
                conditions: [{type: PodScheduled, status: "False", reason: Unschedulable, message: "0/1 nodes are available"}]
                """))
                .isEqualTo(new State.Waiting(
                        Reason.UNSCHEDULABLE, "no node takes the builder pod: 0/1 nodes are available"));
    }

    @Test
    void anImageThatCannotBePulledIsTold() {
        assertThat(read("""
                phase: Pending
                containerStatuses: [{name: builder, state: {waiting: {reason: ImagePullBackOff, message: "Back-off pulling image x"}}}]
                """))
                .isEqualTo(new State.Waiting(
                        Reason.BUILDER_IMAGE_PULL_FAILED,
                        "the builder's image cannot be pulled: Back-off pulling image x"));
    }

    @Test
    void aMissingSecretIsKnownFromEventsOnly() {
        assertThat(read(
                        "containerStatuses: [{name: builder, state: {waiting: {reason: ContainerCreating}}}]\nphase: Pending",
                        null,
                        true,
                        new Trouble("MissingClusterDNS", "no DNS"),
                        new Trouble("FailedMount", "secret \"git\" not found")))
                .isEqualTo(new State.Waiting(
                        Reason.VOLUME_FAILED, "a volume of the builder pod is not ready: secret \"git\" not found"));
    }

    @Test
    void aRunningPodWorks() {
        assertThat(read("phase: Running\ncontainerStatuses: [{name: builder, state: {running: {}}}]"))
                .isEqualTo(new State.Working());
    }

    @Test
    void aSuccessCountsAsSoonAsTheLogTellsOfIt() {
        assertThat(read("phase: Running\ncontainerStatuses: [{name: builder, state: {running: {}}}]", BUILT, false))
                .isEqualTo(new State.Ended(BUILT));
    }

    @Test
    void aFailureWaitsForWhatTheClusterSaysOfIt() {
        assertThat(read("phase: Running\ncontainerStatuses: [{name: builder, state: {running: {}}}]", FAILED, true))
                .isEqualTo(new State.Working());
    }

    private static String terminated(int code, String reason, String message) {
        return """
                phase: %s
                containerStatuses:
                - name: builder
                  state: {terminated: {exitCode: %d, reason: %s, message: %s, finishedAt: "2026-01-01T12:00:09Z"}}
                """.formatted(code == 0 ? "Succeeded" : "Failed", code, reason, quoted(message));
    }

    private static String quoted(String text) {
        return "'" + text.replace("'", "''") + "'";
    }

    @Test
    void theTerminationMessageTellsWhereTheLogWasMissed() {
        String message = "{\"type\":\"built\",\"digest\":\"" + Examples.digest('a') + "\",\"names\":[]}";
        assertThat(read(terminated(0, "Completed", message))).isEqualTo(new State.Ended(BUILT));
    }

    @Test
    void theLogsLastLinesTellWhereTheBuilderCouldNotWriteItsWord() {
        String message = "#1 STARTED\n\n  failed {\"cause\":\"USER\",\"what\":\"x\"}".replace("\n\n  ", "\n\n");
        assertThat(PodReading.outcome(message))
                .contains(new Outcome.Failed(new Failure(Failure.Cause.USER, "x", null, null)));
    }

    @Test
    void anEndedPodWaitsUntilItsLogWasRead() {
        assertThat(read(terminated(0, "Completed", ""), null, false)).isEqualTo(new State.Working());
    }

    private static void died(State state, Reason reason, Fault fault, String... words) {
        assertThat(state).isInstanceOfSatisfying(State.Died.class, died -> {
            assertThat(died.reason()).isEqualTo(reason);
            assertThat(died.fault()).isEqualTo(fault);
            assertThat(died.message()).contains(words);
        });
    }

    @Test
    void tooLittleMemoryIsToldWithTheLimitWhateverTheBuilderSaid() {
        died(
                read(terminated(137, "OOMKilled", ""), FAILED, true),
                Reason.OUT_OF_MEMORY,
                Fault.LOST,
                "1Gi",
                "spec.pod.resources.limits.memory");
    }

    @Test
    void theTimeoutIsToldWhateverTheBuilderSaidWhileItWasStopped() {
        died(
                read("reason: DeadlineExceeded\n" + terminated(1, "Error", ""), FAILED, true),
                Reason.TIMED_OUT,
                Fault.USER,
                "1800 seconds",
                "spec.timeout");
    }

    @Test
    void aPodThatNeverStartedInTimeIsNotTheUsersFault() {
        died(read("phase: Failed\nreason: DeadlineExceeded"), Reason.POD_LOST, Fault.OUTSIDE, "did not start");
    }

    @Test
    void anEvictedPodIsLost() {
        died(
                read("reason: Evicted\nmessage: \"The node was low on resource: memory\"\n"
                        + terminated(137, "Error", "")),
                Reason.POD_LOST,
                Fault.LOST,
                "evicted",
                "low on resource");
    }

    @Test
    void aPodOfADrainedNodeIsLost() {
        died(
                read(
                        "conditions: [{type: DisruptionTarget, status: \"True\"}]\n" + terminated(143, "Error", ""),
                        FAILED,
                        true),
                Reason.POD_LOST,
                Fault.LOST,
                "node");
    }

    @Test
    void aKilledContainerIsLost() {
        died(read(terminated(137, "Error", "")), Reason.POD_LOST, Fault.LOST, "137");
    }

    @Test
    void anEndWithoutAWordIsOurFaultAndShowsTheLastLinesThatAreNoEvents() {
        died(
                read(terminated(70, "Error", "#1 STARTED\n\nException in thread main")),
                Reason.INTERNAL_ERROR,
                Fault.OURS,
                "exit code 70",
                "Exception in thread main");
    }

    @Test
    void aPodThatIsStillThereLongAfterItsGracePeriodIsLostWithItsNode() {
        Pod pod = Serialization.unmarshal("""
                apiVersion: v1
                kind: Pod
                metadata: {name: shop-1, uid: u, deletionTimestamp: "2026-01-01T11:59:00Z", creationTimestamp: "2026-01-01T11:00:00Z"}
                status: {phase: Running, containerStatuses: [{name: builder, state: {running: {}}}]}
                """, Pod.class);

        died(PodReading.read(pod, null, false, List.of(), NOW).state(), Reason.POD_LOST, Fault.LOST, "node");
    }
}
