package dev.strata.sandbox;

import dev.strata.layer.Content;
import dev.strata.layer.DiskTree;
import dev.strata.layer.Removal;
import dev.strata.layer.UpperDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A mounted overlay, whose upper directory becomes the topmost folder of a snapshot. */
final class OverlayActive implements Active {
    private final OverlaySnapshots owner;
    private final OverlaySnapshot parent;
    private final Path folder;
    private final Path upper;
    private boolean committed;
    private boolean closed;

    OverlayActive(OverlaySnapshots owner, OverlaySnapshot parent, Path folder, Path upper) {
        this.owner = owner;
        this.parent = parent;
        this.folder = folder;
        this.upper = upper;
    }

    @Override
    public Path root() {
        return OverlayFolders.root(folder);
    }

    @Override
    public synchronized Snapshot commit() throws IOException {
        if (committed || closed) {
            throw new IllegalStateException("committed or closed before");
        }
        owner.unmount(root());
        committed = true;
        Files.delete(root());
        Removal.of(OverlayFolders.work(folder));
        List<Path> folders = new ArrayList<>(parent.folders());
        folders.add(folder);
        return new OverlaySnapshot(owner, folders, parent.lineage().child(folder));
    }

    @Override
    public Differences changes() throws IOException {
        synchronized (this) {
            if (!committed) {
                throw new IllegalStateException("not committed yet");
            }
        }
        return new Differences(
                UpperDirectory.changes(upper, parent.tree(), owner.userXattr()), Content.of(new DiskTree(upper)));
    }

    @Override
    public synchronized void close() throws IOException {
        if (!committed && !closed) {
            closed = true;
            owner.discard(folder);
        }
    }
}
