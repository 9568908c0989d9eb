package dev.strata.builder;

import dev.strata.image.Blobs;
import dev.strata.image.Digest;
import dev.strata.image.Layer;
import dev.strata.image.Reference;
import dev.strata.layer.Compression;
import dev.strata.layer.LayerIndex;
import dev.strata.layer.LayerTree;
import dev.strata.layer.Tree;
import dev.strata.layer.Written;
import dev.strata.registry.Registry;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** The layers that a build has to do with: those here, and those that a registry has and that are fetched when needed. */
final class LayerStore implements AutoCloseable {
    private final Blobs blobs;
    private final Registry registry;
    private final Path indexes;
    private final Path spool;
    private final Map<Digest, Reference> origins = new ConcurrentHashMap<>();
    private final Map<Digest, LayerIndex> known = new ConcurrentHashMap<>();
    private final List<LayerTree> trees = new CopyOnWriteArrayList<>();

    /** @param state folder that keeps what was worked out, for later builds */
    LayerStore(Path state, Blobs blobs, Registry registry) throws IOException {
        this.blobs = blobs;
        this.registry = registry;
        this.indexes = Files.createDirectories(state.resolve("indexes"));
        this.spool = Files.createDirectories(state.resolve("spool"));
    }

    Blobs blobs() {
        return blobs;
    }

    /** Notes where a layer can be fetched. */
    void origin(Layer layer, Reference repository) {
        origins.put(layer.blob().digest(), repository);
    }

    /** Whether the layer's bytes are here or are known to be somewhere. */
    boolean reachable(Layer layer) {
        return origins.containsKey(layer.blob().digest())
                || blobs.find(layer.blob().digest()).isPresent();
    }

    /** Brings a layer's bytes here. */
    void fetch(Layer layer) throws IOException {
        if (blobs.find(layer.blob().digest()).isPresent()) {
            return;
        }
        Reference origin = origins.get(layer.blob().digest());
        if (origin == null) {
            throw new IOException(
                    "the layer " + layer.blob().digest() + " is not here, and no registry is known to have it");
        }
        registry.pull(origin, layer.blob(), blobs);
    }

    /** The layer's uncompressed tar. */
    InputStream openTar(Layer layer) throws IOException {
        fetch(layer);
        return Compression.decompress(blobs.open(layer.blob().digest()));
    }

    private InputStream openBlob(List<Layer> among, Digest diffId) throws IOException {
        for (Layer layer : among) {
            if (layer.diffId().equals(diffId)) {
                fetch(layer);
                return blobs.open(layer.blob().digest());
            }
        }
        throw new IllegalArgumentException("the tree has no layer " + diffId);
    }

    /** What is in the layers, seen as one tree. */
    Tree tree(List<Layer> layers) {
        List<Future<LayerIndex>> reading = new ArrayList<>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            layers.forEach(layer -> reading.add(threads.submit(() -> index(layer))));
        }
        List<LayerIndex> indexed = new ArrayList<>();
        for (Future<LayerIndex> future : reading) {
            indexed.add(
                    switch (future.state()) {
                        case SUCCESS -> future.resultNow();
                        case FAILED -> throw failure(future.exceptionNow());
                        case RUNNING, CANCELLED ->
                            throw new IllegalStateException("a closed executor has ended all its tasks");
                    });
        }
        LayerTree tree = new LayerTree(indexed, diffId -> openBlob(layers, diffId), spool);
        trees.add(tree);
        return tree;
    }

    private static RuntimeException failure(Throwable cause) {
        return switch (cause) {
            case RuntimeException e -> e;
            case IOException e -> new UncheckedIOException("cannot read a layer", e);
            default -> new IllegalStateException("cannot read a layer", cause);
        };
    }

    private LayerIndex index(Layer layer) throws IOException {
        LayerIndex index = known.get(layer.diffId());
        if (index != null) {
            return index;
        }
        Path file = indexes.resolve(layer.diffId().hex());
        index = LayerIndex.load(file);
        if (index == null) {
            try (InputStream tar = openTar(layer)) {
                index = LayerIndex.ofTar(tar);
            }
            index.save(file);
        }
        known.put(layer.diffId(), index);
        return index;
    }

    /** Notes a layer that was made here. */
    void made(Written written) throws IOException {
        known.put(written.layer().diffId(), written.index());
        written.index().save(indexes.resolve(written.layer().diffId().hex()));
    }

    @Override
    public void close() throws IOException {
        for (LayerTree tree : trees) {
            tree.close();
        }
    }
}
