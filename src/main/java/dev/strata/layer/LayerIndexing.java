package dev.strata.layer;

import dev.strata.image.Digest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Notes what is in a layer's tar, entry by entry. Source: OCI image specification, layer.md. */
final class LayerIndexing {
    private static final String AUFS = ".wh..wh.";

    private final List<LayerIndex.Entry> entries = new ArrayList<>();
    private final SortedMap<String, Bytes> kept = new TreeMap<>();

    /**
     * Reads the whole of a layer's tar.
     *
     * @param tar one that checks its own digest, or whose reader takes any
     */
    static LayerIndex read(InputStream tar, Digest diffId, Bounds bounds) throws IOException {
        TarReader reader = new TarReader(tar, bounds);
        LayerIndexing indexing = new LayerIndexing();
        for (TarEntry entry = reader.next(); entry != null; entry = reader.next()) {
            indexing.add(entry, reader.content());
        }
        reader.drain();
        return indexing.index(diffId, reader.position());
    }

    /** @param size bytes of the tar */
    LayerIndex index(Digest diffId, long size) {
        return new LayerIndex(diffId, size, entries, kept);
    }

    /** Answers the entry's content, from its beginning. */
    InputStream add(TarEntry tarEntry, InputStream content) throws IOException {
        String path = TreePath.clean(tarEntry.name());
        LayerIndex.Entry entry = path.contains(LayerTar.WHITEOUT) ? mark(path) : null;
        InputStream whole = content;
        if (entry == null && !isAufs(path)) {
            entry = entry(path, tarEntry);
            if (isKept(entry)) {
                byte[] bytes = content.readAllBytes();
                kept.put(path, new Bytes(bytes));
                whole = new ByteArrayInputStream(bytes);
            }
        }
        if (entry != null) {
            entries.add(entry);
        }
        return whole;
    }

    private static boolean isAufs(String path) {
        return path.startsWith(AUFS) || path.contains("/" + AUFS);
    }

    /** A whiteout, or null where the entry is none. */
    private static LayerIndex.@Nullable Entry mark(String path) {
        String name = TreePath.name(path);
        String parent = TreePath.parent(path);
        if (!isAufs(parent) && (parent.startsWith(LayerTar.WHITEOUT) || parent.contains("/" + LayerTar.WHITEOUT))) {
            throw new LayerException(
                    "an entry is below a directory whose name marks a removed file", path, TarReader.MEND);
        }
        if (name.equals(LayerTar.OPAQUE)) {
            return isAufs(parent) ? null : new LayerIndex.Entry.Opaque(parent);
        }
        if (!name.startsWith(LayerTar.WHITEOUT) || isAufs(path)) {
            return null;
        }
        String gone = name.substring(LayerTar.WHITEOUT.length());
        if (gone.isEmpty() || gone.equals(".") || gone.equals("..")) {
            throw new LayerException("a whiteout that names no file", path, TarReader.MEND);
        }
        return new LayerIndex.Entry.Whiteout(parent.isEmpty() ? gone : parent + "/" + gone);
    }

    static LayerIndex.Entry entry(String path, TarEntry entry) {
        return switch (entry) {
            case TarEntry.Present present ->
                new LayerIndex.Entry.Present(
                        path, Xattrs.withKept(present.node()), present.offset(), present.extents());
            case TarEntry.HardLink link ->
                new LayerIndex.Entry.HardLink(path, Xattrs.withKept(link.metadata()), link.target());
        };
    }

    private static boolean isKept(LayerIndex.Entry entry) {
        return entry instanceof LayerIndex.Entry.Present present
                && LayerIndex.KEPT_FILES.contains(present.path())
                && present.node() instanceof Node.RegularFile file
                && file.size() <= LayerIndex.LARGEST_KEPT
                && present.extents().isEmpty();
    }
}
