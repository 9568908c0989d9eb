package dev.strata.layer;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/** The difference of two trees. */
public final class TreeDiff {
    private final Tree below;
    private final Tree above;
    private final ChangeList changes;

    private TreeDiff(Tree below, Tree above) {
        this.below = below;
        this.above = above;
        this.changes = new ChangeList(below, above);
    }

    /**
     * What must be put and removed so that {@code below} becomes {@code above}, sorted as a layer is. Times do not count;
     * files of the same size are compared by their content. The roots themselves are not compared.
     */
    public static List<Change> changes(Tree below, Tree above) throws IOException {
        TreeDiff diff = new TreeDiff(below, above);
        diff.compare("", true);
        return diff.changes.sorted();
    }

    private void compare(String path, boolean alsoBelow) throws IOException {
        SortedMap<String, Node> nodes = above.children(path);
        SortedMap<String, Node> nodesBelow = alsoBelow ? below.children(path) : java.util.Collections.emptySortedMap();
        for (String name : nodesBelow.keySet()) {
            if (!nodes.containsKey(name)) {
                changes.add(new Change.Remove(TreePath.join(path, name)));
            }
        }
        for (Map.Entry<String, Node> entry : nodes.entrySet()) {
            String child = TreePath.join(path, entry.getKey());
            Node nodeBelow = nodesBelow.get(entry.getKey());
            changes.compare(child, entry.getValue(), nodeBelow);
            if (entry.getValue() instanceof Node.Directory) {
                compare(child, nodeBelow instanceof Node.Directory);
            }
        }
    }
}
