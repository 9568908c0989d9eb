package dev.strata.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.Patience;
import dev.strata.api.Condition;
import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.Attempt;
import dev.strata.api.Reason;
import io.fabric8.kubernetes.client.dsl.ExecWatch;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What is done about builds that fail: more memory, and a look at what is left. */
@Tag("cluster")
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class FailureTest {
    @Test
    void what_a_failed_run_left_can_be_seen_by_the_line_that_the_condition_tells() throws Exception {
        try (Workspace workspace = Workspace.open("baseline")) {
            Workspace.Build build = workspace.inline(
                    "held", "FROM debian:bookworm\nRUN echo kept >/left-behind; exit 7\n", "holdOnFailure: 5m");

            Condition held = build.reason(Reason.HELD);

            String pod = workspace.pods().getFirst().getMetadata().getName();
            assertThat(held.message())
                    .contains("exit code 7")
                    .contains("kubectl exec -it -n " + workspace.name + " " + pod
                            + " -c builder -- /opt/strata/bin/strata-shell");
            assertThat(exec(workspace, pod, "/opt/strata/bin/strata-shell", "-c", "cat /left-behind"))
                    .isEqualTo("kept\n");

            exec(workspace, pod, "rm", "/strata/work/temporary/held");

            assertThat(build.stalled().reason()).isEqualTo(Reason.BUILD_FAILED);
        }
    }

    @Test
    void a_quota_is_told_while_it_lasts() {
        try (Workspace workspace = Workspace.open("restricted")) {
            quota(workspace, 0);
            Workspace.Build build = workspace.inline("refused", "FROM scratch\nLABEL a=b\n");

            assertThat(build.reason(Reason.POD_REFUSED).message()).contains("exceeded quota");

            quota(workspace, 10);
            build.ready();
        }
    }

    private static void quota(Workspace workspace, int pods) {
        workspace.apply("""
                apiVersion: v1
                kind: ResourceQuota
                metadata: {name: narrow}
                spec: {hard: {pods: "%d"}}
                """.formatted(pods));
    }

    private static String exec(Workspace workspace, String pod, String... command) throws Exception {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        try (ExecWatch watch = workspace
                .client()
                .pods()
                .inNamespace(workspace.name)
                .withName(pod)
                .inContainer("builder")
                .writingOutput(output)
                .writingError(output)
                .exec(command)) {
            Integer code = watch.exitCode().get(Patience.LONG.toSeconds(), TimeUnit.SECONDS);
            String said = output.toString(StandardCharsets.UTF_8);
            assertThat(code).as(said).isEqualTo(0);
            return said;
        }
    }

    @Test
    void a_builder_that_ran_out_of_memory_gets_more_and_the_size_is_remembered() {
        try (Workspace workspace = Workspace.open("baseline")) {
            workspace.rules("maximum: {resources: {memory: 2Gi}}");
            Workspace.Build build = workspace.inline(
                    "hungry",
                    "FROM debian:bookworm\nRUN head -c 700000000 /dev/zero | tail >/dev/null\n",
                    "pod: {resources: {limits: {memory: 512Mi}}}");

            ImageBuildStatus status = build.ready();

            assertThat(status.attempts()).hasSize(2);
            assertThat(status.attempts().getFirst().reason()).isEqualTo(Reason.OUT_OF_MEMORY);
            assertThat(status.attempts().getLast().memory()).isEqualTo("1024Mi");
            assertThat(status.memory()).isEqualTo("1024Mi");

            build.resource()
                    .patch(
                            PatchContext.of(PatchType.JSON_MERGE),
                            "{\"metadata\":{\"annotations\":{\"%s\":\"again\"}}}".formatted(ImageBuild.REBUILD));
            build.await(
                    "a second build with the remembered size",
                    seen -> seen.getStatus() != null
                            && seen.getStatus().attempts().stream()
                                    .anyMatch(attempt -> attempt.number() == 1
                                            && "1024Mi".equals(attempt.memory())
                                            && attempt.state() == Attempt.State.SUCCEEDED));
            assertThat(Objects.requireNonNull(build.status().memory())).isEqualTo("1024Mi");
        }
    }
}
