package dev.strata.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.StackLayer;
import dev.strata.api.ImageBuildStatus.Step;
import dev.strata.image.Reference;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryOptions;
import io.fabric8.kubernetes.api.model.ConfigMap;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Caches in a real registry that nobody builds into any more, cleaned up by pods of the operator. */
@Tag("cluster")
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class CacheUpkeepTest {
    private static String dockerfile(String last) {
        return """
                FROM debian:bookworm
                RUN head -c 1000000 /dev/urandom >/base
                RUN head -c 1000000 /dev/urandom >/%s
                """.formatted(last);
    }

    private static List<Step> commands(ImageBuildStatus status) {
        return status.platforms().getFirst().stages().getFirst().steps().stream()
                .filter(step -> step.instruction().startsWith("RUN"))
                .toList();
    }

    private static List<String> tags(Workspace workspace, String kind) {
        RegistryOptions options =
                new RegistryOptions(new TreeMap<>(), List.of(workspace.cluster.registry()), List.of(), null);
        try (Registry registry = new Registry(options)) {
            return registry.tags(Reference.parse(workspace.repository() + "-cache")).stream()
                    .filter(tag -> tag.startsWith(kind + "-"))
                    .toList();
        }
    }

    /** What an operator knows of a repository is kept only every half minute, and other tests kill operators. */
    private static void awaitNoted(Workspace workspace) {
        await().until(() -> {
            ConfigMap noted = workspace
                    .client()
                    .configMaps()
                    .inNamespace(workspace.name)
                    .withName(Workspace.CACHES)
                    .get();
            return noted != null && String.valueOf(noted.getData()).contains(workspace.repository() + "-cache");
        });
    }

    private static List<String> told(Workspace workspace) {
        return workspace
                .client()
                .v1()
                .events()
                .inNamespace(workspace.name)
                .withField("involvedObject.name", "strata-caches")
                .list()
                .getItems()
                .stream()
                .map(event -> event.getReason() + ": " + event.getMessage())
                .toList();
    }

    @Test
    void what_nobody_builds_any_more_is_cleaned_up_but_not_what_something_newer_needs() {
        try (Workspace workspace = Workspace.open("baseline")) {
            workspace.inline("old", dockerfile("old")).ready();
            ImageBuildStatus newer = workspace.inline("new", dockerfile("new")).ready();
            assertThat(commands(newer)).extracting(Step::cached).containsExactly(true, false);
            assertThat(tags(workspace, "step")).hasSize(3);
            awaitNoted(workspace);
            workspace.existing("old").resource().delete();
            workspace.existing("new").resource().delete();

            long own = newer.layers().stream()
                    .filter(layer -> !layer.base())
                    .mapToLong(StackLayer::size)
                    .sum();
            workspace.rules("cache: {cleanUp: {keepBytes: %d, interval: 1s}}".formatted(own + 700_000));
            await().pollInterval(1, TimeUnit.SECONDS)
                    .untilAsserted(() -> assertThat(told(workspace))
                            .anyMatch(event -> event.startsWith("CacheCleaned: ") && event.contains("-cache, which")));
            assertThat(tags(workspace, "step"))
                    .as("the older build's own step went")
                    .hasSize(2);

            workspace.rules("cache: {cleanUp: {olderThan: 720h}}");
            ImageBuildStatus again =
                    workspace.inline("again", dockerfile("new")).ready();
            assertThat(commands(again)).extracting(Step::cached).containsExactly(true, true);
            workspace.existing("again").resource().delete();

            workspace.rules("cache: {cleanUp: {olderThan: 1s, interval: 1s}}");
            ImageBuildStatus meanwhile =
                    workspace.inline("meanwhile", dockerfile("meanwhile")).ready();
            PushedImage.of(Objects.requireNonNull(meanwhile.image())).assertWhole();
            workspace.existing("meanwhile").resource().delete();
            await().pollInterval(1, TimeUnit.SECONDS).untilAsserted(() -> {
                assertThat(tags(workspace, "step")).isEmpty();
                assertThat(tags(workspace, "build")).isEmpty();
            });
        }
    }
}
