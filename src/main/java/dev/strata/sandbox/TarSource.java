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

    /** How much may come out of a layer. */
    default Bounds bounds() {
        return Bounds.DEFAULT;
    }

    /** Told what is in a layer that was unpacked, so that nobody needs to read it again for that. */
    default void unpacked(Layer layer, LayerIndex index) throws IOException {}
}
