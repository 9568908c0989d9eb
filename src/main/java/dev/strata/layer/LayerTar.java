package dev.strata.layer;

import dev.strata.image.Digest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A layer's tar being written, change by change, with its index. Source: OCI image specification, layer.md. */
final class LayerTar {
    static final String WHITEOUT = ".wh.";
    static final String OPAQUE = ".wh..wh..opq";
    /** Whiteouts are marks, not files: they have no owner and no time. */
    private static final Metadata MARK = Metadata.of(0, 0, 0, 0);

    private final TarWriter tar;
    private final Content content;
    private final List<LayerIndex.Entry> entries = new ArrayList<>();
    private final SortedMap<String, Bytes> kept = new TreeMap<>();
    private final Map<String, String> linked = new HashMap<>();
    private @Nullable Change last;

    LayerTar(OutputStream out, Content content) {
        this.tar = new TarWriter(out);
        this.content = content;
    }

    void add(Change change) throws IOException {
        checkOrder(change);
        checkPath(change.path());
        switch (change) {
            case Change.Put put -> put(put);
            case Change.Remove(String path) -> {
                int slash = path.lastIndexOf('/') + 1;
                mark(path.substring(0, slash) + WHITEOUT + path.substring(slash));
                entries.add(new LayerIndex.Entry.Whiteout(path));
            }
            case Change.Opaque(String path) -> {
                mark(path.isEmpty() ? OPAQUE : path + "/" + OPAQUE);
                entries.add(new LayerIndex.Entry.Opaque(path));
            }
        }
    }

    void end() throws IOException {
        tar.close();
    }

    long size() {
        return tar.position();
    }

    LayerIndex index(Digest diffId) {
        return new LayerIndex(diffId, size(), entries, kept);
    }

    private void checkOrder(Change change) {
        Change before = last;
        last = change;
        if (before == null) {
            return;
        }
        int order = Names.ORDER.compare(before.path(), change.path());
        boolean opaqueAfterPut = order == 0 && before instanceof Change.Put && change instanceof Change.Opaque;
        if (order >= 0 && !opaqueAfterPut) {
            throw new IllegalArgumentException(
                    "changes are not sorted: " + Names.shown(change.path()) + " after " + Names.shown(before.path()));
        }
    }

    private static void checkPath(String path) {
        String name = path.substring(path.lastIndexOf('/') + 1);
        if (name.startsWith(WHITEOUT)) {
            throw new LayerException(
                    "no image can hold a file whose name begins with .wh., since layers mark removed files so",
                    path,
                    "Rename the file, or leave it out.");
        }
        if (path.indexOf('\0') >= 0 || path.startsWith("/") || path.endsWith("/") || path.contains("//")) {
            throw new IllegalArgumentException("not a path of a tree: " + Names.shown(path));
        }
    }

    private void mark(String path) throws IOException {
        tar.file(path, MARK, 0, InputStream.nullInputStream());
    }

    private void put(Change.Put put) throws IOException {
        String path = put.path();
        switch (put.node()) {
            case Node.RegularFile file -> {
                file(put, file);
                return;
            }
            case Node.Directory directory -> tar.directory(path, directory.metadata());
            case Node.SymbolicLink link -> tar.symbolicLink(path, link.metadata(), link.target());
            case Node.Device device ->
                tar.device(path, device.metadata(), device.block(), device.major(), device.minor());
            case Node.Fifo fifo -> tar.fifo(path, fifo.metadata());
        }
        entries.add(new LayerIndex.Entry.Present(path, put.node(), 0));
    }

    private void file(Change.Put put, Node.RegularFile file) throws IOException {
        String link = file.link();
        String first = link == null ? null : linked.putIfAbsent(link, put.path());
        if (first != null) {
            tar.hardLink(put.path(), file.metadata(), first);
            entries.add(new LayerIndex.Entry.HardLink(put.path(), file.metadata(), first));
            return;
        }
        long end;
        try (InputStream in = keeping(put.path(), file.size(), content.open(put))) {
            tar.file(put.path(), file.metadata(), file.size(), in);
            end = tar.position();
        }
        long rounded = (file.size() + TarWriter.BLOCK - 1) / TarWriter.BLOCK * TarWriter.BLOCK;
        // The link's name is of this machine; what it links is told by the entries of the index.
        Node.RegularFile indexed = new Node.RegularFile(file.metadata(), file.size(), null);
        entries.add(new LayerIndex.Entry.Present(put.path(), indexed, end - rounded));
    }

    private InputStream keeping(String path, long size, InputStream in) throws IOException {
        if (!LayerIndex.KEPT_FILES.contains(path) || size > LayerIndex.LARGEST_KEPT) {
            return in;
        }
        try (in) {
            byte[] bytes = in.readNBytes((int) size + 1);
            kept.put(path, new Bytes(bytes));
            return new ByteArrayInputStream(bytes);
        }
    }
}
