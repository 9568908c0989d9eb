package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.strata.Patience;
import dev.strata.image.Json;
import dev.strata.plan.Plan;
import dev.strata.registry.MemoryRegistry;
import dev.strata.sandbox.BusyboxRoot;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Images that Strata makes are read by skopeo, umoci and buildah, and images that buildah makes are bases for Strata. That
 * containerd runs them is shown in the cluster.
 */
@Tag("root")
@Timeout(600)
class InteroperabilityTest {
    @TempDir
    Path folder;

    private final MemoryRegistry registry = MemoryRegistry.start();
    private Workbench bench;
    private Path policy;

    @BeforeEach
    void begin() throws IOException {
        for (String program : List.of("skopeo", "umoci", "buildah")) {
            assumeTrue(Files.isExecutable(Path.of("/usr/bin", program)), "there is no " + program);
        }
        policy = Files.writeString(
                folder.resolve("policy.json"), "{\"default\": [{\"type\": \"insecureAcceptAnything\"}]}");
        bench = new Workbench(folder);
        BusyboxRoot.make(bench.context.resolve("rootfs"));
        bench.file("Dockerfile", """
                        FROM scratch
                        COPY rootfs /
                        COPY --chown=7:8 --chmod=640 text /srv/text
                        ADD --chown=9 text /srv/other
                        WORKDIR /srv/made
                        ENV GREETING="hello there"
                        LABEL who=strata
                        EXPOSE 80/tcp
                        VOLUME /data
                        USER 7:8
                        ENTRYPOINT ["/bin/cat"]
                        CMD ["/srv/text"]
                        """).file("text", "the text\n");
    }

    @AfterEach
    void end() {
        registry.close();
    }

    private String run(String... words) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(words).redirectError(folder.resolve("errors").toFile());
        builder.environment().put("TMPDIR", folder.toString());
        builder.environment().put("XDG_RUNTIME_DIR", folder.toString());
        Process process = builder.start();
        try {
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(Patience.LONG)).isTrue();
            assertThat(process.exitValue())
                    .as("%s: %s", String.join(" ", words), Files.readString(folder.resolve("errors")))
                    .isZero();
            return output.strip();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        } finally {
            process.destroyForcibly();
        }
    }

    private String skopeo(String... words) throws IOException {
        List<String> all = new ArrayList<>(List.of("skopeo", "--policy", policy.toString()));
        all.addAll(List.of(words));
        return run(all.toArray(String[]::new));
    }

    private String buildah(String... words) throws IOException {
        List<String> all = new ArrayList<>(List.of(
                "buildah",
                "--root",
                folder.resolve("storage").toString(),
                "--runroot",
                folder.resolve("running").toString(),
                "--storage-driver",
                "vfs"));
        all.addAll(List.of(words));
        return run(all.toArray(String[]::new));
    }

    private Path export(String type, String name) {
        Path there = bench.path(name);
        bench.exports.add(new Plan.Export(type, there.toString()));
        return there;
    }

    private static void isOurs(String inspected) throws IOException {
        JsonNode config = Json.MAPPER.readTree(inspected).path("config");
        assertThat(config.at("/Env").toString()).contains("GREETING=hello there");
        assertThat(config.at("/User").asText()).isEqualTo("7:8");
        assertThat(config.at("/WorkingDir").asText()).isEqualTo("/srv/made");
        assertThat(config.at("/Entrypoint/0").asText()).isEqualTo("/bin/cat");
        assertThat(config.at("/Labels/who").asText()).isEqualTo("strata");
        assertThat(config.at("/ExposedPorts").has("80/tcp")).isTrue();
        assertThat(config.at("/Volumes").has("/data")).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "zstd", "uncompressed"})
    void skopeoReadsEveryOutputAndCopiesItWhole(String compression) throws IOException {
        bench.compression = compression;
        Path layout = export("oci", "layout");
        Path file = export("oci", "image.tar");
        Path docker = export("docker", "docker.tar");
        String digest = bench.digest(registry.host() + "/shop:1");
        String far = "docker://" + registry.host() + "/shop:1";
        String name = registry.host() + "/shop:1";

        assertThat(skopeo("inspect", "--tls-verify=false", "--format", "{{.Digest}}", far))
                .isEqualTo(digest);
        for (String image : List.of("oci:" + layout + ":" + name, "oci-archive:" + file, "docker-archive:" + docker)) {
            isOurs(skopeo("inspect", "--config", image));
        }
        skopeo("copy", "--src-tls-verify=false", far, "dir:" + folder.resolve("pulled"));
        skopeo("copy", "docker-archive:" + docker, "oci:" + folder.resolve("from-docker") + ":x");
        skopeo("copy", "oci-archive:" + file, "dir:" + folder.resolve("from-oci"));
        assertThat(skopeo("inspect", "--format", "{{.Digest}}", "dir:" + folder.resolve("from-oci")))
                .isEqualTo(digest);
    }

    @Test
    void umociUnpacksOurLayers() throws IOException {
        Path layout = export("oci", "layout");
        bench.digest();
        Path bundle = folder.resolve("bundle");
        run("umoci", "unpack", "--image", layout + ":latest", bundle.toString());
        Path text = bundle.resolve("rootfs/srv/text");
        assertThat(text).hasContent("the text\n");
        assertThat(Files.getAttribute(text, "unix:uid")).isEqualTo(7);
        assertThat((Integer) Files.getAttribute(text, "unix:mode") & 07777).isEqualTo(0640);
        assertThat(bundle.resolve("rootfs/srv/made")).isDirectory();
        assertThat(Json.MAPPER
                        .readTree(bundle.resolve("config.json").toFile())
                        .at("/process/args/1")
                        .asText())
                .isEqualTo("/srv/text");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "zstd"})
    void buildahPullsAndRunsOurImage(String compression) throws IOException {
        bench.compression = compression;
        bench.digest(registry.host() + "/shop:1");
        String container = buildah(
                "from", "--signature-policy", policy.toString(), "--tls-verify=false", registry.host() + "/shop:1");
        assertThat(buildah("run", "--isolation=chroot", "--user=0:0", container, "--", "/bin/cat", "/srv/text"))
                .isEqualTo("the text");
        assertThat(buildah("inspect", "--format", "{{.OCIv1.Config.User}}", container))
                .isEqualTo("7:8");
    }

    @Test
    void anImageOfBuildahIsABase() throws IOException {
        Path context = Files.createDirectories(folder.resolve("buildah"));
        Files.writeString(context.resolve("passwd"), "root:x:0:0::/:/bin/sh\napp:x:70:80::/srv:/bin/sh\n");
        Files.writeString(context.resolve("Dockerfile"), """
                        FROM scratch
                        COPY passwd /etc/passwd
                        ENV FROM_BUILDAH=yes
                        ONBUILD LABEL triggered=yes
                        WORKDIR /srv
                        """);
        String base = registry.host() + "/bases/buildah:1";
        buildah(
                "bud",
                "--signature-policy",
                policy.toString(),
                "--layers",
                "--format=docker",
                "-t",
                base,
                context.toString());
        buildah("push", "--signature-policy", policy.toString(), "--tls-verify=false", base, "docker://" + base);

        bench.file("Dockerfile", "FROM " + base + "\nCOPY --chown=app text ./\n");
        Path layout = export("oci", "layout");
        bench.digest();
        JsonNode config = Json.MAPPER.readTree(skopeo("inspect", "--config", "oci:" + layout + ":latest"));
        assertThat(config.at("/config/Env").toString()).contains("FROM_BUILDAH=yes");
        assertThat(config.at("/config/Labels/triggered").asText()).isEqualTo("yes");
        assertThat(config.at("/config").has("OnBuild")).isFalse();
        long layers = config.at("/rootfs/diff_ids").size();
        long told = 0;
        for (JsonNode line : config.at("/history")) {
            told += line.path("empty_layer").asBoolean() ? 0 : 1;
        }
        assertThat(told).as("a line of history for each layer").isEqualTo(layers);
        Path bundle = folder.resolve("bundle");
        run("umoci", "unpack", "--image", layout + ":latest", bundle.toString());
        assertThat(Files.getAttribute(bundle.resolve("rootfs/srv/text"), "unix:uid"))
                .isEqualTo(70);
        assertThat(bundle.resolve("rootfs/etc/passwd")).isRegularFile();
    }
}
