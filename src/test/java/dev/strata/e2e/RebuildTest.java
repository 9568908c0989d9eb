package dev.strata.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.Trigger;
import dev.strata.api.Reason;
import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Reference;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryOptions;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What beside a change of the spec calls for a build, with a real git server and a real registry. */
@Tag("cluster")
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class RebuildTest {
    private static final String HOOK_SECRET = "sesame";

    @Test
    void a_commit_a_moved_base_and_an_overwritten_tag_are_noticed_and_told(@TempDir Path folder, @TempDir Path other)
            throws Exception {
        try (Workspace workspace = Workspace.open("baseline");
                GitServer git = GitServer.start(workspace.cluster, folder)) {
            String base = workspace.repository() + "/base";
            String dockerfile = "FROM " + base + "\nCOPY --link greeting /\n";
            String first = git.commit(Map.of("Dockerfile", dockerfile, "greeting", "hello\n"));
            base(workspace, base, "1").ready();
            Workspace.Build build = shop(workspace, git);
            assertThat(trigger(build.ready()).reason()).isEqualTo(Trigger.Cause.CREATED);

            String second = git.commit(Map.of("greeting", "good day\n"));
            hook(workspace);
            ImageBuildStatus status = since(build, Trigger.Cause.SOURCE_CHANGED);
            assertThat(trigger(status).message()).isEqualTo("main moved from " + first + " to " + second);
            assertThat(Objects.requireNonNull(status.inputs()).revision()).isEqualTo(second);

            String oldBase = PushedImage.of(base + ":latest").digest().toString();
            List<String> before = names(workspace);
            base(workspace, base, "2").ready();
            status = since(build, Trigger.Cause.BASE_CHANGED);
            PushedImage newBase = PushedImage.of(base + ":latest");
            assertThat(trigger(status).message())
                    .contains("the base image " + base + ":latest moved from " + oldBase + " to " + newBase.digest()
                            + ": no step depends on it, so the image is put on it without building");
            PushedImage rebased = PushedImage.of(Objects.requireNonNull(status.image()));
            rebased.assertWhole();
            assertThat(rebased.config().rootfs().diffIds())
                    .startsWith(newBase.config().rootfs().diffIds().toArray(Digest[]::new))
                    .hasSize(newBase.config().rootfs().diffIds().size() + 1);
            assertThat(PushedImage.of(workspace.repository() + ":latest").digest())
                    .isEqualTo(rebased.digest());
            assertThat(names(workspace)).as("no pod was needed").isSubsetOf(before);

            List<String> pods = names(workspace);
            overwrite(other, workspace.repository(), base);
            String own = Objects.requireNonNull(status.image());
            await().untilAsserted(() -> assertThat(own)
                    .endsWith(PushedImage.of(workspace.repository() + ":latest")
                            .digest()
                            .toString()));
            await().untilAsserted(() -> assertThat(build.eventReasons()).contains(Reason.TAG_RESTORED.word()));
            assertThat(names(workspace)).as("no pod was needed").isSubsetOf(pods);
        }
    }

    @Test
    void another_value_of_a_secret_or_a_config_map_is_noticed_and_told() {
        try (Workspace workspace = Workspace.open("restricted")) {
            objects(workspace, "one", "sesame");
            Workspace.Build build = workspace.build("shop", """
                    source: {configMap: {name: files}}
                    secrets: [{id: npm, secretRef: {name: npm, key: token}}]
                    output: {image: "%s"}
                    """.formatted(workspace.repository()));
            build.ready();

            objects(workspace, "two", "sesame");
            assertThat(trigger(since(build, Trigger.Cause.CONFIG_MAP_CHANGED)).message())
                    .matches("the ConfigMap \"files\" changed from [0-9a-f]{12} to [0-9a-f]{12}");

            objects(workspace, "two", "open");
            ImageBuildStatus status = since(build, Trigger.Cause.SECRET_CHANGED);
            assertThat(trigger(status).message())
                    .matches("the secret \"npm/token\" changed from [0-9a-f]{12} to [0-9a-f]{12}");
            assertThat(status.toString()).doesNotContain("sesame");
        }
    }

    private static void objects(Workspace workspace, String label, String token) {
        workspace.apply("""
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: files}
                data:
                  Dockerfile: |
                    FROM scratch
                    LABEL version=%s
                ---
                apiVersion: v1
                kind: Secret
                metadata: {name: npm}
                stringData: {token: %s}
                """.formatted(label, token));
    }

    @Test
    void what_the_schedule_calls_for_is_built() {
        try (Workspace workspace = Workspace.open("restricted")) {
            Workspace.Build build =
                    workspace.inline("shop", "FROM scratch\nLABEL a=b\n", "rebuild: {schedule: \"* * * * *\"}");

            assertThat(trigger(since(build, Trigger.Cause.SCHEDULED)).message())
                    .startsWith("the schedule called for a build at ");
        }
    }

    @Test
    void an_image_that_the_registry_has_lost_is_pushed_again_from_the_cache() throws Exception {
        try (Workspace workspace = Workspace.open("baseline")) {
            Workspace.Build build = workspace.inline(
                    "shop",
                    "FROM debian:bookworm\nRUN cat /proc/sys/kernel/random/uuid >/never-the-same-twice\n",
                    "rebuild: {onDrift: 10s}");
            PushedImage before =
                    PushedImage.of(Objects.requireNonNull(build.ready().image()));
            URI lost = URI.create("http://" + before.name().domain() + "/v2/"
                    + before.name().path() + "/manifests/" + before.digest());
            try (HttpClient client = HttpClient.newHttpClient()) {
                assertThat(client.send(
                                        HttpRequest.newBuilder(lost).DELETE().build(),
                                        HttpResponse.BodyHandlers.discarding())
                                .statusCode())
                        .isEqualTo(202);
            }

            ImageBuildStatus status = since(build, Trigger.Cause.IMAGE_MISSING);

            assertThat(trigger(status).message()).contains(before.digest().toString());
            PushedImage again = PushedImage.of(workspace.repository() + ":latest");
            again.assertWhole();
            assertThat(again.layerDigests()).as("nothing was run again").isEqualTo(before.layerDigests());
        }
    }

    private static Workspace.Build base(Workspace workspace, String repository, String version) {
        return workspace.build("base", """
                dockerfile: {inline: "FROM debian:bookworm\\nRUN echo %s >/version\\n"}
                output: {image: "%s"}
                """.formatted(version, repository));
    }

    private static Workspace.Build shop(Workspace workspace, GitServer git) {
        workspace.apply("""
                apiVersion: v1
                kind: Secret
                metadata: {name: git}
                stringData: {username: %s, password: %s}
                """.formatted(GitServer.USERNAME, GitServer.PASSWORD));
        workspace.apply("""
                apiVersion: v1
                kind: Secret
                metadata: {name: hook}
                stringData: {token: %s}
                """.formatted(HOOK_SECRET));
        return workspace.build("shop", """
                source: {git: {url: "%s", revision: main, secretRef: {name: git}}}
                output: {image: "%s"}
                rebuild:
                  onBaseChange: 10s
                  onDrift: 10s
                  webhook: {secretRef: {name: hook, key: token}}
                """.formatted(git.url(), workspace.repository()));
    }

    /** As GitHub does it, at an operator's pod. Other tests kill operators: then it is sent again, as the answer asks for. */
    private static void hook(Workspace workspace) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(HOOK_SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        String body = "{\"ref\": \"refs/heads/main\"}";
        String signature = "sha256=" + HexFormat.of().formatHex(mac.doFinal(body.getBytes(StandardCharsets.UTF_8)));
        try (HttpClient client = HttpClient.newHttpClient()) {
            await().ignoreExceptionsInstanceOf(IOException.class).until(() -> {
                Optional<String> operator = operatorAddress(workspace);
                return operator.isPresent()
                        && client.send(
                                                HttpRequest.newBuilder(URI.create("http://" + operator.get()
                                                                + ":8081/hooks/" + workspace.name + "/shop"))
                                                        .timeout(Duration.ofSeconds(30))
                                                        .header("X-Hub-Signature-256", signature)
                                                        .POST(HttpRequest.BodyPublishers.ofString(body))
                                                        .build(),
                                                HttpResponse.BodyHandlers.discarding())
                                        .statusCode()
                                == 202;
            });
        }
    }

    private static Optional<String> operatorAddress(Workspace workspace) {
        return workspace
                .client()
                .pods()
                .inNamespace(TestCluster.OPERATOR_NAMESPACE)
                .withLabel("app.kubernetes.io/name", "strata")
                .list()
                .getItems()
                .stream()
                .filter(pod -> "Running".equals(pod.getStatus().getPhase())
                        && pod.getMetadata().getDeletionTimestamp() == null)
                .map(pod -> pod.getStatus().getPodIP())
                .findFirst();
    }

    /** Somebody else pushes another image under the tag. */
    private static void overwrite(Path folder, String repository, String by) throws IOException {
        try (Registry registry = new Registry(new RegistryOptions(
                new TreeMap<>(), List.of(Reference.parse(repository).domain()), List.of(), null))) {
            Blobs blobs = new Blobs(folder);
            Descriptor other = registry.pullImage(Reference.parse(by + ":latest"), null, blobs);
            registry.pushImage(Reference.parse(repository + ":latest"), other, blobs);
        }
    }

    private static ImageBuildStatus since(Workspace.Build build, Trigger.Cause cause) {
        ImageBuild seen = build.await(
                cause.toString(),
                candidate -> candidate.getStatus() != null
                        && candidate.getStatus().trigger() != null
                        && candidate.getStatus().trigger().reason() == cause
                        && candidate.getStatus().inputs() != null
                        && Objects.equals(
                                candidate.getStatus().inputs().hash(),
                                candidate.getStatus().trigger().inputs()));
        return Objects.requireNonNull(seen.getStatus());
    }

    private static Trigger trigger(ImageBuildStatus status) {
        return Objects.requireNonNull(status.trigger());
    }

    /** The pods that built what the tests are about. */
    private static List<String> names(Workspace workspace) {
        return workspace.pods().stream()
                .map(Pod::getMetadata)
                .filter(metadata -> metadata.getName().startsWith("shop-"))
                .map(metadata -> metadata.getName())
                .sorted()
                .toList();
    }
}
