package dev.strata.sandbox;

import dev.strata.image.Digest;
import dev.strata.image.Layer;
import dev.strata.layer.Bounds;
import dev.strata.layer.Node;
import dev.strata.layer.Removal;
import dev.strata.layer.Tree;
import dev.strata.layer.Unpack;
import dev.strata.layer.Unpacked;
import dev.strata.layer.UnpackingStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The folders of layers, each unpacked by itself, so that a layer serves every chain it is in. Most tars tell all
 * directories that their files are in. One that does not depends on the layers below it, since overlayfs shows a
 * directory as the topmost folder has it: its folder serves only chains that begin with the same layers.
 */
final class OverlayLayers {
    private final OverlaySnapshots snapshots;
    private final StateFolder state;
    private final Unpack.Whiteouts whiteouts;
    private final Consumer<String> warnings;
    /** Layers that arrived and whose folders have no name yet, since they depend on the layers below. */
    private final ConcurrentHashMap<Digest, Part> arrived = new ConcurrentHashMap<>();

    private final ConcurrentHashMap<String, Object> busy = new ConcurrentHashMap<>();
    private final Semaphore turns =
            new Semaphore(Math.max(2, java.lang.Runtime.getRuntime().availableProcessors()));

    /** @param unpacked null where the folder was there, or stands on nothing but itself */
    private record Part(Path folder, @Nullable Unpacked unpacked) {}

    OverlayLayers(OverlaySnapshots snapshots, StateFolder state, boolean userXattr, Consumer<String> warnings) {
        this.warnings = warnings;
        this.snapshots = snapshots;
        this.state = state;
        this.whiteouts = userXattr ? Unpack.Whiteouts.OVERLAY_USER : Unpack.Whiteouts.OVERLAY_TRUSTED;
    }

    /** The folders that show a chain, the lowest first. Who asks for one that is being made waits for that. */
    List<Path> folders(List<Layer> chain, TarSource source) throws IOException {
        synchronized (busy.computeIfAbsent(Lineage.name(chain), name -> new Object())) {
            return stacked(chain, source);
        }
    }

    private List<Path> stacked(List<Layer> chain, TarSource source) throws IOException {
        List<Part> parts = parts(chain, source);
        List<Path> folders = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            Path folder = dependent(parts.get(i), chain.subList(0, i + 1), folders, source);
            if (Files.exists(OverlayFolders.opaque(folder))) {
                folders.clear();
            }
            folders.add(folder);
        }
        return folders;
    }

    private List<Part> parts(List<Layer> chain, TarSource source) throws IOException {
        List<Future<Part>> futures = new ArrayList<>();
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            try {
                for (int i = 0; i < chain.size(); i++) {
                    List<Layer> upToThis = chain.subList(0, i + 1);
                    futures.add(executor.submit(() -> part(upToThis, source)));
                }
                List<Part> parts = new ArrayList<>();
                for (Future<Part> future : futures) {
                    parts.add(future.get());
                }
                return parts;
            } catch (InterruptedException e) {
                executor.shutdownNow();
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("unpacking was stopped");
            } catch (ExecutionException e) {
                executor.shutdownNow();
                throw failure(e.getCause());
            }
        }
    }

    private static IOException failure(@Nullable Throwable cause) {
        return switch (cause) {
            case IOException failure -> failure;
            case RuntimeException failure -> throw failure;
            case Error failure -> throw failure;
            case null, default -> new IOException(cause);
        };
    }

    private Part part(List<Layer> chain, TarSource source) throws IOException, InterruptedException {
        Layer layer = chain.getLast();
        synchronized (busy.computeIfAbsent(layer.diffId().toString(), name -> new Object())) {
            Path ofChain = state.find(Lineage.name(chain));
            Path folder = ofChain != null ? ofChain : state.find(name(layer));
            if (folder != null) {
                return new Part(folder, null);
            }
            Part part = arrived.remove(layer.diffId());
            if (part != null) {
                return part;
            }
            turns.acquire();
            try {
                return source.read(layer, tar -> unpack(layer, source, tar));
            } finally {
                turns.release();
            }
        }
    }

    private static String name(Layer layer) {
        return "layer-" + layer.diffId().hex();
    }

    private Part unpack(Layer layer, TarSource source, InputStream tar) throws IOException {
        Path folder = state.make();
        Path tree = Files.createDirectory(OverlayFolders.tree(folder));
        Unpacked unpacked;
        try {
            Unpacked.WithIndex both = Unpack.layer(tar, layer.diffId(), tree, whiteouts, source.bounds());
            source.unpacked(layer, both.index());
            unpacked = both.unpacked();
        } catch (IOException | RuntimeException e) {
            state.remove(folder);
            throw e;
        }
        return part(layer, folder, unpacked);
    }

    private Part part(Layer layer, Path folder, Unpacked unpacked) throws IOException {
        unpacked.notes().forEach(warnings);
        if (unpacked.opaqueRoot()) {
            Files.createFile(OverlayFolders.opaque(folder));
        }
        return unpacked.implied().isEmpty()
                ? new Part(state.name(name(layer), folder), null)
                : new Part(folder, unpacked);
    }

    Arrival arrival() throws IOException {
        Path folder = state.make();
        Path tree = Files.createDirectory(OverlayFolders.tree(folder));
        UnpackingStream unpacking = new UnpackingStream(tree, whiteouts, Bounds.NONE);
        return new Arrival() {
            private boolean complete;

            @Override
            public OutputStream tar() {
                return unpacking;
            }

            @Override
            public void complete(Layer layer) throws IOException {
                Part part = part(layer, folder, unpacking.end());
                complete = true;
                if (part.unpacked() != null) {
                    arrived.put(layer.diffId(), part);
                }
            }

            @Override
            public void close() throws IOException {
                unpacking.close();
                if (!complete) {
                    state.remove(folder);
                }
            }
        };
    }

    /** The folder of a layer once it fits those below it. */
    private Path dependent(Part part, List<Layer> chain, List<Path> below, TarSource source) throws IOException {
        Unpacked unpacked = part.unpacked();
        if (unpacked == null) {
            return part.folder();
        }
        Path folder = part.folder();
        if (!below.isEmpty() && !unpacked.opaqueRoot()) {
            Tree tree = snapshots.view(below);
            if (goesThroughLinks(unpacked, tree)) {
                state.remove(folder);
                folder = applied(chain.getLast(), below, source);
            } else {
                unpacked.adopt(tree);
            }
        }
        return state.name(Lineage.name(chain), folder);
    }

    /** Whether what the tar takes for a directory is a link in the layers below, as {@code lib} often is. */
    private static boolean goesThroughLinks(Unpacked unpacked, Tree below) throws IOException {
        for (String path : unpacked.implied()) {
            if (below.find(path) instanceof Node.SymbolicLink) {
                return true;
            }
        }
        return false;
    }

    /** Unpacks onto the layers below, so that links lead where they lead there. */
    private Path applied(Layer layer, List<Path> below, TarSource source) throws IOException {
        Path folder = state.make();
        snapshots.writable(below, folder);
        try (InputStream tar = source.openTar(layer)) {
            Unpack.apply(tar, OverlayFolders.root(folder), Unpack.Whiteouts.APPLY, source.bounds());
        } catch (IOException | RuntimeException e) {
            snapshots.discard(folder);
            throw e;
        }
        snapshots.unmount(OverlayFolders.root(folder));
        Files.delete(OverlayFolders.root(folder));
        Removal.of(OverlayFolders.work(folder));
        return folder;
    }
}
