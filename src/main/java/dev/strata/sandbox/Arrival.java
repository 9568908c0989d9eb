package dev.strata.sandbox;

import dev.strata.image.Layer;
import java.io.IOException;
import java.io.OutputStream;

/** A layer that is unpacked while it is made, so that what stands on it need not wait for that. */
public interface Arrival extends AutoCloseable {
    /** Takes the layer's tar; never closed by who writes it. Trouble with its files is told by {@link #complete}. */
    OutputStream tar();

    /**
     * The whole tar was written, and this is whose it is. {@link Snapshots#of} then finds it unpacked.
     *
     * @throws IOException where it could not be unpacked; nothing of it is found later
     */
    void complete(Layer layer) throws IOException;

    /** Gives up what is not complete. */
    @Override
    void close() throws IOException;
}
