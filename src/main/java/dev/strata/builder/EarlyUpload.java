package dev.strata.builder;

import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.Reference;
import dev.strata.layer.LayerWriter;
import dev.strata.registry.GrowingFile;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryException;
import dev.strata.registry.Upload;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Sends a large layer to where it will be pushed, while it is still being compressed, from the file that it is written to.
 * A small layer is not sent, nor one of a step that was done before: it may turn out to be one that the registry has.
 *
 * <p>Its trouble is nobody's failure: what could not be sent early is sent when the layer is pushed.
 */
final class EarlyUpload implements LayerWriter.Growth, AutoCloseable {
    /** Below this nothing is won. */
    static final long LARGE = 16 << 20;

    private final Registry registry;
    private final @Nullable Reference repository;
    private final Blobs blobs;
    private final CompletableFuture<Descriptor> made = new CompletableFuture<>();
    private @Nullable GrowingFile file;
    private @Nullable Thread thread;

    /** @param repository null where the layer is not to be sent before its end */
    EarlyUpload(Registry registry, @Nullable Reference repository, Blobs blobs) {
        this.registry = registry;
        this.repository = repository;
        this.blobs = blobs;
    }

    @Override
    public synchronized void grown(Path path, long size) throws IOException {
        Reference to = repository;
        if (to == null || size < LARGE) {
            return;
        }
        GrowingFile growing = file;
        if (growing == null) {
            growing = new GrowingFile(path); // it has another name once it is complete
            file = growing;
            GrowingFile begun = growing;
            thread = Thread.ofVirtual().name("early upload").start(() -> send(begun, to));
        }
        growing.grown(size);
    }

    /** Says what the bytes turned out to be, now that they are in the store; answers whether they are on their way. */
    synchronized boolean complete(Descriptor layer) {
        made.complete(layer);
        if (file != null) {
            file.end();
        }
        return thread != null;
    }

    private void send(GrowingFile growing, Reference to) {
        try (growing;
                Upload upload = registry.begin(to, growing)) {
            upload.commit(made.get(), blobs);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody waits for it any more
        } catch (CancellationException | ExecutionException | IOException | RegistryException e) {
            // The push sends the layer, and tells what is wrong.
        }
    }

    /** Waits until the layer is where it was sent, or has not arrived there. */
    void await() {
        Thread sending = sending();
        if (sending == null) {
            return;
        }
        try {
            sending.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("the build was stopped");
        }
    }

    private synchronized @Nullable Thread sending() {
        return thread;
    }

    /** Gives up what is not complete. */
    @Override
    public void close() {
        if (!made.isDone()) {
            stop();
        }
    }

    /** Gives it up, whatever has arrived. */
    synchronized void stop() {
        made.cancel(false);
        if (thread != null) {
            thread.interrupt();
        }
    }
}
