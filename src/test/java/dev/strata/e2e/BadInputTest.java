package dev.strata.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.api.Condition;
import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import dev.strata.api.Reason;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What a user sees on the resource for what is wrong in the resource, and that the last good image stays there. */
@Tag("cluster")
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class BadInputTest {
    private static final String GOOD = "FROM debian:bookworm\nLABEL state=good\n";

    @Test
    void an_unknown_field_is_refused_by_the_cluster() {
        try (Workspace workspace = Workspace.open("restricted")) {
            assertThatThrownBy(() -> workspace.inline("typo", GOOD, "platfroms: [linux/amd64]"))
                    .isInstanceOf(KubernetesClientException.class)
                    .hasMessageContaining("platfroms");
        }
    }

    @Test
    void two_sources_are_refused_by_the_cluster() {
        try (Workspace workspace = Workspace.open("restricted")) {
            assertThatThrownBy(() -> workspace.build("two", """
                            source: {configMap: {name: files}, git: {url: "https://git.example/shop.git"}}
                            output: {image: "%s"}
                            """.formatted(workspace.repository())))
                    .isInstanceOf(KubernetesClientException.class)
                    .hasMessageContaining("exactly one of git, http, oci and configMap must be given");
        }
    }

    @Test
    void a_bad_image_name_stalls_with_the_rule_that_it_breaks() {
        try (Workspace workspace = Workspace.open("restricted")) {
            Workspace.Build build = workspace.inline("name", GOOD);
            String image = image(build.ready());

            workspace.build("name", "dockerfile: {inline: \"FROM scratch\\n\"}\noutput: {image: \"Not/A Name\"}");

            assertThat(build.stalled().message()).contains("Not/A Name");
            assertThat(image(build.status())).isEqualTo(image);
        }
    }

    @Test
    void a_syntax_error_stalls_with_line_and_excerpt() {
        Condition stalled = breaks("syntax", "FROM debian:bookworm\nLABEL a=b\nCOPPY a b\n");

        assertThat(stalled.reason()).isEqualTo(Reason.BUILD_FAILED);
        assertThat(stalled.message()).contains("3", "COPPY a b", "COPY");
    }

    @Test
    void an_unknown_base_image_stalls_with_its_name() {
        String base = TestCluster.connect().registry() + "/no/such:1";

        Condition stalled = breaks("base", "FROM " + base + "\n");

        assertThat(stalled.reason()).isEqualTo(Reason.BUILD_FAILED);
        assertThat(stalled.message()).contains(base);
    }

    @Test
    void a_command_that_fails_stalls_with_its_line_code_and_last_output() {
        try (Workspace workspace = Workspace.open("baseline")) {
            Workspace.Build build = workspace.inline("run", GOOD);
            String image = image(build.ready());

            workspace.inline("run", "FROM debian:bookworm\nRUN echo nearly there; echo the last word >&2; exit 3\n");

            Condition stalled = build.stalled();
            assertThat(stalled.reason()).isEqualTo(Reason.BUILD_FAILED);
            assertThat(stalled.message()).contains("exit 3", "2", "3");
            ImageBuildStatus status = build.status();
            assertThat(status.platforms().getFirst().lastOutput()).contains("nearly there", "the last word");
            assertThat(image(status)).isEqualTo(image);
            assertThat(build.eventReasons()).contains(Reason.SUCCEEDED.word(), Reason.BUILD_FAILED.word());
        }
    }

    @Test
    void a_flag_that_cannot_be_obeyed_is_refused_by_name_and_line() {
        assertThat(breaks(
                                "onbuild",
                                "FROM debian:bookworm\nRUN --device=vendor.example/gpu=all,required true\n",
                                "baseline")
                        .message())
                .contains("--device", "2");
    }

    @Test
    void a_missing_config_map_is_waited_for() {
        try (Workspace workspace = Workspace.open("restricted")) {
            Workspace.Build build = workspace.inline("files", GOOD);
            String image = image(build.ready());

            workspace.build("files", """
                    source: {configMap: {name: late}}
                    dockerfile: {inline: "FROM scratch\\nCOPY file /\\n"}
                    output: {image: "%s"}
                    """.formatted(workspace.repository()));
            assertThat(build.reason(Reason.REFERENCE_MISSING).message()).contains("late");
            assertThat(image(build.status())).isEqualTo(image);

            workspace.apply("""
                    apiVersion: v1
                    kind: ConfigMap
                    metadata: {name: late}
                    data: {file: here}
                    """);
            assertThat(image(build.ready())).isNotEqualTo(image);
        }
    }

    @Test
    void a_missing_secret_is_named_and_waited_for(@TempDir Path folder) {
        try (Workspace workspace = Workspace.open("restricted");
                GitServer git = GitServer.start(workspace.cluster, folder)) {
            git.commit(Map.of("Dockerfile", "FROM scratch\nCOPY . /\n"));
            Workspace.Build build = workspace.build("secret", gitSpec(workspace, git, "main"));

            build.reason(Reason.VOLUME_FAILED);
            workspace.apply(credentials());

            build.ready();
        }
    }

    @Test
    void a_git_revision_that_does_not_exist_stalls_with_its_name(@TempDir Path folder) {
        try (Workspace workspace = Workspace.open("restricted");
                GitServer git = GitServer.start(workspace.cluster, folder)) {
            git.commit(Map.of("Dockerfile", "FROM scratch\nCOPY . /\n"));
            workspace.apply(credentials());
            Workspace.Build build = workspace.build("revision", gitSpec(workspace, git, "main"));
            String image = image(build.ready());

            workspace.build("revision", gitSpec(workspace, git, "no-such-branch"));

            assertThat(build.stalled().message()).contains("no-such-branch");
            assertThat(image(build.status())).isEqualTo(image);
        }
    }

    private static String gitSpec(Workspace workspace, GitServer git, String revision) {
        return """
                source: {git: {url: "%s", revision: %s, secretRef: {name: git}}}
                output: {image: "%s"}
                """.formatted(git.url(), revision, workspace.repository());
    }

    private static String credentials() {
        return """
                apiVersion: v1
                kind: Secret
                metadata: {name: git}
                type: kubernetes.io/basic-auth
                stringData: {username: %s, password: %s}
                """.formatted(GitServer.USERNAME, GitServer.PASSWORD);
    }

    private static Condition breaks(String name, String dockerfile) {
        return breaks(name, dockerfile, "restricted");
    }

    /** Builds a good image, then applies the Dockerfile over it: it must stall, and the image must stay. */
    private static Condition breaks(String name, String dockerfile, String level) {
        try (Workspace workspace = Workspace.open(level)) {
            Workspace.Build build = workspace.inline(name, GOOD);
            String image = image(build.ready());
            workspace.inline(name, dockerfile);
            Condition stalled = build.stalled();
            ImageBuild settled = build.get();
            assertThat(Workspace.condition(settled, Condition.Type.READY).status())
                    .isEqualTo(Condition.Status.FALSE);
            assertThat(image(build.status())).isEqualTo(image);
            return stalled;
        }
    }

    private static String image(ImageBuildStatus status) {
        return java.util.Objects.requireNonNull(status.image());
    }
}
