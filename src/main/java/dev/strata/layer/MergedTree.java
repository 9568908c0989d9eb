package dev.strata.layer;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a stack of layers comes to. A layer's whiteouts speak of the layers below it only, wherever they stand in its tar.
 * As container runtimes do, a directory in an entry's path that is a symbolic link by then is followed, within the tree.
 * Source: OCI image specification, layer.md, "Applying Changesets".
 */
final class MergedTree {

    /** A directory that no layer tells of, but something in it. */
    static final Node IMPLIED = new Node.Directory(Metadata.of(0755, 0, 0, 0));

    private final Item root = new Item(IMPLIED, 0, null);
    /** Where the entry before went: of a tar's entries, most stand behind another of the same folder. */
    private @Nullable String lastPath;

    private Item lastFolder = root;

    private MergedTree() {}

    /** A node and where its content is. */
    static final class Item {
        private Node node;
        private int layer;
        private final LayerIndex.Entry.@Nullable Present entry;
        private SortedMap<String, Item> children = Collections.emptySortedMap();

        private Item(Node node, int layer, LayerIndex.Entry.@Nullable Present entry) {
            this.node = node;
            this.layer = layer;
            this.entry = entry;
        }

        Node node() {
            return node;
        }

        int layer() {
            return layer;
        }

        /** What its layer says of it; of a hard link, the entry with the content. Null where no layer says anything. */
        LayerIndex.Entry.@Nullable Present entry() {
            return entry;
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
        lastPath = null;
        for (LayerIndex.Entry entry : layer.entries()) {
            switch (entry) {
                case LayerIndex.Entry.Whiteout(String path) -> {
                    Item parent = end(walk(TreePath.parent(path)));
                    if (!parent.children.isEmpty()) {
                        parent.children.remove(TreePath.name(path));
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
                case LayerIndex.Entry.Present present -> put(present.path(), new Item(present.node(), number, present));
                case LayerIndex.Entry.HardLink link -> link(link);
                case LayerIndex.Entry.Whiteout whiteout -> {}
                case LayerIndex.Entry.Opaque opaque -> {}
            }
        }
    }

    private void put(String path, Item item) {
        if (path.isEmpty()) {
            if (!(item.node instanceof Node.Directory)) {
                throw new LayerException("the root is something else than a directory", "/", TarReader.MEND);
            }
            root.node = item.node;
            return;
        }
        Item parent = folder(TreePath.parent(path));
        Item below = parent.children.get(TreePath.name(path));
        if (below != null && below.node instanceof Node.Directory && item.node instanceof Node.Directory) {
            below.node = item.node;
            below.layer = item.layer;
            return;
        }
        parent.put(TreePath.name(path), item);
        if (below != null || item.node instanceof Node.SymbolicLink) {
            lastPath = null; // the way there may have changed
        }
    }

    private Item folder(String path) {
        if (!path.equals(lastPath)) {
            lastFolder = made(path);
            lastPath = path;
        }
        return lastFolder;
    }

    /** Both names get the same link, so that the tree tells that they are one file. */
    private void link(LayerIndex.Entry.HardLink hardLink) {
        Item target = existing(hardLink.target());
        if (target == null || target.node instanceof Node.Directory) {
            throw new LayerException(
                    "a hard link to " + Names.shown(hardLink.target()) + ", which is no file that is there",
                    hardLink.path(),
                    "The layer or archive is damaged, or lacks what it was made for.");
        }
        LayerIndex.Entry.Present entry = target.entry;
        if (target.node instanceof Node.RegularFile file && file.link() == null && entry != null) {
            String link = target.layer + ":" + entry.path();
            target.node = new Node.RegularFile(file.metadata(), file.size(), link);
        }
        put(hardLink.path(), new Item(target.node, target.layer, entry));
    }

    private @Nullable Item existing(String path) {
        if (path.isEmpty()) {
            return root;
        }
        String plain = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        return end(walk(TreePath.parent(plain))).children.get(TreePath.name(plain));
    }

    private Item made(String path) {
        Deque<Step> steps = walk(path);
        for (Step step : steps) {
            if (step.parent.children.get(step.name) != step.directory) {
                step.parent.put(step.name, step.directory);
            }
        }
        return end(steps);
    }

    /** From one directory to one in it. */
    private record Step(Item parent, String name, Item directory) {}

    /**
     * The way to a directory, links followed. Where there is no directory the way goes on through new ones that are not
     * in the tree, so that a {@code ..} leads back from what is not there, as it does for container runtimes.
     */
    private Deque<Step> walk(String path) {
        Deque<String> left = new ArrayDeque<>(List.of(path.split("/")));
        Deque<Step> steps = new ArrayDeque<>();
        int links = 0;
        while (!left.isEmpty()) {
            String name = left.pop();
            if (name.equals("..")) {
                steps.pollLast();
            } else if (!name.isEmpty() && !name.equals(".")) {
                Item parent = end(steps);
                Item child = parent.children.get(name);
                if (child != null && child.node instanceof Node.SymbolicLink link) {
                    if (++links > TreePath.MOST_LINKS) {
                        throw loop(path);
                    }
                    if (link.target().startsWith("/")) {
                        steps.clear();
                    }
                    pushAll(left, link.target());
                } else {
                    boolean there = child != null && child.node instanceof Node.Directory;
                    Item directory = there ? Objects.requireNonNull(child) : new Item(IMPLIED, 0, null);
                    steps.addLast(new Step(parent, name, directory));
                }
            }
        }
        return steps;
    }

    private Item end(Deque<Step> steps) {
        return steps.isEmpty() ? root : steps.getLast().directory;
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
}
