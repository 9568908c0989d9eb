package dev.strata.registry;

import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import java.io.IOException;
import java.net.URI;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A blob that is sent while it is made, before its digest and length are known. What could not be sent on the way is sent
 * at the end from the store, from the last byte that the registry has kept.
 *
 * <p>Close without {@link #commit} gives the upload up.
 */
public final class Upload implements AutoCloseable {
    private final BlobUpload uploads;
    private final Calls calls;
    private final Endpoint endpoint;
    private final String repository;
    private final GrowingFile file;
    private final CompletableFuture<URI> sent = new CompletableFuture<>();
    private final URI session;

    Upload(BlobUpload uploads, Calls calls, Endpoint endpoint, String repository, GrowingFile file) {
        this.uploads = uploads;
        this.calls = calls;
        this.endpoint = endpoint;
        this.repository = repository;
        this.file = file;
        this.session = uploads.begin(endpoint, repository);
        Thread.ofVirtual().name("upload to " + repository).start(this::stream);
    }

    private void stream() {
        Call patch = BlobUpload.patch(endpoint, repository, session, file.body());
        try (Answer answer = calls.expect(patch, 202, 201, 204)) {
            sent.complete(calls.location(endpoint, answer));
        } catch (RegistryException e) {
            sent.completeExceptionally(e);
        } finally {
            file.breakOff();
        }
    }

    /**
     * Names the upload, of whose file the end is known, and ends it.
     *
     * @param blob what the bytes turned out to be
     * @param blobs where the same bytes are kept, for the case that some could not be sent on the way
     * @throws IOException when the store cannot be read
     */
    public Pushed commit(Descriptor blob, Blobs blobs) throws IOException {
        if (file.size() != blob.size()) {
            throw new IllegalArgumentException("the blob " + blob.digest() + " has " + blob.size() + " bytes, but "
                    + file.size() + " were written to the file that is sent");
        }
        URI end = finished();
        if (end == null) {
            return uploads.finish(endpoint, repository, blob, blobs, session);
        }
        try {
            calls.expect(BlobUpload.put(endpoint, repository, end, blob.digest(), Body.of(new byte[0])), 201, 204)
                    .close();
            uploads.remember(endpoint, repository, blob.digest());
            return Pushed.SENT;
        } catch (RegistryException e) {
            if (e.kind() == RegistryException.Kind.INTERRUPTED) {
                throw e;
            }
            return uploads.finish(endpoint, repository, blob, blobs, end);
        }
    }

    /** Where the upload went on to; null where it broke. */
    private @Nullable URI finished() {
        try {
            return sent.get();
        } catch (ExecutionException e) {
            return null; // the store has the bytes
        } catch (InterruptedException e) {
            throw Retry.interrupted(e);
        }
    }

    @Override
    public void close() {
        file.breakOff();
    }
}
