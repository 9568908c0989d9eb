package dev.strata.layer;

import dev.strata.image.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is in one layer's tar, and where: enough to look at the layer without unpacking or even having it.
 *
 * @param diffId digest of the tar
 * @param tarSize bytes of the tar
 * @param entries in the order of the tar; a path that stands there twice counts as the later one
 * @param kept the content of {@link #KEPT_FILES}, so that names of users need no layer's bytes
 */
public record LayerIndex(Digest diffId, long tarSize, List<Entry> entries, SortedMap<String, Bytes> kept) {
    /** Files whose content is kept. */
    public static final List<String> KEPT_FILES = List.of("etc/passwd", "etc/group");

    /** A file larger than this is not kept, whatever its name. */
    static final int LARGEST_KEPT = 1 << 20;

    public LayerIndex {
        entries = List.copyOf(entries);
        kept = kept.isEmpty() ? Collections.emptySortedMap() : Collections.unmodifiableSortedMap(new TreeMap<>(kept));
    }

    /** An entry of the tar. */
    public sealed interface Entry {
        /** As {@link Tree} has paths. */
        String path();

        /**
         * @param offset where in the tar a regular file's content begins; 0 for all else
         * @param extents of a sparse file, the parts that the tar holds; empty where it holds the whole
         */
        record Present(String path, Node node, long offset, List<TarEntry.Extent> extents) implements Entry {
            public Present {
                offset = node instanceof Node.RegularFile ? offset : 0;
                extents = List.copyOf(extents);
            }

            Present(String path, Node node, long offset) {
                this(path, node, offset, List.of());
            }
        }

        /**
         * Another name of a file that this layer or one below has.
         *
         * @param target as written: from the root, with symbolic links and {@code ..} to be followed within the tree
         */
        record HardLink(String path, Metadata metadata, String target) implements Entry {}

        /** What is below at this path is gone. */
        record Whiteout(String path) implements Entry {}

        /** What is below in this directory is gone. */
        record Opaque(String path) implements Entry {}
    }

    /** Reads a saved index; null when there is none or it is not of this version. */
    public static @Nullable LayerIndex load(Path file) throws IOException {
        return LayerIndexFile.load(file);
    }

    /**
     * Reads the whole of a layer.
     *
     * @param tar uncompressed; not closed. It answers for its digest, as {@link VerifiedTar} does
     * @param bounds of what comes out of it
     * @throws LayerException when it is no tar, damaged or too much
     */
    public static LayerIndex ofTar(InputStream tar, Digest diffId, Bounds bounds) throws IOException {
        return LayerIndexing.read(tar, diffId, bounds);
    }

    /** Saves the index so that it is there whole or not at all. */
    public void save(Path file) throws IOException {
        LayerIndexFile.save(this, file);
    }
}
