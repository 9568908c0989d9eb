package dev.strata.sandbox;

import dev.strata.image.Layer;
import dev.strata.layer.DiskTree;
import dev.strata.layer.Posix;
import dev.strata.layer.PosixException;
import dev.strata.layer.Tree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** {@link Snapshots} of folders, one a layer, stacked by overlayfs. */
final class OverlaySnapshots implements Snapshots {
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final Duration PAUSE = Duration.ofMillis(5);

    private final Overlay overlay;
    private final StateFolder state;
    private final String reason;
    private final OverlayLayers layers;
    private final List<Path> mounts = new ArrayList<>();

    OverlaySnapshots(Overlay overlay, StateFolder state, String reason, Consumer<String> warnings) {
        this.overlay = overlay;
        this.state = state;
        this.reason = reason;
        this.layers = new OverlayLayers(this, state, overlay.userXattr(), warnings);
    }

    @Override
    public String driver() {
        return "overlay";
    }

    @Override
    public String reason() {
        return reason;
    }

    @Override
    public Snapshot of(List<Layer> chain, TarSource source) throws IOException {
        return new OverlaySnapshot(this, layers.folders(chain, source), Lineage.of(state, chain));
    }

    @Override
    public Arrival arrival() throws IOException {
        return layers.arrival();
    }

    @Override
    public Active begin(Snapshot parent) throws IOException {
        OverlaySnapshot below = own(parent);
        Path folder = state.make();
        Path upper = writable(below.folders(), folder);
        return new OverlayActive(this, below, folder, upper);
    }

    /** Mounts a folder's {@code tree} on top of others, on its {@code root}. */
    Path writable(List<Path> below, Path folder) throws IOException {
        Path upper = Files.createDirectory(OverlayFolders.tree(folder));
        if (!below.isEmpty()) {
            copyAttributes(OverlayFolders.tree(below.getLast()), upper);
        }
        Path root = Files.createDirectory(OverlayFolders.root(folder));
        overlay.writable(lowers(below, 1), upper, Files.createDirectory(OverlayFolders.work(folder)), root);
        mounted(root);
        return upper;
    }

    /** All the files of folders, the lowest first. */
    Tree view(List<Path> folders) throws IOException {
        if (folders.isEmpty()) {
            return new DiskTree(Files.createDirectory(OverlayFolders.tree(state.make())));
        }
        Path root = Files.createDirectory(OverlayFolders.root(state.make()));
        overlay.readOnly(lowers(folders, 2), root);
        mounted(root);
        return new DiskTree(root);
    }

    /**
     * As overlayfs wants them: the topmost first, each once, and empty ones where there are too few. Of a layer that
     * comes again above itself the upper one decides everything that the lower one says.
     */
    private List<Path> lowers(List<Path> folders, int fewest) throws IOException {
        List<Path> lowers = new ArrayList<>();
        folders.reversed().stream().distinct().forEach(folder -> lowers.add(OverlayFolders.tree(folder)));
        while (lowers.size() < fewest) {
            lowers.add(Files.createDirectory(OverlayFolders.tree(state.make())));
        }
        return lowers;
    }

    /** The root of the whole is what the topmost folder's is. */
    private static void copyAttributes(Path from, Path to) throws IOException {
        Map<String, Object> attributes = Files.readAttributes(from, "unix:uid,gid,mode", LinkOption.NOFOLLOW_LINKS);
        for (String name : List.of("uid", "gid", "mode")) {
            Files.setAttribute(to, "unix:" + name, attributes.get(name), LinkOption.NOFOLLOW_LINKS);
        }
    }

    @Override
    public void name(Snapshot snapshot, Layer layer) throws IOException {
        own(snapshot).lineage().name(layer);
    }

    private OverlaySnapshot own(Snapshot snapshot) {
        if (snapshot instanceof OverlaySnapshot own && own.owner() == this) {
            return own;
        }
        throw new IllegalArgumentException("a snapshot of another driver or state folder");
    }

    boolean userXattr() {
        return overlay.userXattr();
    }

    private void mounted(Path root) {
        synchronized (mounts) {
            mounts.add(root);
        }
    }

    /**
     * What was killed may take a moment to end, and must not write any more afterwards.
     *
     * @throws IOException where a process still works there
     */
    void unmount(Path root) throws IOException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                Posix.unmount(root, 0);
                break;
            } catch (PosixException e) {
                if (e.errno() != PosixException.EBUSY || System.nanoTime() > end) {
                    throw e;
                }
                LockSupport.parkNanos(PAUSE.toNanos());
            }
        }
        synchronized (mounts) {
            mounts.remove(root);
        }
    }

    /** Takes a mount away whoever uses it, and all in the folder. */
    void discard(Path folder) throws IOException {
        Path root = OverlayFolders.root(folder);
        synchronized (mounts) {
            mounts.remove(root);
        }
        state.remove(folder);
    }

    @Override
    public void close() throws IOException {
        synchronized (mounts) {
            for (Path root : mounts.reversed()) {
                Posix.unmount(root, Posix.DETACH);
            }
            mounts.clear();
        }
        state.close();
    }
}
