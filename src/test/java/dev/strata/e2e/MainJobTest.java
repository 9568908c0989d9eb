package dev.strata.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.StackLayer;
import dev.strata.context.LfsServer;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.ImageConfig;
import dev.strata.image.MediaTypes;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Tag("cluster")
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class MainJobTest {

    @Test
    void the_example_becomes_an_image_whose_every_layer_is_on_the_resource_and_that_runs() throws IOException {
        try (Workspace workspace = Workspace.open("baseline")) {
            String example = Files.readString(Path.of("examples/hello/imagebuild.yaml"))
                    .replaceAll("image: \\S+/demo/hello", "image: \"" + workspace.repository() + "\"")
                    .replace("spec:\n", "spec:\n  className: " + workspace.name + "\n");
            workspace.apply(example);
            Workspace.Build build = workspace.new Build("hello");

            ImageBuildStatus status = build.ready();

            PushedImage image = PushedImage.of(Objects.requireNonNull(status.image()));
            image.assertWhole();
            assertThat(PushedImage.of(workspace.repository() + ":latest").digest())
                    .as("the tag and the digest in status are one image")
                    .isEqualTo(image.digest());
            assertThat(status.layers()).extracting(StackLayer::digest).isEqualTo(image.layerDigests());
            assertThat(status.layers())
                    .extracting(StackLayer::diffId)
                    .isEqualTo(image.config().rootfs().diffIds().stream()
                            .map(Object::toString)
                            .toList());
            assertThat(status.layers())
                    .extracting(StackLayer::size)
                    .isEqualTo(image.manifest().layers().stream()
                            .map(layer -> layer.size())
                            .toList());
            assertThat(status.layers()).extracting(StackLayer::base).containsExactly(true, false, false);
            assertThat(image.config().history())
                    .extracting(ImageConfig.History::createdBy)
                    .anySatisfy(line -> assertThat(line).contains("apt-get install -y python3"));
            assertThat(run(workspace, Objects.requireNonNull(status.image())))
                    .contains("in an image that Strata has built");
        }
    }

    @Test
    void the_nodes_containerd_pulls_and_runs_layers_of_zstd() {
        try (Workspace workspace = Workspace.open("baseline")) {
            ImageBuildStatus status = workspace
                    .build("small", """
                            dockerfile:
                              inline: |
                                FROM debian:bookworm
                                RUN echo "in a layer of zstd" >/greeting && ln /greeting /again && chmod 4750 /again
                                COPY --link <<E /copied
                                and in another one
                                E
                                CMD ["sh", "-c", "cat /greeting /copied && stat -c %%h:%%a /again"]
                            output: {image: "%s", compression: zstd, compressionLevel: 9}
                            """.formatted(workspace.repository()))
                    .ready();

            PushedImage image = PushedImage.of(Objects.requireNonNull(status.image()));
            assertThat(image.manifest().layers())
                    .extracting(Descriptor::mediaType)
                    .endsWith(MediaTypes.LAYER_ZSTD, MediaTypes.LAYER_ZSTD);
            assertThat(run(workspace, Objects.requireNonNull(status.image())).lines())
                    .containsExactly("in a layer of zstd", "and in another one", "2:4750");
        }
    }

    @Test
    void a_build_without_run_works_where_the_restricted_level_is_enforced() {
        try (Workspace workspace = Workspace.open("restricted")) {
            workspace.apply("""
                    apiVersion: v1
                    kind: ConfigMap
                    metadata: {name: files}
                    data: {greeting: "hello\\n"}
                    """);

            ImageBuildStatus status = workspace
                    .build("files", """
                            source: {configMap: {name: files}}
                            dockerfile:
                              inline: |
                                FROM debian:bookworm
                                COPY --chown=daemon:daemon greeting /srv/greeting
                                ENV GREETING=/srv/greeting
                            output: {image: "%s"}
                            """.formatted(workspace.repository()))
                    .ready();

            PushedImage image = PushedImage.of(Objects.requireNonNull(status.image()));
            image.assertWhole();
            assertThat(Objects.requireNonNull(image.config().config()).env()).contains("GREETING=/srv/greeting");
            assertThat(image.manifest().layers()).hasSize(2);
        }
    }

    @Test
    void a_restricted_namespace_refuses_run_by_its_line() {
        try (Workspace workspace = Workspace.open("restricted")) {
            assertThat(workspace
                            .inline("runs", "FROM debian:bookworm\nRUN echo hello > /hello")
                            .stalled()
                            .message())
                    .contains("RUN", "2");
        }
    }

    @Test
    void source_comes_from_git_with_a_secret_and_the_commit_is_on_the_resource(@TempDir Path folder) {
        try (Workspace workspace = Workspace.open("restricted");
                GitServer git = GitServer.start(workspace.cluster, folder)) {
            String commit = git.commit(Map.of(
                    "web/Dockerfile", "FROM scratch\nCOPY . /\n", "web/index.html", "hello", "elsewhere", "not part"));
            workspace.apply("""
                    apiVersion: v1
                    kind: Secret
                    metadata: {name: git}
                    type: kubernetes.io/basic-auth
                    stringData: {username: %s, password: %s}
                    """.formatted(GitServer.USERNAME, GitServer.PASSWORD));

            ImageBuildStatus status = workspace
                    .build("web", """
                            source:
                              git: {url: "%s", revision: main, subPath: web, secretRef: {name: git}}
                            output: {image: "%s", tags: [one, two]}
                            """.formatted(git.url(), workspace.repository()))
                    .ready();

            assertThat(Objects.requireNonNull(status.inputs()).revision()).isEqualTo(commit);
            PushedImage image = PushedImage.of(Objects.requireNonNull(status.image()));
            assertThat(PushedImage.of(workspace.repository() + ":one").digest()).isEqualTo(image.digest());
            assertThat(PushedImage.of(workspace.repository() + ":two").digest()).isEqualTo(image.digest());
        }
    }

    /** The submodule is the repository itself, earlier; the large file comes from a server of its own. */
    @Test
    void source_comes_from_git_with_submodules_and_files_of_lfs(@TempDir Path folder) throws IOException {
        byte[] large = "the large file".getBytes(StandardCharsets.UTF_8);
        try (Workspace workspace = Workspace.open("restricted");
                GitServer git = GitServer.start(workspace.cluster, folder);
                LfsServer lfs = new LfsServer(InetAddress.getByName(workspace.cluster.address), large, false)) {
            String library = git.commit(Map.of("text", "of a submodule"));
            git.commit(Map.of(
                    "web/Dockerfile",
                    "FROM scratch\nCOPY . /\n",
                    "web/large.bin",
                    "version https://git-lfs.github.com/spec/v1\noid " + Digest.sha256(large) + "\nsize " + large.length
                            + "\n",
                    ".gitattributes",
                    "*.bin filter=lfs diff=lfs merge=lfs -text\n",
                    ".lfsconfig",
                    "[lfs]\n url = " + lfs.url() + "\n",
                    ".gitmodules",
                    "[submodule \"library\"]\n path = web/vendor\n url = ../repository\n"));
            git.submodule("web/vendor", library);
            workspace.apply("""
                    apiVersion: v1
                    kind: Secret
                    metadata: {name: git}
                    type: kubernetes.io/basic-auth
                    stringData: {username: %s, password: %s}
                    """.formatted(GitServer.USERNAME, GitServer.PASSWORD));

            ImageBuildStatus status = workspace
                    .build("all", """
                            source:
                              git: {url: "%s", revision: main, subPath: web, submodules: true, secretRef: {name: git}}
                            output: {image: "%s", compression: uncompressed}
                            """.formatted(git.url(), workspace.repository()))
                    .ready();

            PushedImage image = PushedImage.of(Objects.requireNonNull(status.image()));
            byte[] layer = image.blob(image.manifest().layers().getFirst().digest());
            assertThat(new String(layer, StandardCharsets.ISO_8859_1))
                    .contains("the large file", "vendor/text", "of a submodule")
                    .doesNotContain("git-lfs.github.com", ".git/");
        }
    }

    @Test
    void stages_that_the_target_does_not_need_are_not_built_and_copies_cross_stages() {
        try (Workspace workspace = Workspace.open("baseline")) {
            ImageBuildStatus status = workspace.inline("stages", """
                            FROM debian:bookworm AS tool
                            RUN ["sh", "-c", "echo made > /made"]
                            FROM debian:bookworm AS unused
                            RUN exit 1
                            FROM scratch AS result
                            COPY --from=tool /made /made
                            """).ready();

            PushedImage image = PushedImage.of(Objects.requireNonNull(status.image()));
            image.assertWhole();
            assertThat(image.manifest().layers()).hasSize(1);
            assertThat(status.platforms().getFirst().stages())
                    .extracting(ImageBuildStatus.Stage::name)
                    .contains("tool", "result")
                    .doesNotContain("unused");
        }
    }

    @Test
    void applying_the_same_again_changes_nothing() {
        try (Workspace workspace = Workspace.open("restricted")) {
            Workspace.Build build = workspace.inline("same", "FROM debian:bookworm\nLABEL a=b");
            build.ready();
            ImageBuild settled = build.get();
            List<String> pods = names(workspace.pods());

            workspace.inline("same", "FROM debian:bookworm\nLABEL a=b");
            // The operator works in order: when it has finished another build, it has looked at this one, too.
            workspace
                    .inline("other", "FROM debian:bookworm\nLABEL c=d", "retry: {limit: 0}")
                    .ready();

            assertThat(build.get().getMetadata().getResourceVersion())
                    .isEqualTo(settled.getMetadata().getResourceVersion());
            assertThat(names(workspace.pods()))
                    .filteredOn(pod -> pod.startsWith("same"))
                    .isEqualTo(pods);
        }
    }

    @Test
    void a_layer_that_the_registry_has_is_never_sent() {
        TestCluster cluster = TestCluster.connect();
        try (RegistryProxy registry = RegistryProxy.start(cluster);
                Workspace workspace = Workspace.open("restricted", registry.host())) {
            String repository = registry.host() + "/e2e/" + workspace.name;
            String base = registry.host() + "/library/debian:bookworm";
            String spec = """
                    dockerfile: {inline: "FROM %s\\nLABEL version=%d\\n"}
                    output: {image: "%s"}
                    cache: {enabled: false}
                    """;

            workspace.build("base", spec.formatted(base, 1, repository)).ready();
            List<String> first = registry.uploads();
            registry.forget();
            workspace.build("base", spec.formatted(base, 2, repository)).ready();

            assertThat(first)
                    .as("the base is mounted; the configuration is the only blob")
                    .hasSizeLessThanOrEqualTo(2);
            assertThat(registry.uploads()).as("the base is there already").hasSizeLessThanOrEqualTo(2);
            PushedImage.of(repository + ":latest").assertWhole();
        }
    }

    @Test
    void nothing_is_left_after_deletion() {
        try (Workspace workspace = Workspace.open("baseline")) {
            Workspace.Build build = workspace.inline("gone", "FROM debian:bookworm\nRUN echo hello > /hello");
            build.ready();

            build.resource().delete();

            org.awaitility.Awaitility.await().untilAsserted(() -> {
                assertThat(workspace.pods()).isEmpty();
                assertThat(workspace
                                .client()
                                .configMaps()
                                .inNamespace(workspace.name)
                                .list()
                                .getItems())
                        .extracting(map -> map.getMetadata().getName())
                        .isSubsetOf("kube-root-ca.crt", Workspace.CACHES);
            });
        }
    }

    /** Runs an image as a pod to its end and answers what it printed. */
    private static String run(Workspace workspace, String image) {
        Pod pod = new PodBuilder()
                .withNewMetadata()
                .withName("run")
                .endMetadata()
                .withNewSpec()
                .withRestartPolicy("Never")
                .addNewContainer()
                .withName("main")
                .withImage(image)
                .endContainer()
                .endSpec()
                .build();
        var pods = workspace.client().pods().inNamespace(workspace.name);
        pods.resource(pod).create();
        pods.withName("run")
                .waitUntilCondition(
                        candidate -> candidate != null
                                && List.of("Succeeded", "Failed")
                                        .contains(candidate.getStatus().getPhase()),
                        300,
                        TimeUnit.SECONDS);
        return workspace.logOf("run");
    }

    private static List<String> names(List<Pod> pods) {
        return pods.stream().map(pod -> pod.getMetadata().getName()).toList();
    }
}
