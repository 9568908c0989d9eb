package dev.strata.layer;

import dev.strata.image.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Reads a layer's tar from end to end and notes what is in it. Source: OCI image specification, layer.md. */
final class LayerIndexing {
    private static final String AUFS = ".wh..wh.";

    private final List<LayerIndex.Entry> entries = new ArrayList<>();
    private final SortedMap<String, Bytes> kept = new TreeMap<>();
    private long tarSize;

    private LayerIndexing() {}

    static LayerIndex read(InputStream tar, Bounds bounds) throws IOException {
        LayerIndexing indexing = new LayerIndexing();
        MessageDigest hash = Digest.sha256();
        InputStream counted = new Counted(new DigestInputStream(tar, hash), indexing);
        TarReader reader = new TarReader(counted, bounds);
        for (TarEntry entry = reader.next(); entry != null; entry = reader.next()) {
            indexing.add(entry, reader);
        }
        reader.drain();
        return new LayerIndex(Digest.of(hash), indexing.tarSize, indexing.entries, indexing.kept);
    }

    private void add(TarEntry tarEntry, TarReader reader) throws IOException {
        String path = TreePath.clean(tarEntry.name());
        LayerIndex.Entry entry = path.contains(LayerTar.WHITEOUT) ? mark(path) : null;
        if (entry == null && !isAufs(path)) {
            entry = entry(path, tarEntry);
            keep(entry, reader);
        }
        if (entry != null) {
            entries.add(entry);
        }
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

    private void keep(LayerIndex.Entry entry, TarReader reader) throws IOException {
        if (entry instanceof LayerIndex.Entry.Present present
                && LayerIndex.KEPT_FILES.contains(present.path())
                && present.node() instanceof Node.RegularFile file
                && file.size() <= LayerIndex.LARGEST_KEPT
                && present.extents().isEmpty()) {
            kept.put(present.path(), new Bytes(reader.content().readAllBytes()));
        }
    }

    private static final class Counted extends java.io.FilterInputStream {
        private final LayerIndexing indexing;

        Counted(InputStream in, LayerIndexing indexing) {
            super(in);
            this.indexing = indexing;
        }

        @Override
        public int read() throws IOException {
            int b = super.read();
            indexing.tarSize += b < 0 ? 0 : 1;
            return b;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int count = super.read(bytes, offset, length);
            indexing.tarSize += Math.max(count, 0);
            return count;
        }

        /** Skipped bytes would be missing from the digest. */
        @Override
        public long skip(long count) throws IOException {
            byte[] skipped = new byte[(int) Math.min(count, 1 << 16)];
            return Math.max(read(skipped, 0, skipped.length), 0);
        }
    }
}
