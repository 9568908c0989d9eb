package dev.strata.sandbox;

import dev.strata.image.Layer;
import dev.strata.layer.Bounds;
import dev.strata.layer.LayerIndex;
import java.io.IOException;
import java.io.InputStream;

/** Where the bytes of layers come from, when a driver unpacks them; asked from several threads at once. */
@FunctionalInterface
public interface TarSource {
    /** The uncompressed tar of a layer; the caller closes it. */
    InputStream openTar(Layer layer) throws IOException;

    /** Something to be done with a layer's tar, which may be done twice. */
    @FunctionalInterface
    interface Reading<T> {
        T from(InputStream tar) throws IOException;
    }

    /**
     * Reads a layer's tar, perhaps before all of it is here. What fails, and may do so because the bytes came damaged, is done
     * once more with a tar that is known to be whole.
     *
     * @param reading leaves nothing behind where it fails
     */
    default <T> T read(Layer layer, Reading<T> reading) throws IOException {
        try (InputStream tar = openTar(layer)) {
            return reading.from(tar);
        }
    }

    /** How much may come out of a layer. */
    default Bounds bounds() {
        return Bounds.DEFAULT;
    }

    /** Told what is in a layer that was unpacked, so that nobody needs to read it again for that. */
    default void unpacked(Layer layer, LayerIndex index) throws IOException {}
}
