package dev.strata.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.api.Condition;
import dev.strata.api.ImageBuildStatus;
import dev.strata.api.Reason;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Builder pods that cannot start, take too long or need too much. */
@Tag("cluster")
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class PodTroubleTest {
    private static final String GOOD = "FROM debian:bookworm\nLABEL state=good\n";
    private static final String OTHER = "FROM debian:bookworm\nLABEL state=other\n";

    @Test
    void a_pod_that_no_node_takes_is_told_and_starts_once_the_spec_asks_for_less() {
        try (Workspace workspace = Workspace.open("restricted")) {
            Workspace.Build build = workspace.inline("place", GOOD);
            String image = image(build.ready());

            workspace.inline("place", OTHER, "pod: {nodeSelector: {strata.dev/no-such-node: \"true\"}}");
            assertThat(build.reason(Reason.UNSCHEDULABLE).message()).isNotBlank();
            assertThat(image(build.status())).isEqualTo(image);

            workspace.inline("place", OTHER);
            assertThat(image(build.ready())).isNotEqualTo(image);
        }
    }

    @Test
    void a_builder_image_that_cannot_be_pulled_is_named() {
        try (Workspace workspace = Workspace.open("restricted")) {
            Workspace.Build build = workspace.inline("pull", GOOD);
            String image = image(build.ready());
            String missing = workspace.cluster.registry() + "/no/such-builder:1";
            workspace.apply("""
                    apiVersion: strata.dev/v1alpha1
                    kind: BuildClass
                    metadata: {name: %1$s}
                    spec:
                      builderImage: "%2$s"
                      registries:
                        mirrors: {docker.io: "http://%3$s"}
                        plainHttp: ["%3$s"]
                    """.formatted(workspace.name, missing, workspace.cluster.registry()));

            workspace.inline("pull", OTHER);

            assertThat(build.reason(Reason.BUILDER_IMAGE_PULL_FAILED).message()).contains(missing);
            assertThat(image(build.status())).isEqualTo(image);
        }
    }

    @Test
    void a_build_that_takes_too_long_stalls_with_its_timeout() {
        try (Workspace workspace = Workspace.open("baseline")) {
            Workspace.Build build = workspace.inline("slow", GOOD);
            String image = image(build.ready());

            workspace.inline("slow", "FROM debian:bookworm\nRUN sleep 600\n", "timeout: 8s");

            Condition stalled = build.stalled();
            assertThat(stalled.reason()).isEqualTo(Reason.TIMED_OUT);
            assertThat(image(build.status())).isEqualTo(image);
        }
    }

    @Test
    void a_build_that_needs_too_much_memory_stalls_with_how_to_give_it_more() {
        try (Workspace workspace = Workspace.open("baseline")) {
            Workspace.Build build = workspace.inline("memory", GOOD);
            String image = image(build.ready());

            workspace.inline(
                    "memory",
                    // A shell variable that doubles until the limit is reached.
                    "FROM debian:bookworm\nRUN x=0123456789abcdef; while true; do x=$x$x; done\n",
                    "retry: {limit: 0}",
                    "pod: {resources: {limits: {memory: 600Mi}}}");

            Condition stalled = build.stalled();
            assertThat(stalled.reason()).isEqualTo(Reason.OUT_OF_MEMORY);
            assertThat(stalled.message()).contains("memory");
            assertThat(image(build.status())).isEqualTo(image);
        }
    }

    private static String image(ImageBuildStatus status) {
        return Objects.requireNonNull(status.image());
    }
}
