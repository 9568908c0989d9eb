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
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A layer in the making, on top of a tree that it can look at: what is put here hides what is below. */
final class LayerPlan implements Tree, Content {
    /** Opens one file's bytes. */
    interface Bytes {
        InputStream open() throws IOException;
    }

    private static final int SET_GROUP_ID = 02000;

    private final Tree below;
    private final TreeMap<String, Change.Put> changes = new TreeMap<>(Names.ORDER);
    private final Map<String, Bytes> contents = new HashMap<>();
    /** Folders of the tree below that were taken away. */
    private final Set<String> removed = new HashSet<>();

    LayerPlan(Tree below) {
        this.below = below;
    }

    /** In the order of a layer. */
    Collection<Change> changes() {
        List<Change> all = new ArrayList<>();
        for (Change.Put put : changes.values()) {
            all.add(put);
            if (put.node() instanceof Node.Directory && removed.contains(put.path())) {
                all.add(new Change.Opaque(put.path()));
            }
        }
        return all;
    }

    /** Takes away what is at a path, a folder with all that is in it, so that something else can be put there. */
    void remove(String path) throws IOException {
        if (find(path) instanceof Node.Directory) {
            changes.subMap(path + "/", path + "0").clear(); // 0 is what comes after the slash
            if (below.find(path) instanceof Node.Directory) {
                removed.add(path);
            }
        }
        changes.remove(path);
        contents.remove(path);
    }

    private boolean isRemoved(String path) {
        if (removed.isEmpty()) {
            return false;
        }
        for (String above = path; !above.isEmpty(); above = TreePath.parent(above)) {
            if (removed.contains(above)) {
                return true;
            }
        }
        return false;
    }

    void put(String path, Node node, @Nullable Bytes content) {
        changes.put(path, new Change.Put(path, node));
        if (content != null) {
            contents.put(path, content);
        }
    }

    /**
     * Makes a folder and those above it, where they are not there; links on the way are followed. As mkdir has it, one
     * that is made in a set-group-ID folder has that bit, too, and unless it is given an owner, the folder's group.
     *
     * @param owned whether the metadata's owner was asked for
     */
    String folders(String path, Metadata metadata, boolean owned) throws IOException {
        String followed = TreePath.follow(this, path, true);
        String done = "";
        Node above = find("");
        for (String name : followed.isEmpty() ? List.<String>of() : List.of(followed.split("/"))) {
            done = TreePath.join(done, name);
            Node node = find(done);
            if (node == null) {
                node = new Node.Directory(inherited(metadata, above, owned));
                put(done, node, null);
            } else if (!(node instanceof Node.Directory)) {
                throw new IOException("mkdir /" + done + ": not a directory");
            }
            above = node;
        }
        return followed;
    }

    private static Metadata inherited(Metadata metadata, @Nullable Node above, boolean owned) {
        if (above == null || (above.metadata().mode() & SET_GROUP_ID) == 0) {
            return metadata;
        }
        Metadata marked = metadata.withMode(metadata.mode() | SET_GROUP_ID);
        return owned ? marked : marked.withOwner(marked.uid(), above.metadata().gid());
    }

    @Override
    public @Nullable Node find(String path) throws IOException {
        Change.Put put = changes.get(path);
        return put != null ? put.node() : isRemoved(path) ? null : below.find(path);
    }

    @Override
    public SortedMap<String, Node> children(String path) throws IOException {
        SortedMap<String, Node> all = new TreeMap<>(Names.ORDER);
        if (!isRemoved(path)) {
            all.putAll(below.children(path));
            all.keySet().removeIf(name -> removed.contains(TreePath.join(path, name)));
        }
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
