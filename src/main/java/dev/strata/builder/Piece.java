package dev.strata.builder;

import dev.strata.layer.Node;
import dev.strata.layer.Tree;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** One thing that a COPY or ADD brings, found and fetched, not yet at its destination. */
sealed interface Piece {
    /**
     * A file or folder of a tree.
     *
     * @param path in the tree, links followed
     * @param name under which a file arrives in a folder
     * @param owned whether its owner and attributes are kept; else it belongs to root
     */
    record Found(Tree tree, String path, String name, Node node, boolean owned) implements Piece {}

    /**
     * A file or folder that keeps its folders, for {@code --parents}.
     *
     * @param root the folder that paths are told from
     * @param path below {@code root}
     */
    record Kept(Tree tree, String root, String path, boolean owned) implements Piece {}

    /**
     * The destination's folder, which comes before what a source of {@code --parents} matches and is made even where that
     * is nothing.
     */
    record Destination() implements Piece {}

    record Text(String name, String content) implements Piece {}

    /** A file from the web. */
    record Fetched(
            Tree tree,
            String path,
            String name,
            Node.RegularFile node,
            @Nullable Instant lastModified) implements Piece {}
}
