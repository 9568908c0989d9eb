package dev.strata.layer;

import dev.strata.image.Digest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Layers on top of each other, seen as the one tree that a container would see, without unpacking them. Nodes and names
 * come from the indexes alone; a layer's bytes are asked for when the first file of it is opened, and its tar then lies
 * in a folder for all who open more.
 */
public final class LayerTree implements Tree, AutoCloseable {
    private final MergedTree merged;
    private final List<LayerIndex> layers;
    private final SpooledTars tars;

    /** Where the bytes of layers come from. */
    @FunctionalInterface
    public interface Opener {
        /** The layer's blob, compressed or not; the caller closes it. */
        InputStream open(Digest diffId) throws IOException;
    }

    /**
     * @param layers bottom first
     * @param spool folder for uncompressed tars, named after their diff ID; may be shared by trees, kept and used again
     */
    public LayerTree(List<LayerIndex> layers, Opener opener, Path spool) {
        this.layers = List.copyOf(layers);
        this.merged = MergedTree.of(this.layers);
        this.tars = new SpooledTars(opener, spool);
    }

    @Override
    public @Nullable Node find(String path) {
        MergedTree.Item item = merged.find(path);
        return item == null ? null : item.node();
    }

    /**
     * Where a node comes from: files of the same origin are the same.
     *
     * @param layer the topmost that says something of it, counted from 0 at the bottom
     * @param path of the entry in that layer's tar; of a hard link, that of the file
     */
    public record Origin(int layer, Digest diffId, String path) {}

    /** Null where there is nothing at the path, which is not the root's. */
    public @Nullable Origin origin(String path) {
        MergedTree.Item item = path.isEmpty() ? null : merged.find(path);
        if (item == null) {
            return null;
        }
        LayerIndex.Entry.Present entry = item.entry();
        return new Origin(item.layer(), layers.get(item.layer()).diffId(), entry == null ? path : entry.path());
    }

    /** Whether a directory is only there because there is something in it: no entry tells of its owner and mode. */
    @SuppressWarnings("ReferenceEquality") // an entry may say the same, and counts
    public boolean isImplied(String path) {
        MergedTree.Item item = merged.find(path);
        return item != null && item.node() == MergedTree.IMPLIED;
    }

    @Override
    public SortedMap<String, Node> children(String path) {
        MergedTree.Item folder = merged.find(path);
        if (folder == null || folder.children().isEmpty()) {
            return Collections.emptySortedMap();
        }
        SortedMap<String, Node> children = new TreeMap<>(Names.ORDER);
        folder.children().forEach((name, item) -> children.put(name, item.node()));
        return children;
    }

    @Override
    public InputStream open(String path) throws IOException {
        MergedTree.Item item = merged.find(path);
        if (item == null || !(item.node() instanceof Node.RegularFile file)) {
            throw new NoSuchFileException(Names.shown(path), null, "no regular file in these layers");
        }
        LayerIndex layer = layers.get(item.layer());
        LayerIndex.Entry.Present entry = Objects.requireNonNull(item.entry(), "a file that no layer holds");
        Bytes kept = layer.kept().get(entry.path());
        if (kept != null && kept.length() == file.size()) {
            return new ByteArrayInputStream(kept.toArray());
        }
        if (entry.extents().isEmpty()) {
            return file.size() == 0 ? InputStream.nullInputStream() : tars.open(layer, entry.offset(), file.size());
        }
        long packed = entry.extents().stream().mapToLong(TarEntry.Extent::size).sum();
        return new Sparse(tars.open(layer, entry.offset(), packed), entry.extents(), file.size());
    }

    /** Lets go of the tars that are open; they stay in their folder. */
    @Override
    public void close() throws IOException {
        tars.close();
    }
}
