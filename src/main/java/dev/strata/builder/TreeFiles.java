package dev.strata.builder;

import dev.strata.layer.Bounds;
import dev.strata.layer.Change;
import dev.strata.layer.Content;
import dev.strata.layer.LayerWriter;
import dev.strata.layer.Node;
import dev.strata.layer.Tree;
import dev.strata.layer.TreePath;
import dev.strata.layer.Unpack;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Whole trees of files: as a list of changes, as a folder. */
final class TreeFiles {
    private static final int PIPE = 1 << 16;

    private TreeFiles() {}

    /** Everything in a tree, as the changes that would make it of nothing. */
    static List<Change> all(Tree tree) throws IOException {
        List<Change> changes = new ArrayList<>();
        collect(tree, "", changes);
        return changes;
    }

    private static void collect(Tree tree, String folder, List<Change> changes) throws IOException {
        for (Map.Entry<String, Node> child : tree.children(folder).entrySet()) {
            String path = TreePath.join(folder, child.getKey());
            changes.add(new Change.Put(path, child.getValue()));
            if (child.getValue() instanceof Node.Directory) {
                collect(tree, path, changes);
            }
        }
    }

    /** Writes a tree's files into a folder, with owners, modes and times. */
    static void copy(Tree tree, Path folder) throws IOException {
        Files.createDirectories(folder);
        PipedInputStream in = new PipedInputStream(PIPE);
        // The pipe is joined before the reader begins, so that it finds a writer.
        PipedOutputStream joined = new PipedOutputStream(in);
        FutureTask<Void> writing = new FutureTask<>(() -> {
            try (joined) {
                LayerWriter.writeTar(all(tree), Content.of(tree), joined);
            }
            return null;
        });
        Thread writer = Thread.ofPlatform().name("copy to " + folder).unstarted(writing);
        writer.start();
        Unpack.apply(in, folder, Unpack.Whiteouts.APPLY, Bounds.NONE);
        finish(writing);
    }

    private static void finish(FutureTask<Void> writing) throws IOException {
        try {
            writing.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            throw new IOException("a copy broke off", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("a copy was stopped", e);
        }
    }
}
