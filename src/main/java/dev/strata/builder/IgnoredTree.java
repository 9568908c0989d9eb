package dev.strata.builder;

import dev.strata.dockerfile.IgnoreFile;
import dev.strata.layer.Names;
import dev.strata.layer.Node;
import dev.strata.layer.Tree;
import dev.strata.layer.TreePath;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A build context without what its ignore file leaves out. A folder that is left out is still there when an exception
 * brings something in it back.
 */
final class IgnoredTree implements Tree {
    private final Tree whole;
    private final IgnoreFile ignored;

    IgnoredTree(Tree whole, IgnoreFile ignored) {
        this.whole = whole;
        this.ignored = ignored;
    }

    /** Everything, the ignored files included, to tell why something is missing. */
    Tree whole() {
        return whole;
    }

    /** The rule by which a path that is there is left out; null where it is not. */
    @Nullable
    String rule(String path) {
        return ignored.rule(path);
    }

    boolean leavesNothingOut() {
        return ignored.patterns().isEmpty();
    }

    @Override
    public @Nullable Node find(String path) throws IOException {
        Node node = whole.find(path);
        return node != null && isThere(path, node) ? node : null;
    }

    private boolean isThere(String path, Node node) throws IOException {
        if (path.isEmpty() || !ignored.ignores(path)) {
            return path.isEmpty() || !belowIgnored(path);
        }
        return node instanceof Node.Directory
                && !ignored.ignoresWhole(path)
                && !children(path).isEmpty();
    }

    /** Whether a folder above is left out with all that is in it. */
    private boolean belowIgnored(String path) {
        for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
            if (ignored.ignoresWhole(path.substring(0, slash))) {
                return true;
            }
        }
        return false;
    }

    @Override
    public SortedMap<String, Node> children(String path) throws IOException {
        if (leavesNothingOut()) {
            return whole.children(path);
        }
        SortedMap<String, Node> left = new TreeMap<>(Names.ORDER);
        for (Map.Entry<String, Node> child : whole.children(path).entrySet()) {
            if (isThere(TreePath.join(path, child.getKey()), child.getValue())) {
                left.put(child.getKey(), child.getValue());
            }
        }
        return left;
    }

    @Override
    public InputStream open(String path) throws IOException {
        return whole.open(path);
    }
}
