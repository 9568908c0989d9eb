package dev.strata.builder;

import dev.strata.graph.FileSystem;
import dev.strata.image.Layer;
import dev.strata.layer.Tree;
import dev.strata.sandbox.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * The files that a step ended with, in the form that each user needs: as layers, as a tree to read, as a folder to run
 * in. Forms are made when they are first asked for.
 */
final class StepFiles implements FileSystem {
    private final @Nullable StepFiles parent;
    private final List<Layer> base;
    private final CompletableFuture<Made> made;
    private final Forms forms;
    private @Nullable Tree tree;
    private @Nullable Snapshot snapshot;

    /** How layers become trees and folders. */
    interface Forms {
        Tree tree(StepFiles files);

        Snapshot snapshot(StepFiles files);
    }

    private StepFiles(
            @Nullable StepFiles parent,
            List<Layer> base,
            CompletableFuture<Made> made,
            Forms forms,
            @Nullable Tree tree,
            @Nullable Snapshot snapshot) {
        this.parent = parent;
        this.base = List.copyOf(base);
        this.made = made;
        this.forms = forms;
        this.tree = tree;
        this.snapshot = snapshot;
    }

    static StepFiles ofImage(List<Layer> layers, Forms forms) {
        return new StepFiles(null, layers, new CompletableFuture<>(), forms, null, null);
    }

    static StepFiles ofContext(Tree tree, Forms forms) {
        return new StepFiles(null, List.of(), new CompletableFuture<>(), forms, tree, null);
    }

    /** @param tree the files that it ended with, where that is known already */
    static StepFiles on(
            StepFiles parent,
            CompletableFuture<Made> made,
            Forms forms,
            @Nullable Tree tree,
            @Nullable Snapshot snapshot) {
        return new StepFiles(parent, List.of(), made, forms, tree, snapshot);
    }

    @Override
    public CompletableFuture<Made> made() {
        return made;
    }

    @Nullable
    StepFiles parent() {
        return parent;
    }

    /** Whether these are the files of {@code FROM scratch}, on which nothing stands yet. */
    boolean isNothing() {
        return parent == null && base.isEmpty();
    }

    /** All layers, bottom first; waits for those that are still being made. */
    List<Layer> layers() {
        List<Layer> all = new ArrayList<>();
        StepFiles files = this;
        while (files.parent != null) {
            all.addFirst(files.layer());
            files = files.parent;
        }
        all.addAll(0, files.base);
        return all;
    }

    Layer layer() {
        try {
            return made.join().layer();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }

    synchronized Tree tree() {
        Tree present = tree;
        if (present == null) {
            present = forms.tree(this);
            tree = present;
        }
        return present;
    }

    synchronized @Nullable Snapshot snapshotIfMade() {
        return snapshot;
    }

    synchronized Snapshot snapshot() {
        Snapshot present = snapshot;
        if (present == null) {
            present = forms.snapshot(this);
            snapshot = present;
        }
        return present;
    }
}
