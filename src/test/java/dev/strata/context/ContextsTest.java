package dev.strata.context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Image;
import dev.strata.image.ImageConfig;
import dev.strata.image.Index;
import dev.strata.image.Json;
import dev.strata.image.Layer;
import dev.strata.image.Manifest;
import dev.strata.image.MediaTypes;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.layer.Bounds;
import dev.strata.plan.Failure;
import dev.strata.plan.Plan.Source;
import dev.strata.registry.MemoryRegistry;
import dev.strata.registry.RegistryException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContextsTest {
    @TempDir
    Path folder;

    private Contexts contexts;

    @BeforeEach
    void contexts() {
        contexts = TestContexts.in(folder.resolve("work"));
    }

    /** A volume as the kubelet lays it out: the files in a folder of their own, and links to them. */
    private Path volume(String... files) throws IOException {
        Path volume = Files.createDirectory(folder.resolve("volume"));
        Path data = Files.createDirectory(volume.resolve("..2026_11_25_20_00_00.1"));
        Files.createSymbolicLink(volume.resolve("..data"), data.getFileName());
        for (String file : files) {
            Path path = data.resolve(file);
            Files.createDirectories(path.getParent());
            Files.writeString(path, "content of " + file);
            String top = file.split("/", 2)[0];
            if (!Files.isSymbolicLink(volume.resolve(top))) {
                Files.createSymbolicLink(volume.resolve(top), Path.of("..data", top));
            }
        }
        return volume;
    }

    private static List<String> files(Path root) throws IOException {
        try (Stream<Path> walk = Files.walk(root)) {
            return walk.map(path -> root.relativize(path).toString())
                    .filter(path -> !path.isEmpty())
                    .sorted()
                    .toList();
        }
    }

    @Test
    void anEmptySourceHasNoFiles() throws IOException {
        Context context = contexts.fetch(new Source.Empty(), "");
        assertThat(files(context.root())).isEmpty();
        assertThat(context.kind()).isEqualTo("empty");
    }

    @Test
    void aFolderIsUsedWhereItIs() {
        Context context = contexts.fetch(new Source.Folder(folder.toString(), false), "");
        assertThat(context.root()).isEqualTo(folder);
        assertThat(context.revision()).isEqualTo(folder.toString());
    }

    @Test
    void aFolderThatIsNotThereIsTheUsersFault() {
        assertThatThrownBy(() -> contexts.fetch(new Source.Folder("/no/such/folder", false), ""))
                .isInstanceOf(ContextException.class)
                .hasMessage("/no/such/folder: there is no such folder");
    }

    @Test
    void ofAVolumeOnlyTheUsersFilesAreContentAsPlainFiles() throws IOException {
        Path volume = volume("Dockerfile", "src/main.py", "dir__file");
        Context context = contexts.fetch(new Source.Folder(volume.toString(), true), "");

        assertThat(files(context.root())).containsExactly("Dockerfile", "dir__file", "src", "src/main.py");
        assertThat(Files.isSymbolicLink(context.root().resolve("Dockerfile"))).isFalse();
        assertThat(context.root().resolve("src/main.py")).hasContent("content of src/main.py");
    }

    @Test
    void twoMountsOfTheSameVolumeGiveTheSameRevisionAndTimes() throws IOException {
        Path volume = volume("Dockerfile", "a");
        Context first = contexts.fetch(new Source.Folder(volume.toString(), true), "");
        Files.setLastModifiedTime(volume.resolve("a"), FileTime.from(Instant.parse("2026-01-01T00:00:00Z")));
        Context second = contexts.fetch(new Source.Folder(volume.toString(), true), "");
        Files.writeString(volume.resolve("a"), "other");
        Context third = contexts.fetch(new Source.Folder(volume.toString(), true), "");

        assertThat(second.revision()).isEqualTo(first.revision()).isNotEqualTo(third.revision());
        assertThat(Files.getLastModifiedTime(second.root().resolve("a")))
                .isEqualTo(Files.getLastModifiedTime(first.root().resolve("Dockerfile")));
    }

    @Test
    void aRepositoryIsAContextWithItsCommitAndDate() throws IOException {
        GitRepository shop = new GitRepository(folder.resolve("shop.git"));
        String commit = shop.write("web/Dockerfile", "FROM scratch").commit("first");
        Context context = contexts.fetch(new Source.Git(shop.folder().toString(), "main", "web", false, null), "");

        assertThat(files(context.root())).containsExactly("Dockerfile");
        assertThat(context.kind()).isEqualTo("git");
        assertThat(context.revision()).isEqualTo(commit);
        assertThat(context.date()).isEqualTo(Instant.parse(GitRepository.DATE));
    }

    private String served(HttpServer server, Path file) {
        server.createContext("/" + file.getFileName(), exchange -> {
            try (exchange) {
                exchange.sendResponseHeaders(200, Files.size(file));
                Files.copy(file, exchange.getResponseBody());
            }
        });
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/" + file.getFileName();
    }

    @Test
    void aTarFromAWebServerIsUnpackedAndAnythingElseIsADockerfile() throws IOException {
        Path tar = tar("context.tar.gz", "Dockerfile", "src/main.py");
        Path dockerfile = Files.writeString(folder.resolve("build.txt"), "FROM scratch\n");
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.start();
        try {
            String sha256 = Digest.sha256(Files.readAllBytes(tar)).hex();
            Context packed = contexts.fetch(new Source.Http(served(server, tar), sha256, null), "");
            assertThat(files(packed.root())).containsExactly("Dockerfile", "src", "src/main.py");
            assertThat(packed.revision()).isEqualTo("sha256:" + sha256);

            Context single = contexts.fetch(new Source.Http(served(server, dockerfile), null, null), "");
            assertThat(single.root().resolve("Dockerfile")).hasContent("FROM scratch\n");
        } finally {
            server.stop(0);
        }
        assertThatThrownBy(() -> contexts.fetch(new Source.Http("http://127.0.0.1:1/f", "abc", null), ""))
                .isInstanceOf(ContextException.class)
                .hasMessageContaining("checksum");
    }

    @Test
    void aTarThatUnpacksToMoreThanIsAllowedIsTheUsersFaultAndSaysWhereMoreIsAllowed() throws IOException {
        Path tar = tar("context.tar.gz", "a", "b");
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.start();
        try {
            Source.Http source = new Source.Http(served(server, tar), null, null);
            Contexts few = TestContexts.in(folder.resolve("few"), new Bounds(1 << 20, 2));
            assertThatThrownBy(() -> few.fetch(source, "")).isInstanceOfSatisfying(ContextException.class, refused -> {
                assertThat(refused.fault()).isEqualTo(Failure.Cause.USER);
                assertThat(refused.what()).isEqualTo("it is not taken: it holds more than 2 files");
                assertThat(refused.mend()).contains("maximum.unpackedSize").contains("--limit");
            });
            Contexts small = TestContexts.in(folder.resolve("small"), new Bounds(20, 100));
            assertThatThrownBy(() -> small.fetch(source, "")).hasMessageContaining("more than 20 bytes");
        } finally {
            server.stop(0);
        }
    }

    @Test
    void anImageWhoseLayerUnpacksToMoreThanIsAllowedIsRefused() throws IOException {
        Path layout = folder.resolve("layout");
        Blobs blobs = new Blobs(layout);
        Layer layer = layer(blobs, "layer.tar", "a", "b");
        Image image = Image.scratch(Platform.parse("linux/amd64")).plus(layer, history());
        Descriptor config = blobs.put(MediaTypes.CONFIG, Json.bytes(image.config()));
        Manifest manifest = Manifest.of(config, List.of(layer.blob()), Collections.emptySortedMap());
        Descriptor listed = blobs.put(MediaTypes.MANIFEST, Json.bytes(manifest));
        Files.write(layout.resolve("index.json"), Json.bytes(Index.of(List.of(listed), Collections.emptySortedMap())));
        Contexts few = TestContexts.in(folder.resolve("few"), new Bounds(20, 100));
        assertThatThrownBy(() -> few.fetch(new Source.OciLayout(layout.toString(), null), ""))
                .hasMessageContaining("more than 20 bytes");
    }

    @Test
    void aCommitThatNamesTheSameFilesAgainAndAgainIsRefusedBeforeOneIsWritten() throws IOException {
        GitRepository bomb = new GitRepository(folder.resolve("bomb.git"));
        bomb.write("0/f", "x".repeat(1000)).commit("first");
        String tree = bomb.run("rev-parse", "HEAD:0");
        for (int level = 0; level < 8; level++) {
            StringBuilder entries = new StringBuilder();
            for (int i = 0; i < 10; i++) {
                entries.append("040000 tree ")
                        .append(tree)
                        .append('\t')
                        .append(i)
                        .append('\n');
            }
            Path list = Files.writeString(folder.resolve("entries"), entries);
            tree = bomb.run("-c", "alias.make=!git mktree <" + list, "make");
        }
        bomb.run("update-ref", "refs/heads/main", bomb.run("commit-tree", "-m", "bomb", tree));
        Path place = folder.resolve("place");
        Contexts bounded = TestContexts.in(place, new Bounds(1 << 30, 1000));
        Source.Git source = new Source.Git(bomb.folder().toString(), "main", null, true, null);
        assertThatThrownBy(() -> bounded.fetch(source, "")).isInstanceOfSatisfying(ContextException.class, refused -> {
            assertThat(refused.fault()).isEqualTo(Failure.Cause.USER);
            assertThat(refused.what()).contains("more than 1000 files");
        });
        assertThat(files(place)).noneMatch(path -> path.endsWith("/f"));
        Contexts small = TestContexts.in(folder.resolve("small"), new Bounds(100_000, 1_000_000));
        assertThatThrownBy(() -> small.fetch(source, "")).hasMessageContaining("more than 100000 bytes");
    }

    private Path tar(String name, String... files) throws IOException {
        Path content = Files.createTempDirectory(folder, "content");
        for (String file : files) {
            Files.createDirectories(content.resolve(file).getParent());
            Files.writeString(content.resolve(file), "content of " + file);
        }
        Path tar = folder.resolve(name);
        Process process = new ProcessBuilder(
                        "tar", "--auto-compress", "-cf", tar.toString(), "-C", content.toString(), ".")
                .inheritIO()
                .start();
        assertThat(process.onExit().join().exitValue()).isZero();
        return tar;
    }

    @Test
    void ofAnImageInALayoutTheFilesOfAllLayersAreContent() throws IOException {
        Path layout = folder.resolve("layout");
        Blobs blobs = new Blobs(layout);
        Layer lower = layer(blobs, "lower.tar", "a");
        Layer upper = layer(blobs, "upper.tar", "b/c");
        Image image = Image.scratch(Platform.parse("linux/amd64"))
                .plus(lower, history())
                .plus(upper, history());
        Descriptor config = blobs.put(MediaTypes.CONFIG, Json.bytes(image.config()));
        Manifest manifest = Manifest.of(config, List.of(lower.blob(), upper.blob()), Collections.emptySortedMap());
        Descriptor listed = blobs.put(MediaTypes.MANIFEST, Json.bytes(manifest))
                .withAnnotations(new TreeMap<>(Map.of("org.opencontainers.image.ref.name", "v1")));
        Files.write(layout.resolve("index.json"), Json.bytes(Index.of(List.of(listed), Collections.emptySortedMap())));

        Context context = contexts.fetch(new Source.OciLayout(layout.toString(), "v1"), "");

        assertThat(files(context.root())).containsExactly("a", "b", "b/c");
        assertThat(context.revision()).isEqualTo(listed.digest().toString());
        assertThatThrownBy(() -> contexts.fetch(new Source.OciLayout(layout.toString(), "v2"), ""))
                .hasMessageContaining("no image \"v2\"");

        Files.writeString(blobs.path(upper.blob().digest()), "damaged");
        assertThatThrownBy(() -> contexts.fetch(new Source.OciLayout(layout.toString(), null), ""))
                .hasMessageContaining("does not hash to its name");
    }

    @Test
    void ofAnImageInARegistryTheFilesOfThePlatformAreContent() throws IOException {
        try (MemoryRegistry registry = MemoryRegistry.start()) {
            Descriptor arm = pushed(registry, "linux/arm64", tar("arm.tar", "arm"));
            Descriptor amd = pushed(registry, "linux/amd64", tar("amd.tar", "amd"));
            registry.addManifest(
                    "assets",
                    "3",
                    MediaTypes.INDEX,
                    Json.bytes(Index.of(List.of(arm, amd), Collections.emptySortedMap())));
            Reference name = Reference.parse(registry.host() + "/assets:3");

            Context context = contexts.fetch(new Source.Oci(name), "assets");

            assertThat(files(context.root())).containsExactly("amd");
            assertThat(context.kind()).isEqualTo("oci");
            assertThat(context.revision()).isEqualTo(amd.digest().toString());
            assertThat(context.date()).isEqualTo(Instant.parse(GitRepository.DATE));
            assertThatThrownBy(() -> contexts.fetch(new Source.Oci(name.withTag("4")), "assets"))
                    .isInstanceOf(RegistryException.class);
        }
    }

    private static Descriptor pushed(MemoryRegistry registry, String platform, Path tar) throws IOException {
        byte[] bytes = Files.readAllBytes(tar);
        Layer layer = new Layer(
                new Descriptor(MediaTypes.LAYER_TAR, Digest.sha256(bytes), bytes.length), Digest.sha256(bytes));
        ImageConfig scratch =
                ImageConfig.scratch(Platform.parse(platform)).withCreated(Instant.parse(GitRepository.DATE));
        byte[] config =
                Json.bytes(new Image(scratch, List.of()).plus(layer, history()).config());
        registry.addBlob("assets", bytes);
        registry.addBlob("assets", config);
        Manifest manifest = Manifest.of(
                new Descriptor(MediaTypes.CONFIG, Digest.sha256(config), config.length),
                List.of(layer.blob()),
                Collections.emptySortedMap());
        byte[] document = Json.bytes(manifest);
        Digest digest = registry.addManifest("assets", null, MediaTypes.MANIFEST, document);
        return new Descriptor(MediaTypes.MANIFEST, digest, document.length).withPlatform(Platform.parse(platform));
    }

    @Test
    void ofAnArtifactTitledFilesAndUnpackedArchivesAreContentAndNothingLiesOutside() throws IOException {
        Path layout = folder.resolve("layout");
        Blobs blobs = new Blobs(layout);
        Descriptor plain = titled(blobs, "docs/read.me", "text");
        Descriptor archive = blobs.put(
                "application/vnd.cncf.flux.content.v1.tar+gzip", Files.readAllBytes(tar("flux.tar.gz", "Dockerfile")));
        artifact(blobs, layout, plain, archive);
        assertThat(files(contexts.fetch(new Source.OciLayout(layout.toString(), null), "")
                        .root()))
                .containsExactly("Dockerfile", "docs", "docs/read.me");

        artifact(blobs, layout, titled(blobs, "../../outside", "text"));
        assertThatThrownBy(() -> contexts.fetch(new Source.OciLayout(layout.toString(), null), ""))
                .isInstanceOf(ContextException.class)
                .hasMessageContaining("outside its folder");
    }

    private static Descriptor titled(Blobs blobs, String title, String text) throws IOException {
        return blobs.put("text/plain", text.getBytes(StandardCharsets.UTF_8))
                .withAnnotations(new TreeMap<>(Map.of("org.opencontainers.image.title", title)));
    }

    private static void artifact(Blobs blobs, Path layout, Descriptor... parts) throws IOException {
        Descriptor config = blobs.put(MediaTypes.EMPTY, "{}".getBytes(StandardCharsets.UTF_8));
        Manifest manifest = Manifest.of(config, List.of(parts), Collections.emptySortedMap());
        Descriptor listed = blobs.put(MediaTypes.MANIFEST, Json.bytes(manifest));
        Files.write(layout.resolve("index.json"), Json.bytes(Index.of(List.of(listed), Collections.emptySortedMap())));
    }

    private Layer layer(Blobs blobs, String name, String... files) throws IOException {
        Descriptor blob = blobs.put(MediaTypes.LAYER_TAR, Files.readAllBytes(tar(name, files)));
        return new Layer(blob, blob.digest());
    }

    private static ImageConfig.History history() {
        return new ImageConfig.History(null, "test", null, null, false);
    }

    @Test
    void aStageIsNoSource() {
        assertThatThrownBy(() -> contexts.fetch(new Source.StageAlias("build"), "assets"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("assets");
    }
}
