package dev.strata.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.PlatformStatus;
import dev.strata.api.Reason;
import dev.strata.image.Descriptor;
import dev.strata.image.Index;
import dev.strata.image.Json;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Builds that wait for each other, and builds of several platforms. */
@Tag("cluster")
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class QueueAndPlatformsTest {

    @Test
    void images_of_several_platforms_take_turns_and_become_one_index() throws Exception {
        try (Workspace workspace = Workspace.open("restricted")) {
            // This cluster's one node is the node of both platforms.
            workspace.rules("""
                    concurrency: {total: 1}
                    platforms: [{platform: linux/arm64, nodeSelector: {kubernetes.io/os: linux}}]
                    """);
            Workspace.Build build = workspace.inline(
                    "several",
                    "FROM scratch\nARG TARGETARCH\nLABEL architecture=$TARGETARCH\nWORKDIR /$TARGETARCH\n",
                    "platforms: [linux/amd64, linux/arm64]");
            Workspace.Build later = workspace.build("later", """
                    dockerfile: {inline: "FROM scratch\\nWORKDIR /later\\n"}
                    output: {image: "%s/later"}
                    """.formatted(workspace.repository()));
            Workspace.Build twin = workspace.build("twin", """
                    dockerfile: {inline: "FROM scratch\\nWORKDIR /later\\n"}
                    output: {image: "%s/later"}
                    """.formatted(workspace.repository()));

            ImageBuildStatus status = build.ready();

            Index index = index(workspace);
            assertThat(index.manifests())
                    .extracting(entry -> String.valueOf(entry.platform()))
                    .containsExactly("linux/amd64", "linux/arm64");
            assertThat(status.platforms())
                    .extracting(PlatformStatus::digest)
                    .isEqualTo(index.manifests().stream()
                            .map(Descriptor::digest)
                            .map(Object::toString)
                            .toList());
            for (Descriptor entry : index.manifests()) {
                PushedImage image = PushedImage.of(workspace.repository() + "@" + entry.digest());
                image.assertWhole();
                assertThat(image.config().platform()).isEqualTo(entry.platform());
            }
            assertThat(twin.ready().image())
                    .as("one of two with the same inputs was built")
                    .isEqualTo(later.ready().image());
            assertThat(later.status().attempts().size()
                            + twin.status().attempts().size())
                    .isEqualTo(1);
        }
    }

    @Test
    void a_platform_that_no_node_takes_may_be_missing_where_the_spec_says_so() throws Exception {
        try (Workspace workspace = Workspace.open("restricted")) {
            workspace.rules("platforms: [{platform: linux/riscv64, nodeSelector: {no-node: has-this}}]");
            Workspace.Build build =
                    workspace.inline("some", "FROM scratch\nWORKDIR /x\n", "platforms: [linux/amd64, linux/riscv64]");
            build.reason(Reason.UNSCHEDULABLE);

            workspace.inline(
                    "some",
                    "FROM scratch\nWORKDIR /x\n",
                    "platforms: [linux/amd64, linux/riscv64]\nallowMissing: [linux/riscv64]");

            assertThat(build.ready().missingPlatforms()).containsExactly("linux/riscv64");
            assertThat(index(workspace).manifests())
                    .extracting(entry -> String.valueOf(entry.platform()))
                    .containsExactly("linux/amd64");
        }
    }

    @Test
    void a_build_of_earlier_inputs_ends_first_where_the_spec_says_serial() {
        try (Workspace workspace = Workspace.open("baseline");
                Gate gate = Gate.at(workspace.cluster)) {
            Workspace.Build build = gated(workspace, gate, "Serial", 1);
            await().until(() -> gate.waiting() == 1);
            gated(workspace, gate, "Serial", 2);
            build.reason(Reason.SUPERSEDING);
            assertThat(gate.waiting()).as("one at a time").isEqualTo(1);

            gate.open();
            await().until(() -> gate.waiting() == 1);
            String first = Objects.requireNonNull(build.await(
                                    "what the first one built",
                                    candidate -> candidate.getStatus() != null
                                            && !candidate.getStatus().history().isEmpty())
                            .getStatus())
                    .history()
                    .getFirst()
                    .image();
            assertThat(PushedImage.of(workspace.repository() + ":latest")
                            .config()
                            .config()
                            .env())
                    .as("the earlier image has the tag until the next one is there")
                    .contains("VERSION=1");
            gate.open();

            ImageBuildStatus status = build.ready();
            assertThat(PushedImage.of(workspace.repository() + ":latest")
                            .config()
                            .config()
                            .env())
                    .contains("VERSION=2");
            assertThat(status.history())
                    .extracting(ImageBuildStatus.Finished::image)
                    .containsExactly(status.image(), first);
        }
    }

    @Test
    void builds_of_earlier_and_of_new_inputs_run_at_once_where_the_spec_says_parallel() {
        try (Workspace workspace = Workspace.open("baseline");
                Gate gate = Gate.at(workspace.cluster);
                Gate later = Gate.at(workspace.cluster)) {
            Workspace.Build build = gated(workspace, gate, "Parallel", 1);
            await().until(() -> gate.waiting() == 1);
            gated(workspace, later, "Parallel", 2);
            await().until(() -> later.waiting() == 1);
            assertThat(gate.waiting()).as("the first one still runs").isEqualTo(1);

            later.open();
            ImageBuildStatus status = build.ready();
            gate.open();

            assertThat(PushedImage.of(workspace.repository() + ":latest").digest())
                    .as("what is wanted now has the tag, though it ended first")
                    .hasToString(Objects.requireNonNull(status.image()).replaceFirst(".*@", ""));
            await().untilAsserted(() -> assertThat(workspace.pods())
                    .as("the one that nobody wants any more ends as well")
                    .extracting(pod -> pod.getStatus().getPhase())
                    .containsExactly("Succeeded", "Succeeded"));
            assertThat(PushedImage.of(workspace.repository() + ":latest")
                            .config()
                            .config()
                            .env())
                    .contains("VERSION=2");
        }
    }

    private static Workspace.Build gated(Workspace workspace, Gate gate, String concurrency, int version) {
        return workspace.inline(
                "gated",
                "FROM debian:bookworm\nENV VERSION=" + version + "\n" + gate.instruction(),
                "concurrency: " + concurrency);
    }

    private static Index index(Workspace workspace) throws Exception {
        String repository = workspace.repository();
        int slash = repository.indexOf('/');
        try (HttpClient client = HttpClient.newHttpClient()) {
            byte[] bytes = client.send(
                            HttpRequest.newBuilder(URI.create("http://" + repository.substring(0, slash) + "/v2"
                                            + repository.substring(slash) + "/manifests/latest"))
                                    .header("Accept", "application/vnd.oci.image.index.v1+json")
                                    .build(),
                            HttpResponse.BodyHandlers.ofByteArray())
                    .body();
            return Json.read(bytes, Index.class);
        }
    }
}
