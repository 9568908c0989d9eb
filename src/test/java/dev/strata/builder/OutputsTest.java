package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.ImageConfig;
import dev.strata.image.Json;
import dev.strata.image.Layout;
import dev.strata.image.Manifest;
import dev.strata.plan.Failure;
import dev.strata.plan.Plan;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code --output} writes, read by other means than our own. */
class OutputsTest {
    @TempDir
    Path folder;

    private Workbench bench;

    @BeforeEach
    void begin() throws IOException {
        bench = new Workbench(folder);
        bench.file("Dockerfile", """
                        FROM scratch
                        COPY app /app
                        COPY later /app/second
                        CMD ["/app/run"]
                        """).file("app/run", "run").file("later", "later");
        Path run = bench.context.resolve("app/run");
        Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.createSymbolicLink(bench.context.resolve("app/link"), Path.of("run"));
    }

    private Path export(String type, String destination) {
        Path there = bench.path(destination);
        bench.exports.add(new Plan.Export(type, there.toString()));
        return there;
    }

    private static Map<String, byte[]> tar(InputStream stream) throws IOException {
        Map<String, byte[]> entries = new TreeMap<>();
        try (TarArchiveInputStream tar = new TarArchiveInputStream(stream)) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                entries.put(
                        entry.getName() + (entry.isSymbolicLink() ? " -> " + entry.getLinkName() : ""),
                        tar.readAllBytes());
            }
        }
        return entries;
    }

    @Test
    void aFolderInOciLayoutHoldsTheImage() throws IOException {
        Path there = export("oci", "layout");
        String digest = bench.digest();
        Layout layout = new Layout(there);
        assertThat(layout.images()).hasSize(1);
        assertThat(layout.images().getFirst().digest()).hasToString(digest);
        assertThat(there.resolve("oci-layout")).isRegularFile();
        try (var blobs = Files.list(there.resolve("blobs/sha256"))) {
            for (Path blob : blobs.toList()) {
                assertThat(Digest.sha256(Files.readAllBytes(blob)).hex())
                        .isEqualTo(blob.getFileName().toString());
            }
        }
    }

    @Test
    void aFileInOciLayoutIsATarOfTheSame() throws IOException {
        Path there = export("oci", "image.tar");
        String digest = bench.digest();
        Map<String, byte[]> entries = tar(Files.newInputStream(there));
        assertThat(entries).containsKeys("oci-layout", "index.json", "blobs/sha256/" + digest.substring(7));
        assertThat(entries).doesNotContainKey("manifest.json");
        JsonNode index = Json.MAPPER.readTree(entries.get("index.json"));
        assertThat(index.at("/manifests/0/digest").asText()).isEqualTo(digest);
    }

    @Test
    void anArchiveForDockerNamesItsLayers() throws IOException {
        Path there = export("docker", "docker.tar");
        bench.digest();
        Map<String, byte[]> entries = tar(Files.newInputStream(there));
        JsonNode manifest = Json.MAPPER.readTree(entries.get("manifest.json"));
        assertThat(manifest.at("/0/Layers")).hasSize(2);
        JsonNode config =
                Json.MAPPER.readTree(entries.get(manifest.at("/0/Config").asText()));
        assertThat(config.at("/config/Cmd/0").asText()).isEqualTo("/app/run");
        byte[] first = entries.get(manifest.at("/0/Layers/0").asText());
        Map<String, byte[]> layer = tar(new GZIPInputStream(new ByteArrayInputStream(first)));
        assertThat(layer).containsKeys("app/", "app/run", "app/link -> run");
    }

    @Test
    void aTarHoldsTheFilesOfAllLayers() throws IOException {
        Path there = export("tar", "files.tar");
        bench.digest();
        Map<String, byte[]> entries = tar(Files.newInputStream(there));
        assertThat(entries).containsOnlyKeys("app/", "app/link -> run", "app/run", "app/second");
        assertThat(new String(entries.get("app/second"), java.nio.charset.StandardCharsets.UTF_8))
                .isEqualTo("later");
    }

    @Test
    void aFolderHoldsTheFilesOfAllLayers() throws IOException {
        Path there = export("local", "files");
        bench.digest();
        assertThat(there.resolve("app/second")).hasContent("later");
        assertThat(Files.readSymbolicLink(there.resolve("app/link"))).hasToString("run");
        assertThat(Files.isExecutable(there.resolve("app/run"))).isTrue();
    }

    @Test
    void theSameImageIsTheSameArchive() throws IOException {
        Path one = export("oci", "one.tar");
        bench.digest();
        bench.exports.clear();
        Path other = export("oci", "other.tar");
        bench.fresh().digest();
        assertThat(one).hasSameBinaryContentAs(other);
    }

    @Test
    void aPlaceThatCannotBeWrittenIsNamed() throws IOException {
        Files.writeString(bench.path("file"), "in the way");
        export("tar", "file/below.tar");
        Failure failure = bench.failure();
        assertThat(failure.sentence()).contains("file/below.tar");
    }

    @Test
    void labelsFromOutsideComeOverTheDockerfilesAndAnnotationsStandInTheManifest() throws IOException {
        bench.file("Dockerfile", "FROM scratch\nCOPY app /app\nLABEL kept=yes changed=before\n");
        bench.labels.put("changed", "after");
        bench.labels.put("new", "too");
        bench.annotations.put("org.opencontainers.image.source", "https://git.example/shop");
        Path there = export("oci", "layout");
        bench.digest();
        Layout layout = new Layout(there);
        Descriptor listed = layout.images().getFirst();
        Manifest manifest = Json.read(Files.readAllBytes(layout.blobs().path(listed.digest())), Manifest.class);
        assertThat(manifest.annotations()).containsEntry("org.opencontainers.image.source", "https://git.example/shop");
        Descriptor described = Objects.requireNonNull(manifest.config());
        ImageConfig config = Json.read(Files.readAllBytes(layout.blobs().path(described.digest())), ImageConfig.class);
        assertThat(config.config().labels())
                .containsExactly(Map.entry("changed", "after"), Map.entry("kept", "yes"), Map.entry("new", "too"));
    }
}
