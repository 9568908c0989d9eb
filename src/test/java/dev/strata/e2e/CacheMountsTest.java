package dev.strata.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.api.ImageBuildStatus;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The folders of RUN --mount=type=cache from one builder pod to the next; and what RUN took, on the resource. */
@Tag("cluster")
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class CacheMountsTest {
    private static void keptIn(Workspace workspace, String cacheMounts) {
        workspace.apply("""
                apiVersion: strata.dev/v1alpha1
                kind: BuildClass
                metadata: {name: %1$s}
                spec:
                  registries:
                    mirrors: {docker.io: "http://%2$s"}
                    plainHttp: ["%2$s"]
                  run:
                    processes: 2048
                    cacheMounts: %3$s
                """.formatted(workspace.name, workspace.cluster.registry(), cacheMounts));
    }

    /** Fails unless the folder has as many lines as there are builds. */
    private static String dockerfile(int builds) {
        return """
                FROM debian:bookworm
                RUN --mount=type=cache,target=/c,uid=33,mode=0750 echo x >>/c/count && test $(wc -l </c/count) = %d && chown 7:8 /c/count
                RUN --mount=type=cache,target=/c,uid=33,mode=0750 test "$(stat -c %%u:%%a /c) $(stat -c %%u:%%g /c/count)" = "33:750 7:8"
                """.formatted(builds);
    }

    /** Each build is a pod of its own; that the count goes on is the only thing that passes from one to the next. */
    private static void counts(Workspace workspace) {
        Set<String> pods = new HashSet<>();
        for (int count = 1; count <= 3; count++) {
            ImageBuildStatus status =
                    workspace.inline("count", dockerfile(count)).ready();
            workspace.pods().forEach(pod -> pods.add(pod.getMetadata().getUid()));
            List<ImageBuildStatus.Step> steps = Objects.requireNonNull(status)
                    .platforms()
                    .getFirst()
                    .stages()
                    .getFirst()
                    .steps();
            assertThat(steps)
                    .filteredOn(step -> step.instruction().startsWith("RUN"))
                    .hasSize(2)
                    .allSatisfy(step -> assertThat(step.peakMemory()).isBetween(1L << 16, 1L << 30));
        }
        assertThat(pods).hasSize(3);
    }

    @Test
    void a_cache_mount_passes_from_pod_to_pod_through_the_cache_repository() {
        try (Workspace workspace = Workspace.open("baseline")) {
            keptIn(workspace, "{registry: {maxSize: 64Mi}}");
            counts(workspace);
        }
    }

    /** A claim of the name {@code caches} whose volume is a folder of this machine. */
    private static void claim(Workspace workspace, Path folder) {
        workspace.apply("""
                    apiVersion: v1
                    kind: PersistentVolume
                    metadata: {name: %1$s}
                    spec:
                      capacity: {storage: 1Gi}
                      accessModes: [ReadWriteMany]
                      persistentVolumeReclaimPolicy: Retain
                      storageClassName: ""
                      claimRef: {namespace: %1$s, name: caches}
                      hostPath: {path: "%2$s"}
                    ---
                    apiVersion: v1
                    kind: PersistentVolumeClaim
                    metadata: {name: caches}
                    spec:
                      accessModes: [ReadWriteMany]
                      resources: {requests: {storage: 1Gi}}
                      storageClassName: ""
                      volumeName: %1$s
                    """.formatted(workspace.name, folder));
    }

    @Test
    void a_cache_mount_passes_from_pod_to_pod_on_a_persistent_volume(
            @TempDir(cleanup = CleanupMode.ALWAYS) Path folder) {
        try (Workspace workspace = Workspace.open("baseline")) {
            claim(workspace, folder);
            try {
                keptIn(workspace, "{persistentVolumeClaim: caches}");
                counts(workspace);
            } finally {
                workspace.client().persistentVolumes().withName(workspace.name).delete();
            }
        }
    }

    private static final String STEPS = """
            FROM debian:bookworm
            RUN head -c 100000 /dev/urandom >/one
            RUN head -c 100000 /dev/urandom >/two && cat /one >>/two
            """;

    private static ImageBuildStatus built(Workspace workspace, RegistryProxy registry, String name) {
        String repository = registry.host() + "/e2e/" + workspace.name;
        return workspace
                .build(
                        name,
                        "dockerfile:\n  inline: |\n" + STEPS.indent(4) + "output: {image: \"" + repository + "/" + name
                                + "\"}\ncache: {image: \"" + repository + "/steps\"}")
                .ready();
    }

    @Test
    void steps_come_from_a_volume_where_the_registrys_cache_is_cut_off(
            @TempDir(cleanup = CleanupMode.ALWAYS) Path folder) {
        try (Workspace workspace = Workspace.open("baseline");
                RegistryProxy registry = RegistryProxy.start(workspace.cluster)) {
            claim(workspace, folder);
            try {
                workspace.plainHttp(registry.host());
                workspace.rules("cache: {volume: {persistentVolumeClaim: caches, keepBytes: 1Gi}}");
                ImageBuildStatus first = built(workspace, registry, "first");
                String steps = "/v2/e2e/" + workspace.name + "/steps/";
                registry.answer(request -> request.path().startsWith(steps), 403, "DENIED");
                ImageBuildStatus second = built(workspace, registry, "second");
                assertThat(second.platforms().getFirst().stages().getFirst().steps())
                        .filteredOn(step -> step.instruction().startsWith("RUN"))
                        .hasSize(2)
                        .allSatisfy(step -> assertThat(step.cached()).isTrue());
                assertThat(second.layers().stream().map(ImageBuildStatus.StackLayer::digest))
                        .as("random bytes, so they were not made again")
                        .containsExactlyElementsOf(first.layers().stream()
                                .map(ImageBuildStatus.StackLayer::digest)
                                .toList());
                PushedImage.of(Objects.requireNonNull(second.image())).assertWhole();
            } finally {
                workspace.client().persistentVolumes().withName(workspace.name).delete();
            }
        }
    }
}
