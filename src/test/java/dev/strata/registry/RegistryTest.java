package dev.strata.registry;

import static dev.strata.registry.TransferTest.kind;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import dev.strata.registry.RegistryException.Kind;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Names, manifests and lists, and what is said when they cannot be had. */
class RegistryTest {
    private final MemoryRegistry server = MemoryRegistry.start();
    private final Waits waits = new Waits();
    private final Registry client = waits.client(RegistryOptions.DEFAULT);
    private final Reference name = Reference.parse(server.host() + "/shop:1");

    @AfterEach
    void close() {
        client.close();
        server.close();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** An image of one layer, which differs for each platform. */
    private Digest serve(MemoryRegistry registry, String repository, String tag, String platform) {
        byte[] tar = utf8("layer for " + platform);
        Descriptor blob = new Descriptor(MediaTypes.LAYER_TAR, Digest.sha256(tar), tar.length);
        Image image = Image.scratch(Platform.parse(platform))
                .plus(new Layer(blob, blob.digest()), new ImageConfig.History(null, "ADD", null, null, false));
        byte[] config = Json.bytes(image.config());
        registry.addBlob(repository, tar);
        registry.addBlob(repository, config);
        Descriptor of = new Descriptor(MediaTypes.CONFIG, Digest.sha256(config), config.length);
        byte[] manifest = Json.bytes(Manifest.of(of, List.of(blob), Collections.emptySortedMap()));
        return registry.addManifest(repository, tag, MediaTypes.MANIFEST, manifest);
    }

    private Digest serveIndex(String... platforms) {
        List<Descriptor> entries = new ArrayList<>();
        for (String platform : platforms) {
            Digest digest = serve(server, "shop", "for-" + platform.replace('/', '-'), platform);
            entries.add(new Descriptor(MediaTypes.MANIFEST, digest, 1).withPlatform(Platform.parse(platform)));
        }
        entries.add(new Descriptor(MediaTypes.MANIFEST, Digest.sha256(utf8("attestation")), 1)
                .withPlatform(new Platform("unknown", "unknown", null)));
        byte[] index = Json.bytes(Index.of(entries, Collections.emptySortedMap()));
        return server.addManifest("shop", "1", MediaTypes.INDEX, index);
    }

    @Test
    void anImageTakesTwoRequests() {
        Digest digest = serve(server, "shop", "1", "linux/amd64");
        RemoteImage image = client.image(name, Platform.parse("linux/amd64"));
        assertThat(image.pinned()).isEqualTo(name.withDigest(digest));
        assertThat(image.descriptor().digest()).isEqualTo(digest);
        assertThat(image.config().platform()).isEqualTo(Platform.parse("linux/amd64"));
        assertThat(image.image().layers()).hasSize(1);
        assertThat(server.requests()).hasSize(2);
    }

    @Test
    void theImageOfAPlatformIsChosenFromAnIndex() {
        Digest index = serveIndex("linux/amd64", "linux/arm64", "linux/arm/v6", "linux/arm/v7");
        RemoteImage image = client.image(name, Platform.parse("linux/arm64"));
        assertThat(image.pinned().digest()).isEqualTo(index);
        assertThat(image.config().architecture()).isEqualTo("arm64");
        assertThat(client.image(name, Platform.parse("linux/arm/v8")).config().variant())
                .isEqualTo("v7");
        assertThat(client.image(name, Platform.parse("linux/amd64/v3")).config().architecture())
                .isEqualTo("amd64");
    }

    @Test
    void aPlatformThatIsNotThereIsSaidWithThoseThatAre() {
        serveIndex("linux/amd64", "linux/arm64");
        assertThatThrownBy(() -> client.image(name, Platform.parse("linux/s390x")))
                .satisfies(kind(Kind.NO_PLATFORM))
                .hasMessageContaining("is not there for linux/s390x")
                .hasMessageContaining("It is there for linux/amd64, linux/arm64");
    }

    @Test
    void aManifestThatDoesNotHashToItsNameIsRefused() {
        Digest digest = serve(server, "shop", "1", "linux/amd64");
        server.failAlways("GET .*/manifests/.*", new Fault.Damage());
        assertThatThrownBy(() -> client.resolve(name.withDigest(digest))).satisfies(kind(Kind.CORRUPT));
        assertThatThrownBy(() -> client.resolve(name)).satisfies(kind(Kind.CORRUPT));
    }

    @Test
    void aManifestThatIsCutIsAskedForAgain() {
        Digest digest = serve(server, "shop", "1", "linux/amd64");
        server.failNext("GET .*/manifests/.*", new Fault.CutAnswer(10));
        assertThat(client.resolve(name).descriptor().digest()).isEqualTo(digest);
    }

    @Test
    void aManifestWithoutEndIsRefused() {
        server.addManifest("shop", "1", MediaTypes.MANIFEST, new byte[(4 << 20) + 1]);
        assertThatThrownBy(() -> client.resolve(name)).satisfies(kind(Kind.TOO_LARGE));
    }

    @Test
    void oldAndForeignManifestsAreRefusedByWhatTheyAre() {
        server.addManifest(
                "shop",
                "old",
                "application/vnd.docker.distribution.manifest.v1+prettyjws",
                utf8("{\"schemaVersion\":1}"));
        assertThatThrownBy(() -> client.resolve(name.withTag("old")))
                .satisfies(kind(Kind.UNSUPPORTED))
                .hasMessageContaining("schema 1");
        server.addManifest(
                "shop", "both", MediaTypes.MANIFEST, utf8("{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}"));
        assertThatThrownBy(() -> client.resolve(name.withTag("both"))).satisfies(kind(Kind.UNSUPPORTED));
        server.addManifest("shop", "odd", MediaTypes.MANIFEST, utf8("[1]"));
        assertThatThrownBy(() -> client.resolve(name.withTag("odd"))).satisfies(kind(Kind.PROTOCOL));
        server.addManifest("shop", "page", "text/html", utf8("<html>"));
        assertThatThrownBy(() -> client.resolve(name.withTag("page"))).satisfies(kind(Kind.PROTOCOL));
    }

    @Test
    void anArtifactIsNoImage() {
        Descriptor empty = new Descriptor(MediaTypes.EMPTY, Digest.sha256(utf8("{}")), 2);
        byte[] artifact = Json.bytes(new Manifest(
                2, MediaTypes.MANIFEST, "application/example", empty, List.of(), null, Collections.emptySortedMap()));
        server.addManifest("shop", "1", MediaTypes.MANIFEST, artifact);
        assertThatThrownBy(() -> client.image(name, Platform.parse("linux/amd64")))
                .satisfies(kind(Kind.UNSUPPORTED))
                .hasMessageContaining("is no image but an artifact of type application/example");
    }

    @Test
    void aMissingNameIsSaidWithTheRegistrysOwnWords() {
        assertThatThrownBy(() -> client.resolve(name)).isInstanceOfSatisfying(RegistryException.class, e -> {
            assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND);
            assertThat(e.temporary()).isFalse();
            assertThat(e.method()).isEqualTo("GET");
            assertThat(e.url()).isEqualTo(server.address() + "/v2/shop/manifests/1");
            assertThat(e.code()).isEqualTo("MANIFEST_UNKNOWN");
            assertThat(e.registryMessage()).isEqualTo("said by the test's registry");
        });
        assertThat(client.head(name)).isEmpty();
    }

    @Test
    void aBusyRegistryIsAskedAgainAfterTheTimeThatItNames() {
        serve(server, "shop", "1", "linux/amd64");
        server.failNext("GET .*", Fault.busy(503, "7"));
        server.fail("GET .*", 1, 1, Fault.busy(429, "Thu, 01 Jan 2026 00:01:00 GMT"));
        client.resolve(name);
        assertThat(waits.all).hasSize(2);
        assertThat(waits.all.get(0)).isBetween(Duration.ofSeconds(7), Duration.ofSeconds(8));
        assertThat(waits.all.get(1)).isBetween(Duration.ofSeconds(50), Duration.ofSeconds(54));
    }

    @Test
    void aRegistryThatAsksForTooMuchPatienceIsGivenUpAtOnce() {
        server.failAlways("GET .*", Fault.busy(429, "3600"));
        assertThatThrownBy(() -> client.resolve(name))
                .satisfies(kind(Kind.RATE_LIMITED))
                .hasMessageContaining("It may be asked again after 3600 s");
        assertThat(waits.all).isEmpty();
    }

    @Test
    void aRegistryInTroubleIsAskedSomeTimesAndThenGivenUp() {
        server.failAlways("GET .*", Fault.error(503, "UNAVAILABLE", "no disk"));
        assertThatThrownBy(() -> client.resolve(name))
                .isInstanceOfSatisfying(RegistryException.class, e -> {
                    assertThat(e.kind()).isEqualTo(Kind.UNAVAILABLE);
                    assertThat(e.temporary()).isTrue();
                    assertThat(e.what()).contains("has trouble of its own (status 503)");
                })
                .hasMessageContaining("the registry says: UNAVAILABLE: no disk");
        assertThat(server.requests()).hasSize(6);
        assertThat(waits.all).hasSize(5).allMatch(wait -> wait.compareTo(Duration.ofSeconds(10)) < 0);
    }

    @Test
    void aForbiddenNameIsSaidAsSuch() {
        server.failAlways("GET .*", Fault.error(403, "DENIED", "not yours"));
        assertThatThrownBy(() -> client.resolve(name))
                .satisfies(kind(Kind.DENIED))
                .hasMessageContaining("does not allow it");
    }

    @Test
    void aDeadAddressIsSaidAsSuch() throws IOException {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        assertThatThrownBy(() -> client.resolve(Reference.parse("127.0.0.1:" + port + "/shop")))
                .satisfies(kind(Kind.UNREACHABLE))
                .hasMessageContaining("nothing listens at 127.0.0.1:" + port);
    }

    @Test
    void plainHttpWhereTlsWasExpectedIsSaidAsSuch() throws IOException {
        try (ServerSocket plain = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Registry secure = mirrored(Map.of("*", "https://127.0.0.1:" + plain.getLocalPort()))) {
            Thread.ofVirtual().start(() -> refuseTls(plain));
            assertThatThrownBy(() -> secure.resolve(Reference.parse("example.test/shop")))
                    .satisfies(kind(Kind.TLS))
                    .hasMessageContaining("answers in plain HTTP where HTTPS was expected");
        }
    }

    private static void refuseTls(ServerSocket server) {
        try (Socket socket = server.accept()) {
            socket.getInputStream().read(new byte[10]);
            socket.getOutputStream().write(utf8("HTTP/1.1 400 Bad Request\r\n\r\nno TLS here, this is HTTP"));
            socket.shutdownOutput();
            // What is closed with bytes unread is reset, and the answer may be lost with it.
            socket.getInputStream().transferTo(OutputStream.nullOutputStream());
            socket.getOutputStream().flush();
            socket.getInputStream().readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void anInterruptStopsTheCall() {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> client.resolve(name)).satisfies(kind(Kind.INTERRUPTED));
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void oneMirrorForEveryHostIsAskedWithThePathAsItIsAndNothingElseIs() {
        serve(server, "library/busybox", "1", "linux/amd64");
        serve(server, "team/shop", "2", "linux/amd64");
        try (Registry mirrored = mirrored(Map.of("*", server.address()))) {
            mirrored.resolve(Reference.parse("busybox:1"));
            mirrored.resolve(Reference.parse("registry.example:5000/team/shop:2"));
            assertThatThrownBy(() -> mirrored.resolve(Reference.parse("gone.example/x")))
                    .satisfies(kind(Kind.NOT_FOUND));
        }
        assertThat(server.requests())
                .extracting(MemoryRegistry.Seen::toString)
                .containsExactly(
                        "GET /v2/library/busybox/manifests/1",
                        "GET /v2/team/shop/manifests/2",
                        "GET /v2/x/manifests/latest");
    }

    private Registry mirrored(Map<String, String> mirrors) {
        return waits.client(RegistryOptions.DEFAULT.withMirrors(new TreeMap<>(mirrors)));
    }

    @Test
    void aHostsMirrorIsAskedFirstAndThenTheHost() {
        serve(server, "shop", "1", "linux/amd64");
        serve(server, "shop", "2", "linux/amd64");
        try (MemoryRegistry mirror = MemoryRegistry.start();
                Registry mirrored = mirrored(Map.of(server.host(), mirror.address() + "/cached"))) {
            serve(mirror, "cached/shop", "1", "linux/amd64");
            mirrored.resolve(name);
            assertThat(server.requests()).isEmpty();
            mirrored.resolve(name.withTag("2"));
            assertThat(server.requests()).hasSize(1);
            assertThat(mirror.requests()).hasSize(2);
            mirrored.origin().resolve(name);
            assertThat(mirror.requests()).hasSize(2);
        }
    }

    @Test
    void whatAMirrorLacksIsLookedForAtTheHost() {
        Digest digest = serve(server, "shop", "1", "linux/amd64");
        try (MemoryRegistry mirror = MemoryRegistry.start();
                Registry mirrored = mirrored(Map.of(server.host(), mirror.address()))) {
            assertThat(mirrored.head(name).map(Descriptor::digest)).contains(digest);
            assertThat(mirrored.head(name.withTag("none"))).isEmpty();
        }
    }

    @Test
    void aMirrorThatIsDownIsLeftOutForAWhile() {
        serve(server, "shop", "1", "linux/amd64");
        MemoryRegistry mirror = MemoryRegistry.start();
        mirror.close();
        try (Registry mirrored = mirrored(Map.of(server.host(), mirror.address()))) {
            mirrored.resolve(name);
            mirrored.resolve(name);
        }
        assertThat(server.requests()).hasSize(2);
        assertThat(waits.all).as("a mirror is asked once").isEmpty();
    }

    @Test
    void tagsComeInPages() {
        for (int i = 0; i < 25; i++) {
            serve(server, "shop", "v" + (char) ('a' + i), "linux/amd64");
        }
        server.pagesOf(10);
        assertThat(client.tags(name)).hasSize(25).startsWith("va").endsWith("vy");
        assertThat(server.count("GET .*/tags/list")).isEqualTo(3);
    }

    @Test
    void referrersAreListedByTheApiOrByTheTag() {
        Digest subject = serve(server, "shop", "1", "linux/amd64");
        Descriptor named = new Descriptor(MediaTypes.MANIFEST, subject, 1);
        Descriptor empty = new Descriptor(MediaTypes.EMPTY, Digest.sha256(utf8("{}")), 2);
        server.addBlob("shop", utf8("{}"));
        byte[] signature = Json.bytes(new Manifest(
                2,
                MediaTypes.MANIFEST,
                "application/example",
                empty,
                List.of(empty),
                named,
                Collections.emptySortedMap()));
        Descriptor pushed =
                client.pushManifest(name.withDigest(Digest.sha256(signature)), MediaTypes.MANIFEST, signature);
        assertThat(client.referrers(name, subject, null))
                .extracting(Descriptor::digest)
                .containsExactly(pushed.digest());
        assertThat(client.tags(name)).as("no tag is needed").containsExactly("1");

        server.withoutReferrers();
        assertThat(client.referrers(name, subject, null)).isEmpty();
        client.pushManifest(name.withDigest(pushed.digest()), MediaTypes.MANIFEST, signature);
        client.pushManifest(name.withDigest(pushed.digest()), MediaTypes.MANIFEST, signature);
        assertThat(client.referrers(name, subject, "application/example"))
                .extracting(Descriptor::digest)
                .containsExactly(pushed.digest());
    }

    @Test
    void aDigestIsDeletedWithItsTags() {
        Digest digest = serve(server, "shop", "1", "linux/amd64");
        assertThat(client.delete(name.withDigest(digest))).isTrue();
        assertThat(client.delete(name.withDigest(digest))).isFalse();
        assertThat(client.tags(name)).isEmpty();
        server.failAlways("DELETE .*", Fault.error(405, "UNSUPPORTED", "no"));
        assertThatThrownBy(() -> client.delete(name))
                .satisfies(kind(Kind.UNSUPPORTED))
                .hasMessageContaining("cannot delete a tag alone");
    }

    @Test
    void aMirrorWithoutAnAddressIsRefusedAtOnce() {
        assertThatThrownBy(() -> mirrored(Map.of("*", "http://user:secret@mirror.example")))
                .satisfies(kind(Kind.CONFIGURATION));
        assertThatThrownBy(() -> mirrored(Map.of("docker.io", "ftp://mirror.example")))
                .satisfies(kind(Kind.CONFIGURATION))
                .hasMessageContaining("docker.io");
    }
}
