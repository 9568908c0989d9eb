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

/** Registries that refuse, falter or are not there. */
@Tag("cluster")
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class RegistryTroubleTest {

    @Test
    void without_credentials_the_build_stalls_and_says_where_they_belong() {
        try (RegistryProxy registry = RegistryProxy.start(TestCluster.connect());
                Workspace workspace = Workspace.open("restricted", registry.host())) {
            Workspace.Build build = push(workspace, registry, "one");
            String image = image(build.ready());
            registry.answer(
                    request -> !request.path().endsWith("/library/debian/manifests/bookworm"), 401, "UNAUTHORIZED");

            push(workspace, registry, "two");

            Condition stalled = build.stalled();
            assertThat(stalled.message()).contains(registry.host(), "no credentials");
            assertThat(image(build.status())).isEqualTo(image);
        }
    }

    @Test
    void a_repository_that_does_not_exist_stalls_with_its_name() {
        try (RegistryProxy registry = RegistryProxy.start(TestCluster.connect());
                Workspace workspace = Workspace.open("restricted", registry.host())) {
            Workspace.Build build = push(workspace, registry, "one");
            String image = image(build.ready());
            registry.answer(request -> request.path().contains("/v2/e2e/"), 404, "NAME_UNKNOWN");

            push(workspace, registry, "two");

            assertThat(build.stalled().message()).contains(registry.host() + "/e2e/" + workspace.name);
            assertThat(image(build.status())).isEqualTo(image);
        }
    }

    @Test
    void a_registry_that_is_unavailable_for_a_while_is_tried_again_until_it_is_back() {
        try (RegistryProxy registry = RegistryProxy.start(TestCluster.connect());
                Workspace workspace = Workspace.open("restricted", registry.host())) {
            Workspace.Build build = push(workspace, registry, "one");
            String image = image(build.ready());
            registry.answer(request -> true, 503, "UNAVAILABLE");

            push(workspace, registry, "two");
            assertThat(build.reason(Reason.BACKING_OFF).message()).contains(registry.host(), "trouble");
            assertThat(image(build.status())).isEqualTo(image);
            registry.recover();

            ImageBuildStatus status = build.ready();
            assertThat(image(status)).isNotEqualTo(image);
            assertThat(status.attempts()).hasSizeGreaterThan(1);
        }
    }

    @Test
    void a_dead_address_is_named_and_given_up_after_the_last_attempt() {
        try (Workspace workspace = Workspace.open("restricted")) {
            Workspace.Build build = workspace.inline("dead", "FROM debian:bookworm\nLABEL a=b");
            String image = image(build.ready());
            String dead = workspace.cluster.address + ":1";

            workspace.build("dead", """
                    dockerfile: {inline: "FROM debian:bookworm\\nLABEL a=c\\n"}
                    output: {image: "%s/e2e/dead"}
                    retry: {limit: 0}
                    """.formatted(dead));

            Condition stalled = build.stalled();
            assertThat(stalled.reason()).isEqualTo(Reason.OUTSIDE_FAILED);
            assertThat(stalled.message()).contains(dead);
            assertThat(image(build.status())).isEqualTo(image);
        }
    }

    private static Workspace.Build push(Workspace workspace, RegistryProxy registry, String label) {
        return workspace.build("push", """
                dockerfile: {inline: "FROM debian:bookworm\\nLABEL state=%s\\n"}
                output: {image: "%s/e2e/%s"}
                """.formatted(label, registry.host(), workspace.name));
    }

    private static String image(ImageBuildStatus status) {
        return Objects.requireNonNull(status.image());
    }
}
