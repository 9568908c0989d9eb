package dev.strata.layer;

import dev.strata.image.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;

/**
 * Puts a tar's files into a folder. Whatever the tar says, nothing outside the folder is made, changed, read or removed:
 * names are cleaned of {@code ..}, and links in the way are followed as if the folder were {@code /}. Nothing else may
 * change the folder meanwhile. Source: OCI image specification, layer.md, "Applying Changesets".
 */
public final class Unpack {
    private Unpack() {}

    /** What names that begin with {@code .wh.} mean. */
    public enum Whiteouts {
        /** They are ordinary names: the tar is no layer. */
        NONE,
        /** They remove what is in the folder, which holds the layers below. */
        APPLY,
        /** They become what overlayfs takes for whiteouts; the folder holds this layer only and was empty. */
        OVERLAY_TRUSTED,
        /** As {@link #OVERLAY_TRUSTED}, for overlayfs mounted with {@code userxattr}, as in a user namespace. */
        OVERLAY_USER;

        boolean overlay() {
            return switch (this) {
                case NONE, APPLY -> false;
                case OVERLAY_TRUSTED, OVERLAY_USER -> true;
            };
        }
    }

    /**
     * Reads the tar and then its stream to the end, so that a digest over the stream is over all of it.
     *
     * @param tar uncompressed; not closed
     * @param root a folder that is there
     * @param bounds beyond which it ends
     * @throws LayerException when the tar is damaged, breaks off, asks for what no file system has or for too much. What
     *     was unpacked so far is there
     */
    public static Unpacked apply(InputStream tar, Path root, Whiteouts whiteouts, Bounds bounds) throws IOException {
        TarReader reader = new TarReader(tar, bounds);
        Unpacking unpacking = new Unpacking(new RootFolder(root.toRealPath()), whiteouts);
        for (TarEntry entry = reader.next(); entry != null; entry = reader.next()) {
            unpacking.add(entry, reader.content());
        }
        reader.drain();
        return unpacking.end();
    }

    /**
     * As {@link #apply}, and notes what is in the tar while it is read: a large layer is decompressed once.
     *
     * @param layer a tar that answers for its digest, as {@link VerifiedTar} does
     */
    public static Unpacked.WithIndex layer(
            InputStream layer, Digest diffId, Path root, Whiteouts whiteouts, Bounds bounds) throws IOException {
        try (ReadAhead tar = new ReadAhead(layer)) {
            TarReader reader = new TarReader(tar, bounds);
            Unpacking unpacking = new Unpacking(new RootFolder(root.toRealPath()), whiteouts);
            LayerIndexing indexing = new LayerIndexing();
            for (TarEntry entry = reader.next(); entry != null; entry = reader.next()) {
                unpacking.add(entry, indexing.add(entry, reader.content()));
            }
            reader.drain();
            return new Unpacked.WithIndex(unpacking.end(), indexing.index(diffId, reader.position()));
        }
    }
}
