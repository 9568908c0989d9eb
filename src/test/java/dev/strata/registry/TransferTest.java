package dev.strata.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.MediaTypes;
import dev.strata.image.Reference;
import dev.strata.registry.RegistryException.Kind;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Blobs on their way to and from a registry that misbehaves. */
class TransferTest {
    private static final int SIZE = 5_000_000;

    @TempDir
    Path folder;

    private final MemoryRegistry server = MemoryRegistry.start();
    private final Waits waits = new Waits();
    private final Registry client = waits.client(RegistryOptions.DEFAULT.withRequestsPerHost(3));
    /** For those tests only in which a registry says nothing; whoever else is slow is so by chance. */
    private final Registry impatient = waits.client(RegistryOptions.DEFAULT.withPatience(Duration.ofSeconds(1)));

    private final Reference name = Reference.parse(server.host() + "/shop");
    private Blobs store;

    @BeforeEach
    void open() throws IOException {
        store = new Blobs(folder.resolve("store"));
    }

    @AfterEach
    void close() {
        client.close();
        impatient.close();
        server.close();
    }

    private static byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    private GrowingFile whole(Descriptor blob) throws IOException {
        GrowingFile file = new GrowingFile(store.path(blob.digest()));
        file.grown(blob.size());
        file.end();
        return file;
    }

    private Descriptor stored(int size) throws IOException {
        return store.put(MediaTypes.LAYER_TAR, bytes(size));
    }

    private Descriptor served(int size) {
        byte[] bytes = bytes(size);
        server.addBlob("shop", bytes);
        return new Descriptor(MediaTypes.LAYER_TAR, dev.strata.image.Digest.sha256(bytes), size);
    }

    @Test
    void aSmallBlobTakesThreeRequests() throws IOException {
        assertThat(client.push(name, stored(1000), store)).isEqualTo(Pushed.SENT);
        assertThat(server.requests()).extracting(MemoryRegistry.Seen::method).containsExactly("HEAD", "POST", "PUT");
    }

    @Test
    void aBlobThatTwoWantToPushAtOnceIsSentOnce() throws Exception {
        Descriptor blob = stored(SIZE);
        try (var threads = java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor()) {
            var one = threads.submit(() -> client.push(name, blob, store));
            var other = threads.submit(() -> client.push(name, blob, store));
            assertThat(java.util.List.of(one.get(), other.get())).containsExactlyInAnyOrder(Pushed.SENT, Pushed.EXISTS);
        }
        assertThat(server.count("POST .*")).isEqualTo(1);
    }

    @Test
    void anEmptyBlobCanBePushed() throws IOException {
        Descriptor blob = stored(0);
        client.push(name, blob, store);
        assertThat(server.hasBlob("shop", blob.digest())).isTrue();
    }

    @Test
    void anInterruptedUploadGoesOnFromTheLastByteThatTheRegistryHas() throws IOException {
        Descriptor blob = stored(SIZE);
        server.failNext("PATCH .*", new Fault.CutRequest(2_000_000));
        server.fail("PATCH .*", 1, 1, new Fault.CutRequest(1_000_000));
        assertThat(client.push(name, blob, store)).isEqualTo(Pushed.SENT);
        assertThat(server.hasBlob("shop", blob.digest())).isTrue();
        assertThat(server.blobBytes()).isEqualTo(SIZE);
        assertThat(server.count("POST .*")).isEqualTo(1);
    }

    /** The whole of it: {@code -Dstrata.test.uploads=200 -Dstrata.test.uploadSize=50000000}. */
    @Test
    void uploadsOverAWireThatBreaksAtRandomBytesArriveWithFewBytesSentTwice() throws IOException {
        int uploads = Integer.getInteger("strata.test.uploads", 5);
        int size = Integer.getInteger("strata.test.uploadSize", SIZE);
        int port = Integer.parseInt(server.host().replaceFirst(".*:", ""));
        try (CuttingWire wire = new CuttingWire(port, Integer.MAX_VALUE, size, new Random(7))) {
            for (int i = 0; i < uploads; i++) {
                Descriptor blob = stored(size + i);
                assertThat(client.push(Reference.parse(wire.host() + "/shop"), blob, store))
                        .isEqualTo(Pushed.SENT);
                assertThat(server.hasBlob("shop", blob.digest())).isTrue();
                Files.delete(store.path(blob.digest()));
                server.removeBlob("shop", blob.digest());
            }
            assertThat(wire.cuts()).isGreaterThanOrEqualTo(uploads);
            double share = (double) wire.sent() / ((long) uploads * size);
            System.out.printf(
                    "%d uploads of %d bytes, broken %d times: %.3f times the bytes were sent%n",
                    uploads, size, wire.cuts(), share);
            assertThat(share).isLessThan(1.2);
        }
    }

    @Test
    void aBlobWhoseLastAnswerWasLostIsNotSentAgain() throws IOException {
        Descriptor blob = stored(SIZE);
        server.failNext("PUT .*", new Fault.LoseAnswer());
        assertThat(client.push(name, blob, store)).isEqualTo(Pushed.SENT);
        assertThat(server.blobBytes()).isEqualTo(SIZE);
    }

    @Test
    void theThirdUploadMayFailOnceWithoutHarm() throws IOException {
        server.fail("P(ATCH|UT) .*", 2, 1, Fault.status(500));
        List<Descriptor> all = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            all.add(stored(1000 + i));
        }
        assertThat(client.pushAll(name, all, store)).containsOnly(Pushed.SENT);
        assertThat(all).allMatch(blob -> server.hasBlob("shop", blob.digest()));
    }

    @Test
    void aRegistryThatIsBusyDuringAnUploadIsLeftAloneAsLongAsItAsks() throws IOException {
        Descriptor blob = stored(SIZE);
        server.failNext("PATCH .*", Fault.busy(429, "9"));
        client.push(name, blob, store);
        assertThat(server.hasBlob("shop", blob.digest())).isTrue();
        assertThat(waits.all)
                .singleElement()
                .satisfies(wait -> assertThat(wait).isBetween(Duration.ofSeconds(9), Duration.ofSeconds(10)));
    }

    @Test
    void aRegistryThatForgotTheUploadGetsItFromTheStart() throws IOException {
        Descriptor blob = stored(SIZE);
        server.failNext("PATCH .*", Fault.error(404, "BLOB_UPLOAD_UNKNOWN", "gone"));
        client.push(name, blob, store);
        assertThat(server.hasBlob("shop", blob.digest())).isTrue();
        assertThat(server.count("POST .*")).isEqualTo(2);
    }

    @Test
    void aRegistryThatRefusesPartsGetsBlobsWhole() throws IOException {
        Descriptor blob = stored(SIZE);
        server.failAlways("PATCH .*", Fault.status(405));
        client.push(name, blob, store);
        assertThat(server.hasBlob("shop", blob.digest())).isTrue();
    }

    @Test
    void aProxyThatRefusesLongRequestsGetsShortOnes() throws IOException {
        Descriptor blob = stored(40 << 20);
        server.failNext("PATCH .*", Fault.status(413));
        client.push(name, blob, store);
        assertThat(server.hasBlob("shop", blob.digest())).isTrue();
        assertThat(server.count("PATCH .*")).isEqualTo(3);
    }

    @Test
    void aRegistryThatTakesNothingIsGivenUp() throws IOException {
        Descriptor blob = stored(SIZE);
        server.failAlways("PATCH .*", new Fault.CutRequest(100));
        assertThatThrownBy(() -> client.push(name, blob, store)).satisfies(kind(Kind.UNREACHABLE));
        assertThat(server.count("PATCH .*")).isLessThanOrEqualTo(8);
        assertThat(waits.all).isNotEmpty();
    }

    @Test
    void aBlobThatIsNotInTheStoreIsTheCallersTrouble() {
        Descriptor blob = new Descriptor(MediaTypes.LAYER_TAR, dev.strata.image.Digest.sha256(bytes(5)), 5);
        assertThatThrownBy(() -> client.push(name, blob, store)).isInstanceOf(FileNotFoundException.class);
    }

    @Test
    void aBlobThatCannotBeMountedIsSent() throws IOException {
        Descriptor blob = stored(2000);
        Reference other = Reference.parse(server.host() + "/other");
        client.push(name, blob, store);
        server.withoutMounts();
        assertThat(client.push(other, blob, store)).isEqualTo(Pushed.SENT);
        assertThat(server.hasBlob("other", blob.digest())).isTrue();
    }

    @Test
    void whatWasPulledFromARepositoryIsMountedFromThere() throws IOException {
        Descriptor blob = served(2000);
        Reference other = Reference.parse(server.host() + "/other");
        client.pull(name, blob, store);
        server.forget();
        assertThat(client.push(other, blob, store)).isEqualTo(Pushed.MOUNTED);
        assertThat(server.blobBytes()).isZero();
        assertThat(server.mounts()).isEqualTo(1);
    }

    @Test
    void anInterruptedDownloadGoesOnFromTheLastByte() throws IOException {
        Descriptor blob = served(SIZE);
        server.failNext("GET .*", new Fault.CutAnswer(3_000_000));
        client.pull(name, blob, store);
        assertThat(Files.readAllBytes(store.path(blob.digest()))).isEqualTo(bytes(SIZE));
        assertThat(server.requests()).hasSize(2);
        assertThat(server.requests().getLast().headers())
                .hasEntrySatisfying("Range", range -> assertThat(range).matches("bytes=[1-9]\\d*-"));
    }

    @Test
    void aRegistryThatHangsInTheMiddleIsAskedAgain() throws IOException {
        Descriptor blob = served(SIZE);
        server.failNext("GET .*", new Fault.Hang(1_000_000));
        impatient.pull(name, blob, store);
        assertThat(store.find(blob.digest())).isPresent();
    }

    @Test
    void aRegistryThatIsSlowAndThenHangsIsAskedForTheRest() throws IOException {
        Descriptor blob = served(SIZE);
        server.failNext("GET .*", new Fault.Slow(1_500));
        impatient.pull(name, blob, store);
        assertThat(store.find(blob.digest())).isPresent();
        assertThat(server.requests().getLast().headers()).containsEntry("Range", "bytes=1500-");
    }

    @Test
    void aRegistryThatAlwaysHangsIsGivenUpWithTheTimeThatItWasWaitedFor() throws IOException {
        Descriptor blob = served(SIZE);
        server.failAlways("GET .*", new Fault.Slow(100));
        assertThatThrownBy(() -> impatient.pull(name, blob, store))
                .satisfies(kind(Kind.UNREACHABLE))
                .hasMessageFindingMatch("no byte (came|moved) for");
        assertThat(files()).isEmpty();
    }

    @Test
    void aBlobThatIsShorterThanAnnouncedIsAskedForAgainAndThenRefused() throws IOException {
        Descriptor blob = served(SIZE);
        server.failNext("GET .*", new Fault.Shorten(1_000_000));
        client.pull(name, blob, store);
        assertThat(store.find(blob.digest())).isPresent();
        Files.delete(store.path(blob.digest()));
        server.failAlways("GET .*", new Fault.Shorten(10));
        assertThatThrownBy(() -> client.pull(name, blob, store)).hasMessageContaining("it ended after");
        assertThat(files()).isEmpty();
    }

    @Test
    void anUploadThatTheRegistryRefusesAsDamagedIsSentOnceMoreAndThenGivenUp() throws IOException {
        Descriptor blob = stored(SIZE);
        server.failNext("PUT .*", Fault.error(400, "DIGEST_INVALID", "not what it says"));
        assertThat(client.push(name, blob, store)).isEqualTo(Pushed.SENT);
        Descriptor other = stored(SIZE + 1);
        server.failAlways("PUT .*", Fault.error(400, "SIZE_INVALID", "too short"));
        assertThatThrownBy(() -> client.push(name, other, store))
                .satisfies(kind(Kind.REFUSED))
                .hasMessageContaining("SIZE_INVALID: too short");
    }

    @Test
    void aBlobThatWasDamagedOnItsWayIsFetchedAgainOnce() throws IOException {
        Descriptor blob = served(SIZE);
        server.failNext("GET .*", new Fault.Damage());
        client.pull(name, blob, store);
        assertThat(store.find(blob.digest())).isPresent();
    }

    @Test
    void aBlobThatIsDamagedInTheRegistryIsRefusedAndNothingIsKept() throws IOException {
        Descriptor blob = served(SIZE);
        server.failAlways("GET .*", new Fault.Damage());
        assertThatThrownBy(() -> client.pull(name, blob, store)).satisfies(kind(Kind.CORRUPT));
        assertThat(files()).isEmpty();
    }

    @Test
    void aBlobThatIsLongerThanAnnouncedIsRefused() throws IOException {
        Descriptor blob = served(SIZE);
        Descriptor shorter = new Descriptor(blob.mediaType(), blob.digest(), 1000);
        assertThatThrownBy(() -> client.pull(name, shorter, store)).satisfies(kind(Kind.CORRUPT));
        assertThat(files()).isEmpty();
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile).toList();
        }
    }

    @Test
    void aBlobThatManyWantIsPulledOnce() throws IOException {
        Descriptor blob = served(SIZE);
        Together.run(List.of(1, 2, 3, 4), number -> {
            client.pull(name, blob, store);
            return number;
        });
        assertThat(server.requests()).hasSize(1);
    }

    @Test
    void noMoreRequestsAreInFlightThanAllowed() throws IOException {
        List<Descriptor> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            all.add(served(100_000 + i));
        }
        client.pullAll(name, all, store);
        assertThat(server.mostInFlight()).isLessThanOrEqualTo(3);
    }

    @Test
    void aBlobIsSentWhileItIsMade() throws IOException {
        Descriptor blob = stored(SIZE);
        try (GrowingFile file = whole(blob);
                Upload upload = client.begin(name, file)) {
            assertThat(upload.commit(blob, store)).isEqualTo(Pushed.SENT);
        }
        assertThat(server.blobBytes()).isEqualTo(SIZE);
        assertThat(server.hasBlob("shop", blob.digest())).isTrue();
    }

    @Test
    void aBlobWhoseStreamBrokeIsEndedFromTheStore() throws IOException {
        Descriptor blob = stored(SIZE);
        server.failNext("PATCH .*", new Fault.CutRequest(2_000_000));
        try (GrowingFile file = whole(blob);
                Upload upload = client.begin(name, file)) {
            assertThat(upload.commit(blob, store)).isEqualTo(Pushed.SENT);
        }
        assertThat(server.hasBlob("shop", blob.digest())).isTrue();
        assertThat(server.blobBytes()).isEqualTo(SIZE);
    }

    @Test
    void aRegistryThatTakesNoStreamGetsTheBlobAtTheEnd() throws IOException {
        Descriptor blob = stored(SIZE);
        server.failAlways("PATCH .*", Fault.status(411));
        try (GrowingFile file = whole(blob);
                Upload upload = client.begin(name, file)) {
            upload.commit(blob, store);
        }
        assertThat(server.hasBlob("shop", blob.digest())).isTrue();
    }

    static java.util.function.Consumer<Throwable> kind(Kind kind) {
        return thrown -> assertThat(thrown)
                .isInstanceOfSatisfying(
                        RegistryException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }
}
