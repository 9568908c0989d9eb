package dev.strata.builder;

import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.Reference;
import dev.strata.layer.LayerWriter;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryException;
import dev.strata.registry.Upload;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * Sends a large layer to where it will be pushed, while it is still being compressed. The bytes are read from the file
 * that they are written to, so that a slow network holds up nobody and takes no memory. A small layer is not sent, nor
 * one of a step that was done before: it may turn out to be one that the registry has.
 *
 * <p>Its trouble is nobody's failure: what could not be sent early is sent when the layer is pushed.
 */
final class EarlyUpload implements LayerWriter.Growth, AutoCloseable {
    /** Below this nothing is won. */
    static final long LARGE = 16 << 20;

    private static final int PIECE = 128 << 10;

    private final Registry registry;
    private final @Nullable Reference repository;
    private final Blobs blobs;
    private @Nullable Thread thread;
    private long size;
    private boolean ended;
    private @Nullable Descriptor made;

    /** @param repository null where the layer is not to be sent before its end */
    EarlyUpload(Registry registry, @Nullable Reference repository, Blobs blobs) {
        this.registry = registry;
        this.repository = repository;
        this.blobs = blobs;
    }

    @Override
    public synchronized void grown(Path file, long now) throws IOException {
        size = now;
        if (thread == null && repository != null && now >= LARGE) {
            Reference to = repository;
            InputStream bytes = Files.newInputStream(file); // it has another name once it is complete
            thread = Thread.ofPlatform().name("early-upload").daemon().start(() -> send(bytes, to));
        }
        notifyAll();
    }

    /** Says what the bytes turned out to be, now that they are in the store; answers whether they are on their way. */
    synchronized boolean complete(Descriptor layer) {
        made = layer;
        ended = true;
        notifyAll();
        return thread != null;
    }

    private void send(InputStream file, Reference to) {
        try (InputStream bytes = file;
                Upload upload = registry.begin(to)) {
            byte[] piece = new byte[PIECE];
            long sent = 0;
            for (long ready = ready(sent); ready > sent; ready = ready(sent)) {
                int some = bytes.readNBytes(piece, 0, (int) Math.min(PIECE, ready - sent));
                if (some == 0) {
                    throw new IOException("the file of a layer is shorter than what was written to it");
                }
                upload.write(piece, 0, some);
                sent += some;
            }
            Descriptor layer = layer();
            if (layer != null) {
                upload.commit(layer, blobs);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody waits for it any more
        } catch (IOException | RegistryException e) {
            // The push sends the layer, and tells what is wrong.
        }
    }

    /** Waits until there is more than what was sent; the same number is the end. */
    private synchronized long ready(long sent) throws InterruptedException {
        while (size == sent && !ended) {
            wait();
        }
        return size;
    }

    private synchronized @Nullable Descriptor layer() {
        return made;
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
    public synchronized void close() {
        if (!ended) {
            stop();
        }
    }

    /** Gives it up, whatever has arrived. */
    synchronized void stop() {
        ended = true;
        if (thread != null) {
            thread.interrupt();
        }
    }
}
