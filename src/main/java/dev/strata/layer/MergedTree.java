package dev.strata.layer;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a stack of layers comes to. A layer's whiteouts speak of the layers below it only, wherever they stand in its tar.
 * As container runtimes do, a directory in an entry's path that is a symbolic link by then is followed, within the tree.
 * Source: OCI image specification, layer.md, "Applying Changesets".
 */
final class MergedTree {
    /** As many as Linux follows. */
    private static final int MOST_LINKS = 40;

    /** A directory that no layer tells of, but something in it. */
    private static final Node IMPLIED = new Node.Directory(Metadata.of(0755, 0, 0, 0));

    private final Item root = new Item(IMPLIED, 0, 0, "");

    private MergedTree() {}

    /** A node and where its content is. */
    static final class Item {
        private Node node;
        private int layer;
        private final long offset;
        private final String path;
        private SortedMap<String, Item> children = Collections.emptySortedMap();

        private Item(Node node, int layer, long offset, String path) {
            this.node = node;
            this.layer = layer;
            this.offset = offset;
            this.path = path;
        }

        Node node() {
            return node;
        }

        int layer() {
            return layer;
        }

        long offset() {
            return offset;
        }

        /** As its layer has it; of a hard link, that of the entry with the content. */
        String path() {
            return path;
        }

        SortedMap<String, Item> children() {
            return children;
        }

        private void put(String name, Item child) {
            if (children.isEmpty()) {
                children = new TreeMap<>(Names.ORDER);
            }
            children.put(name, child);
        }
    }

    static MergedTree of(List<LayerIndex> layers) {
        MergedTree tree = new MergedTree();
        for (int i = 0; i < layers.size(); i++) {
            tree.hide(layers.get(i));
            tree.add(layers.get(i), i);
        }
        return tree;
    }

    @Nullable
    Item find(String path) {
        Item item = root;
        for (int start = 0; start < path.length() && item != null; ) {
            int slash = path.indexOf('/', start);
            int end = slash < 0 ? path.length() : slash;
            item = item.children.get(path.substring(start, end));
            start = end + 1;
        }
        return item;
    }

    private void hide(LayerIndex layer) {
        for (LayerIndex.Entry entry : layer.entries()) {
            switch (entry) {
                case LayerIndex.Entry.Whiteout(String path) -> {
                    Item parent = walk(parent(path), false);
                    if (parent != null && !parent.children.isEmpty()) {
                        parent.children.remove(name(path));
                    }
                }
                case LayerIndex.Entry.Opaque(String path) -> {
                    Item folder = existing(path);
                    if (folder != null) {
                        folder.children = Collections.emptySortedMap();
                    }
                }
                case LayerIndex.Entry.Present present -> {}
                case LayerIndex.Entry.HardLink link -> {}
            }
        }
    }

    private void add(LayerIndex layer, int number) {
        for (LayerIndex.Entry entry : layer.entries()) {
            switch (entry) {
                case LayerIndex.Entry.Present(String path, Node node, long offset) ->
                    put(path, new Item(node, number, offset, path));
                case LayerIndex.Entry.HardLink link -> link(link);
                case LayerIndex.Entry.Whiteout whiteout -> {}
                case LayerIndex.Entry.Opaque opaque -> {}
            }
        }
    }

    private void put(String path, Item item) {
        if (path.isEmpty()) {
            root.node = item.node;
            return;
        }
        Item parent = made(parent(path));
        Item below = parent.children.get(name(path));
        if (below != null && below.node instanceof Node.Directory && item.node instanceof Node.Directory) {
            below.node = item.node;
            below.layer = item.layer;
        } else {
            parent.put(name(path), item);
        }
    }

    /** Both names get the same link, so that the tree tells that they are one file. */
    private void link(LayerIndex.Entry.HardLink link) {
        Item target = existing(link.target());
        if (target == null || target.node instanceof Node.Directory) {
            throw new LayerException(
                    "a hard link to " + Names.shown(link.target()) + ", which is not there",
                    link.path(),
                    "The layer is damaged, or stands on other layers than it was made for.");
        }
        if (target.node instanceof Node.RegularFile file && file.link() == null) {
            target.node = new Node.RegularFile(file.metadata(), file.size(), target.layer + ":" + target.path);
        }
        put(link.path(), new Item(target.node, target.layer, target.offset, target.path));
    }

    private @Nullable Item existing(String path) {
        if (path.isEmpty()) {
            return root;
        }
        Item parent = walk(parent(path), false);
        return parent == null ? null : parent.children.get(name(path));
    }

    private Item made(String path) {
        Item item = walk(path, true);
        if (item == null) {
            throw new IllegalStateException("a directory that was to be made is not there: " + Names.shown(path));
        }
        return item;
    }

    /** The directory at a path, links followed; where there is none it is made, or null. */
    private @Nullable Item walk(String path, boolean make) {
        Deque<String> left = new ArrayDeque<>(List.of(path.split("/")));
        Deque<Item> above = new ArrayDeque<>();
        Item item = root;
        int links = 0;
        while (!left.isEmpty()) {
            String name = left.pop();
            if (name.equals("..")) {
                item = above.isEmpty() ? root : above.pop();
            } else if (!name.isEmpty() && !name.equals(".")) {
                Item child = item.children.get(name);
                if (child != null && child.node instanceof Node.SymbolicLink link) {
                    if (++links > MOST_LINKS) {
                        throw loop(path);
                    }
                    item = link.target().startsWith("/") ? toTop(above) : item;
                    pushAll(left, link.target());
                    continue;
                }
                if (child == null || !(child.node instanceof Node.Directory)) {
                    if (!make) {
                        return null;
                    }
                    child = new Item(IMPLIED, 0, 0, path);
                    item.put(name, child);
                }
                above.push(item);
                item = child;
            }
        }
        return item;
    }

    private Item toTop(Deque<Item> above) {
        above.clear();
        return root;
    }

    private static void pushAll(Deque<String> left, String target) {
        String[] names = target.split("/");
        for (int i = names.length - 1; i >= 0; i--) {
            left.push(names[i]);
        }
    }

    private static LayerException loop(String path) {
        return new LayerException(
                "symbolic links in this path go round in circles", path, "The image's layers are damaged.");
    }

    private static String parent(String path) {
        int slash = path.lastIndexOf('/');
        return slash < 0 ? "" : path.substring(0, slash);
    }

    private static String name(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }
}
