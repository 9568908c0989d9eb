package dev.strata.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Image;
import dev.strata.image.ImageConfig;
import dev.strata.image.Json;
import dev.strata.image.Layer;
import dev.strata.image.Manifest;
import dev.strata.image.MediaTypes;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What the client must be able to do with every registry. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class RegistryContract {
    private Path folder = Path.of("");
    private @Nullable Server started;
    private @Nullable Blobs blobs;

    /** A registry that runs while the tests do. */
    interface Server extends AutoCloseable {
        /** As an image's name has it. */
        String host();

        @Override
        void close();
    }

    /** Starts an empty registry. */
    abstract Server open(Path place) throws IOException;

    @BeforeAll
    void start(@TempDir Path own) throws IOException {
        folder = own;
        started = open(folder);
        blobs = new Blobs(folder.resolve("store"));
    }

    @AfterAll
    void stop() {
        if (started != null) {
            started.close();
        }
    }

    final Server server() {
        return Objects.requireNonNull(started);
    }

    private Blobs store() {
        return Objects.requireNonNull(blobs);
    }

    private int port() {
        return Integer.parseInt(server().host().replaceFirst(".*:", ""));
    }

    private static Registry client() {
        return new Registry(RegistryOptions.DEFAULT);
    }

    private Descriptor blob(long seed, int size) throws IOException {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return store().put(MediaTypes.LAYER_TAR, bytes);
    }

    private static Image image(Descriptor... blobs) {
        Image image = Image.scratch(Platform.parse("linux/amd64"));
        for (Descriptor blob : blobs) {
            image = image.plus(new Layer(blob, blob.digest()), new ImageConfig.History(null, "ADD", null, null, false));
        }
        return image;
    }

    private Descriptor push(Registry client, Reference name, Image image) throws IOException {
        Descriptor config = store().put(MediaTypes.CONFIG, Json.bytes(image.config()));
        List<Descriptor> all =
                new ArrayList<>(image.layers().stream().map(Layer::blob).toList());
        Manifest manifest = Manifest.of(config, List.copyOf(all), Collections.emptySortedMap());
        all.add(config);
        client.pushAll(name, all, store());
        return client.pushManifest(name, MediaTypes.MANIFEST, Json.bytes(manifest));
    }

    @Test
    void anImageThatWasPushedCanBePulledByTagAndByDigest() throws IOException {
        Reference name = Reference.parse(server().host() + "/shop:1");
        Image image = image(blob(1, 100), blob(2, 3 << 20));
        try (Registry client = client()) {
            Descriptor pushed = push(client, name, image);
            RemoteImage read = client.image(name, Platform.parse("linux/amd64"));
            assertThat(read.image()).isEqualTo(image);
            assertThat(read.pinned()).isEqualTo(name.withDigest(pushed.digest()));
            assertThat(client.head(name).map(Descriptor::digest)).contains(pushed.digest());
            assertThat(client.resolve(read.pinned()).descriptor()).isEqualTo(pushed);
            Blobs other = new Blobs(folder.resolve("other"));
            client.pullAll(name, read.manifest().layers(), other);
            for (Layer layer : image.layers()) {
                assertThat(other.find(layer.blob().digest())).isPresent();
            }
        }
    }

    @Test
    void aBlobIsSentOnceAndThenExistsOrIsMounted() throws IOException {
        Reference first = Reference.parse(server().host() + "/one");
        Reference second = Reference.parse(server().host() + "/two");
        Descriptor blob = blob(3, 5 << 20);
        try (Registry client = client()) {
            assertThat(client.push(first, blob, store())).isEqualTo(Pushed.SENT);
            assertThat(client.push(first, blob, store())).isEqualTo(Pushed.EXISTS);
            assertThat(client.push(second, blob, store())).isEqualTo(Pushed.MOUNTED);
            assertThat(client.hasBlob(second, blob.digest())).isTrue();
        }
    }

    @Test
    void aBlobCanBeSentWhileItIsMade() throws IOException {
        Reference name = Reference.parse(server().host() + "/streamed");
        Descriptor blob = blob(4, 3_000_001);
        try (Registry client = client();
                GrowingFile file = new GrowingFile(store().path(blob.digest()));
                Upload upload = client.begin(name, file)) {
            file.grown(1_000_000);
            file.grown(blob.size());
            file.end();
            assertThat(upload.commit(blob, store())).isEqualTo(Pushed.SENT);
            assertThat(client.hasBlob(name, blob.digest())).isTrue();
        }
    }

    @Test
    void anUploadWhoseConnectionBrokeArrives() throws IOException {
        Descriptor blob = blob(8, 4 << 20);
        // With pauses as they are: a registry needs a moment to notice that a connection has gone.
        try (CuttingWire wire = new CuttingWire(port(), 2, 3 << 20, new Random(7));
                Registry client = client()) {
            Reference name = Reference.parse(wire.host() + "/cut");
            assertThat(client.push(name, blob, store())).isEqualTo(Pushed.SENT);
            assertThat(wire.cuts()).isPositive();
            assertThat(client.hasBlob(name, blob.digest())).isTrue();
        }
    }

    @Test
    void tagsAreListedAndManifestsDeleted() throws IOException {
        Reference name = Reference.parse(server().host() + "/tagged:a");
        try (Registry client = client()) {
            Descriptor pushed = push(client, name, image(blob(5, 10)));
            push(client, name.withTag("b"), image(blob(6, 10)));
            assertThat(client.tags(name)).containsExactlyInAnyOrder("a", "b");
            assertThat(client.delete(name.withDigest(pushed.digest()))).isTrue();
            assertThat(client.delete(name.withDigest(pushed.digest()))).isFalse();
            assertThat(client.head(name)).isEmpty();
        }
    }

    @Test
    void whatRefersToAnImageIsFound() throws IOException {
        Reference name = Reference.parse(server().host() + "/signed:1");
        try (Registry client = client()) {
            Descriptor pushed = push(client, name, image(blob(7, 10)));
            Descriptor empty = store().put(MediaTypes.EMPTY, "{}".getBytes(java.nio.charset.StandardCharsets.UTF_8));
            client.push(name, empty, store());
            Manifest signature = new Manifest(
                    2,
                    MediaTypes.MANIFEST,
                    "application/example",
                    empty,
                    List.of(empty),
                    pushed,
                    Collections.emptySortedMap());
            byte[] bytes = Json.bytes(signature);
            client.pushManifest(name.withDigest(Digest.sha256(bytes)), MediaTypes.MANIFEST, bytes);
            assertThat(client.referrers(name, pushed.digest(), "application/example"))
                    .extracting(Descriptor::digest)
                    .containsExactly(Digest.sha256(bytes));
            assertThat(client.referrers(name, pushed.digest(), "application/other"))
                    .isEmpty();
        }
    }

    @Test
    void aNameThatIsNotThereIsSaidSo() {
        Reference name = Reference.parse(server().host() + "/nothing:1");
        try (Registry client = client()) {
            assertThatThrownBy(() -> client.resolve(name)).isInstanceOfSatisfying(RegistryException.class, e -> {
                assertThat(e.kind()).isEqualTo(RegistryException.Kind.NOT_FOUND);
                assertThat(e.status()).isEqualTo(404);
                assertThat(e.code()).isIn("MANIFEST_UNKNOWN", "NAME_UNKNOWN");
                assertThat(e).hasMessageContaining("cannot read " + name);
            });
            assertThat(client.head(name)).isEmpty();
        }
    }

    @Test
    void aBlobIsReadFromAnyByte() throws IOException {
        Reference name = Reference.parse(server().host() + "/parts");
        Descriptor blob = blob(9, 3 << 20);
        try (Registry client = client()) {
            client.push(name, blob, store());
        }
        Blobs other = new Blobs(folder.resolve("parts"));
        try (CuttingWire wire = CuttingWire.back(port(), 1, 2 << 20, new Random(3));
                Registry client = client()) {
            client.pull(Reference.parse(wire.host() + "/parts"), blob, other);
            assertThat(wire.cuts()).isEqualTo(1);
        }
        assertThat(other.find(blob.digest())).isPresent();
    }

    @Test
    void aManifestThatNamesABlobWhichIsNotThereIsRefusedInTheRegistrysWords() throws IOException {
        Reference name = Reference.parse(server().host() + "/hollow:1");
        Descriptor blob = blob(10, 10);
        byte[] manifest = Json.bytes(Manifest.of(blob, List.of(blob), Collections.emptySortedMap()));
        try (Registry client = client()) {
            assertThatThrownBy(() -> client.pushManifest(name, MediaTypes.MANIFEST, manifest))
                    .isInstanceOfSatisfying(RegistryException.class, e -> {
                        assertThat(e.code()).isIn("MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_INVALID");
                        assertThat(e.status()).isIn(400, 404);
                    });
        }
    }
}
