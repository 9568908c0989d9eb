package dev.strata.sandbox;

import dev.strata.image.Layer;
import dev.strata.layer.Content;
import dev.strata.layer.DiskTree;
import dev.strata.layer.Tree;
import dev.strata.layer.TreeDiff;
import dev.strata.layer.Unpack;
import dev.strata.layer.Unpacked;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** {@link Snapshots} that are whole trees, each made from a copy of another; what differs is found by comparing. */
final class CopiedSnapshots implements Snapshots {
    private final String driver;
    private final Copies copies;
    private final StateFolder state;
    private final String reason;
    private final Consumer<String> warnings;
    private final ConcurrentHashMap<String, Object> busy = new ConcurrentHashMap<>();

    /** How trees are copied. */
    interface Copies extends StateFolder.Folders {
        /** @param to not there yet */
        void copy(Path from, Path to) throws IOException;
    }

    private record Copied(CopiedSnapshots owner, Path folder, Lineage lineage) implements Snapshot {
        @Override
        public Tree tree() throws IOException {
            return new DiskTree(folder);
        }
    }

    CopiedSnapshots(String driver, Copies copies, StateFolder state, String reason, Consumer<String> warnings) {
        this.warnings = warnings;
        this.driver = driver;
        this.copies = copies;
        this.state = state;
        this.reason = reason;
    }

    @Override
    public String driver() {
        return driver;
    }

    @Override
    public String reason() {
        return reason;
    }

    @Override
    public Snapshot of(List<Layer> chain, TarSource source) throws IOException {
        String name = Lineage.name(chain);
        synchronized (busy.computeIfAbsent(name, any -> new Object())) {
            Path folder = state.find(name);
            if (folder == null) {
                folder = state.name(name, unpacked(chain, source));
            }
            return new Copied(this, folder, Lineage.of(state, chain));
        }
    }

    /** Begins with as many of the lowest layers as are there together. */
    private Path unpacked(List<Layer> chain, TarSource source) throws IOException {
        int there = chain.size();
        Path below = null;
        while (there > 0 && below == null) {
            there--;
            below = state.find(Lineage.name(chain.subList(0, there)));
        }
        Path folder = below == null ? state.make() : copy(below);
        for (Layer layer : chain.subList(there, chain.size())) {
            try (InputStream tar = source.openTar(layer)) {
                Unpacked.WithIndex both =
                        Unpack.layer(tar, layer.diffId(), folder, Unpack.Whiteouts.APPLY, source.bounds());
                source.unpacked(layer, both.index());
                both.unpacked().notes().forEach(warnings);
            } catch (IOException | RuntimeException e) {
                state.remove(folder);
                throw e;
            }
        }
        return folder;
    }

    private Path copy(Path from) throws IOException {
        Path folder = state.unused();
        copies.copy(from, folder);
        return folder;
    }

    @Override
    public Active begin(Snapshot parent) throws IOException {
        Copied below = own(parent);
        return new CopiedActive(below, copy(below.folder));
    }

    @Override
    public void name(Snapshot snapshot, Layer layer) throws IOException {
        own(snapshot).lineage.name(layer);
    }

    private Copied own(Snapshot snapshot) {
        if (snapshot instanceof Copied own && own.owner == this) {
            return own;
        }
        throw new IllegalArgumentException("a snapshot of another driver or state folder");
    }

    @Override
    public void close() throws IOException {
        state.close();
    }

    private final class CopiedActive implements Active {
        private final Copied parent;
        private final Path folder;
        private boolean committed;
        private boolean closed;

        CopiedActive(Copied parent, Path folder) {
            this.parent = parent;
            this.folder = folder;
        }

        @Override
        public Path root() {
            return folder;
        }

        @Override
        public synchronized Snapshot commit() {
            if (committed || closed) {
                throw new IllegalStateException("committed or closed before");
            }
            committed = true;
            return new Copied(CopiedSnapshots.this, folder, parent.lineage.child(folder));
        }

        @Override
        public Differences changes() throws IOException {
            synchronized (this) {
                if (!committed) {
                    throw new IllegalStateException("not committed yet");
                }
            }
            Tree tree = new DiskTree(folder);
            return new Differences(TreeDiff.changes(parent.tree(), tree), Content.of(tree));
        }

        @Override
        public synchronized void close() throws IOException {
            if (!committed && !closed) {
                closed = true;
                state.remove(folder);
            }
        }
    }
}
