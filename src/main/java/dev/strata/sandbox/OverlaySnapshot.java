package dev.strata.sandbox;

import dev.strata.layer.Tree;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Folders that overlayfs shows as one. */
final class OverlaySnapshot implements Snapshot {
    private final OverlaySnapshots owner;
    private final List<Path> folders;
    private final Lineage lineage;
    private @Nullable Tree tree;

    /** @param folders the lowest first */
    OverlaySnapshot(OverlaySnapshots owner, List<Path> folders, Lineage lineage) {
        this.owner = owner;
        this.folders = List.copyOf(folders);
        this.lineage = lineage;
    }

    OverlaySnapshots owner() {
        return owner;
    }

    List<Path> folders() {
        return folders;
    }

    Lineage lineage() {
        return lineage;
    }

    @Override
    public synchronized Tree tree() throws IOException {
        Tree present = tree;
        if (present == null) {
            present = owner.view(folders);
            tree = present;
        }
        return present;
    }
}
