package dev.strata.builder;

import dev.strata.layer.Node;
import dev.strata.layer.Tree;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A tree whose folders are looked at once for two who ask: the digest of what a copy takes, and the copy, which so brings
 * what was digested. What was told twice is forgotten, so that it takes no memory for the rest of the build; who asks a
 * third time has the folder looked at again.
 */
final class RememberedTree implements Tree {
    private final Tree tree;
    private final Map<String, SortedMap<String, Node>> told = new ConcurrentHashMap<>();

    RememberedTree(Tree tree) {
        this.tree = tree;
    }

    @Override
    public @Nullable Node find(String path) throws IOException {
        return tree.find(path);
    }

    @Override
    public SortedMap<String, Node> children(String path) throws IOException {
        SortedMap<String, Node> before = told.remove(path);
        if (before != null) {
            return before;
        }
        SortedMap<String, Node> children = tree.children(path);
        told.put(path, children);
        return children;
    }

    @Override
    public InputStream open(String path) throws IOException {
        return tree.open(path);
    }
}
