package dev.strata.builder;

import dev.strata.layer.Metadata;
import dev.strata.layer.Node;
import dev.strata.layer.Tree;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Collections;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** A root without files. */
enum EmptyTree implements Tree {
    INSTANCE;

    @Override
    public @Nullable Node find(String path) {
        return path.isEmpty() ? new Node.Directory(Metadata.of(0755, 0, 0, 0)) : null;
    }

    @Override
    public SortedMap<String, Node> children(String path) {
        return Collections.emptySortedMap();
    }

    @Override
    public InputStream open(String path) throws IOException {
        throw new FileNotFoundException("/" + path);
    }
}
