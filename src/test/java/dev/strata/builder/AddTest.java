package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.strata.context.GitRepository;
import dev.strata.context.GitServer;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.plan.Failure;
import dev.strata.plan.Plan;
import dev.strata.registry.MemoryRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole builds of ADD from archives, the web and repositories, and of copies that are a layer of their own. */
class AddTest {
    @TempDir
    Path folder;

    private Workbench bench;
    private int number;

    @BeforeEach
    void begin() {
        bench = new Workbench(folder.resolve("bench"));
    }

    /** The image's files after a build of these lines. */
    private List<String> built(String... lines) {
        Path there = folder.resolve("files" + number++);
        bench.file("Dockerfile", String.join("\n", lines) + "\n");
        bench.exports.clear();
        bench.exports.add(new Plan.Export("local", there.toString()));
        bench.digest();
        try (Stream<Path> all = Files.walk(there)) {
            return List.copyOf(new TreeSet<>(all.filter(path -> !Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                    .map(path -> there.relativize(path).toString())
                    .toList()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Failure failure(String... lines) {
        bench.exports.clear();
        bench.file("Dockerfile", String.join("\n", lines) + "\n");
        return bench.failure();
    }

    private static void run(Path place, String... words) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(words).directory(place.toFile()).inheritIO().start();
        assertThat(process.waitFor()).as(String.join(" ", words)).isZero();
    }

    @ParameterizedTest
    @CsvSource({"--no-auto-compress, tar", "--gzip, tar.gz", "--bzip2, tar.bz2", "--xz, tar.xz", "--zstd, tar.zst"})
    void archivesAreUnpackedHoweverCompressedAndCopiedAsTheyAreByCopy(String option, String ending)
            throws IOException, InterruptedException {
        Path packed = Files.createDirectories(folder.resolve("packed/d"));
        Files.writeString(packed.resolve("f"), "content");
        Files.createDirectories(bench.context);
        String archive = "a." + ending;
        String compression = option.equals("--no-auto-compress") ? "--format=gnu" : option;
        run(
                folder.resolve("packed"),
                "tar",
                compression,
                "-cf",
                bench.context.resolve(archive).toString(),
                "d");

        assertThat(built("FROM scratch", "ADD " + archive + " /x/", "COPY " + archive + " /y/"))
                .containsExactly("x/d/f", "y/" + archive);
        assertThat(built("FROM scratch", "ADD --unpack=false " + archive + " /z/"))
                .containsExactly("z/" + archive);
    }

    @Test
    void aFileOfTheWebIsHeldToItsChecksum() throws IOException {
        byte[] content = "of the web".getBytes(StandardCharsets.UTF_8);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            try (exchange) {
                exchange.sendResponseHeaders(200, content.length);
                exchange.getResponseBody().write(content);
            }
        });
        server.start();
        try {
            String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/files/tool";
            assertThat(built("FROM scratch", "ADD --checksum=" + Digest.sha256(content) + " " + url + " /bin/"))
                    .containsExactly("bin/tool");
            Failure failure = failure("FROM scratch", "ADD --checksum=sha256:" + "0".repeat(64) + " " + url + " /bin/");
            assertThat(failure.cause()).isEqualTo(Failure.Cause.USER);
            assertThat(failure.where()).isEqualTo("Dockerfile:2");
            assertThat(failure.sentence()).contains(Digest.sha256(content).toString());
        } finally {
            server.stop(0);
        }
    }

    @Test
    void aRepositoryIsHeldToTheCommitThatIsItsChecksum() throws IOException {
        GitRepository shop = new GitRepository(folder.resolve("served/shop.git"));
        String commit =
                shop.write("web/index.html", "hello").write("other", "x").commit("first");
        try (GitServer server = new GitServer(folder.resolve("served"), null)) {
            String url = server.url("shop.git");
            assertThat(built("FROM scratch", "ADD --checksum=" + commit + " " + url + "#main:web /srv"))
                    .containsExactly("srv/index.html");
            assertThat(built(
                            "FROM scratch",
                            "ADD " + url + "?branch=main&checksum=" + commit.substring(0, 12) + " /srv"))
                    .containsExactly("srv/other", "srv/web/index.html");
            assertThat(built("FROM scratch", "ADD --keep-git-dir=true " + url + "#main /srv"))
                    .contains("srv/.git/HEAD", "srv/other");
            Failure failure = failure("FROM scratch", "ADD --checksum=" + "0".repeat(40) + " " + url + " /srv");
            assertThat(failure.cause()).isEqualTo(Failure.Cause.USER);
            assertThat(failure.where()).isEqualTo("Dockerfile:2");
            assertThat(failure.what()).contains(commit).contains("0".repeat(40));
        }
    }

    private List<Descriptor> layers(MemoryRegistry registry, String... lines) {
        bench.exports.clear();
        bench.file("Dockerfile", String.join("\n", lines) + "\n");
        bench.digest(registry.host() + "/shop:1");
        return Workbench.manifest(registry, "shop", "1").layers();
    }

    /** Source: Dockerfile reference, COPY --link: the same layer whatever it stands on. */
    @Test
    void aLinkedCopyIsALayerOfItsOwnWhateverItStandsOn() {
        bench.file("a", "a").file("b", "b");
        try (MemoryRegistry registry = MemoryRegistry.start()) {
            List<Descriptor> one = layers(registry, "FROM scratch", "COPY a /x/y/a", "COPY --link b /x/y/b");
            List<Descriptor> other = layers(registry, "FROM scratch", "COPY b /z", "COPY a /x", "COPY --link b /x/y/b");
            assertThat(one).hasSize(2);
            assertThat(other).hasSize(3);
            assertThat(other.getLast()).isEqualTo(one.getLast());
            List<Descriptor> ordinary = layers(registry, "FROM scratch", "COPY a /x/y/a", "COPY b /x/y/b");
            assertThat(ordinary.getLast())
                    .as("an ordinary one knows that its folder is there")
                    .isNotEqualTo(one.getLast());
        }
    }

    @Test
    void aLinkedCopyDoesNotFollowALinkOfWhatItStandsOn() throws IOException {
        bench.file("a", "a").file("real/b", "b");
        Files.createSymbolicLink(bench.context.resolve("link"), Path.of("real"));
        assertThat(built("FROM scratch", "COPY . /", "COPY a /link/a")).contains("real/a");
        assertThat(built("FROM scratch", "COPY . /", "COPY --link a /link/a"))
                .contains("link/a", "real/b")
                .doesNotContain("real/a");
    }
}
