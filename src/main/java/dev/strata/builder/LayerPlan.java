package dev.strata.builder;

import dev.strata.layer.Change;
import dev.strata.layer.Content;
import dev.strata.layer.Metadata;
import dev.strata.layer.Names;
import dev.strata.layer.Node;
import dev.strata.layer.Tree;
import dev.strata.layer.TreePath;
import java.io.IOException;
import java.io.InputStream;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A layer in the making, on top of a tree that it can look at: what is put here hides what is below. */
final class LayerPlan implements Tree, Content {
    /** Opens one file's bytes. */
    interface Bytes {
        InputStream open() throws IOException;
    }

    private final Tree below;
    private final TreeMap<String, Change.Put> changes = new TreeMap<>(Names.ORDER);
    private final Map<String, Bytes> contents = new HashMap<>();

    LayerPlan(Tree below) {
        this.below = below;
    }

    /** In the order of a layer. */
    Collection<Change> changes() {
        return List.copyOf(changes.values());
    }

    void put(String path, Node node, @Nullable Bytes content) {
        changes.put(path, new Change.Put(path, node));
        if (content != null) {
            contents.put(path, content);
        }
    }

    /** Makes a folder and those above it, where they are not there; links on the way are followed. */
    String folders(String path, Metadata metadata) throws IOException {
        String followed = TreePath.follow(this, path, true);
        String done = "";
        for (String name : followed.isEmpty() ? List.<String>of() : List.of(followed.split("/"))) {
            done = TreePath.join(done, name);
            Node node = find(done);
            if (node == null) {
                put(done, new Node.Directory(metadata), null);
            } else if (!(node instanceof Node.Directory)) {
                throw new IOException("mkdir /" + done + ": not a directory");
            }
        }
        return followed;
    }

    @Override
    public @Nullable Node find(String path) throws IOException {
        Change.Put put = changes.get(path);
        return put != null ? put.node() : below.find(path);
    }

    @Override
    public SortedMap<String, Node> children(String path) throws IOException {
        SortedMap<String, Node> all = new TreeMap<>(Names.ORDER);
        all.putAll(below.children(path));
        String prefix = path.isEmpty() ? "" : path + "/";
        for (Map.Entry<String, Change.Put> entry : changes.tailMap(prefix).entrySet()) {
            if (!entry.getKey().startsWith(prefix)) {
                break;
            }
            String name = entry.getKey().substring(prefix.length());
            if (!name.isEmpty() && name.indexOf('/') < 0) {
                all.put(name, entry.getValue().node());
            }
        }
        return all;
    }

    @Override
    public InputStream open(String path) throws IOException {
        Bytes content = contents.get(path);
        return content != null ? content.open() : below.open(path);
    }

    @Override
    public InputStream open(Change.Put put) throws IOException {
        Bytes content = contents.get(put.path());
        if (content == null) {
            throw new IOException("the file /" + put.path() + " has no content");
        }
        return content.open();
    }
}
