package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.MediaTypes;
import dev.strata.image.Reference;
import dev.strata.plan.Event;
import dev.strata.plan.Outcome;
import dev.strata.plan.Plan;
import dev.strata.registry.Fault;
import dev.strata.registry.MemoryRegistry;
import dev.strata.registry.Pushed;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A large layer is under way before it is complete. */
class EarlyUploadTest {
    private static final int SIZE = (int) EarlyUpload.LARGE + 3_000_000;

    @TempDir
    Path folder;

    private final MemoryRegistry server = MemoryRegistry.start();
    private final byte[] bytes = new byte[SIZE];
    private Workbench bench;
    private Reference repository;

    @BeforeEach
    void begin() throws IOException {
        bench = new Workbench(folder);
        repository = Reference.parse(server.host() + "/shop");
        new Random(7).nextBytes(bytes);
        bench.file("Dockerfile", "FROM scratch\nCOPY large /\n");
        Files.write(bench.context.resolve("large"), bytes);
    }

    @AfterEach
    void end() {
        server.close();
    }

    @Test
    void itsBytesAreSentBeforeItsEndIsKnown() throws IOException {
        Blobs blobs = new Blobs(folder.resolve("store"));
        try (Registry registry = new Registry(RegistryOptions.DEFAULT);
                EarlyUpload upload = new EarlyUpload(registry, repository, blobs);
                Blobs.Ingest layer = blobs.begin()) {
            layer.write(bytes, 0, SIZE);
            upload.grown(layer.file(), layer.size());
            await().until(() -> server.count("PATCH .*") == 1);

            layer.write(bytes, 0, 1000);
            upload.grown(layer.file(), layer.size());
            long size = layer.size();
            Descriptor blob = new Descriptor(MediaTypes.LAYER_TAR, layer.commit(null), size);
            assertThat(upload.complete(blob)).isTrue();
            upload.await();

            assertThat(server.hasBlob("shop", blob.digest())).isTrue();
            assertThat(registry.push(repository, blob, blobs)).isEqualTo(Pushed.EXISTS);
            assertThat(server.blobBytes()).isEqualTo(size);
        }
    }

    @Test
    void aLayerThatDoesNotBecomeOneIsGivenUp() throws IOException {
        Blobs blobs = new Blobs(folder.resolve("store"));
        try (Registry registry = new Registry(RegistryOptions.DEFAULT)) {
            EarlyUpload upload = new EarlyUpload(registry, repository, blobs);
            try (Blobs.Ingest layer = blobs.begin()) {
                layer.write(bytes, 0, SIZE);
                upload.grown(layer.file(), layer.size());
                upload.close();
            }
            upload.await();
            assertThat(server.count("PUT .*")).isZero();
        }
    }

    @Test
    void aBuildSendsALargeLayerOnce() {
        assertThat(built()).isInstanceOf(Outcome.Built.class);

        assertThat(server.count("PATCH .*")).isEqualTo(1);
        assertThat(server.blobBytes()).isBetween((long) SIZE, SIZE + 100_000L);
    }

    @Test
    void withACacheItIsSentThereAndMountedFromThere() {
        bench.cache = Plan.Cache.in(Reference.parse(server.host() + "/cache"));
        assertThat(built()).isInstanceOf(Outcome.Built.class);

        assertThat(server.count("PATCH .*/cache/.*")).isEqualTo(1);
        assertThat(server.mounts()).isEqualTo(1);
        assertThat(server.blobBytes()).isBetween((long) SIZE, SIZE + 100_000L);
    }

    @Test
    void whatIsMadeAgainIsNotSentBeforeItsDigestIsKnown() {
        bench.cache = Plan.Cache.in(Reference.parse(server.host() + "/cache"));
        assertThat(built()).isInstanceOf(Outcome.Built.class);
        long sent = server.blobBytes();

        bench.noCache = true;
        assertThat(built()).isInstanceOf(Outcome.Built.class);

        assertThat(server.count("PATCH .*")).isEqualTo(1);
        assertThat(server.blobBytes() - sent).as("a config tells its time").isLessThan(5_000);
    }

    @Test
    void aStreamThatBreaksIsEndedByThePush() {
        server.failNext("PATCH .*", new Fault.CutRequest(2_000_000));
        assertThat(built()).isInstanceOf(Outcome.Built.class);

        assertThat(server.hasBlob(
                        "shop",
                        bench.events(Event.StepLayer.class)
                                .getFirst()
                                .layer()
                                .blob()
                                .digest()))
                .isTrue();
        assertThat(server.blobBytes()).isBetween((long) SIZE, SIZE + 100_000L);
    }

    @Test
    void aRegistryThatRefusesSaysSoAtThePush() {
        server.failAlways("POST .*/blobs/uploads/", Fault.status(403));

        assertThat(built()).isInstanceOf(Outcome.Failed.class);
        assertThat(bench.events(Event.StepDone.class)).hasSize(1);
    }

    private Outcome built() {
        return bench.build(repository + ":1");
    }
}
