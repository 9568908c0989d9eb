package dev.strata.builder;

import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Layer;
import dev.strata.image.Reference;
import dev.strata.layer.Bounds;
import dev.strata.layer.LayerException;
import dev.strata.layer.LayerIndex;
import dev.strata.layer.LayerTree;
import dev.strata.layer.VerifiedTar;
import dev.strata.layer.Written;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryException;
import dev.strata.sandbox.TarSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** The layers that a build has to do with: those here, and those that a registry has and that are fetched when needed. */
final class LayerStore implements TarSource, AutoCloseable {
    /** How exactly times of use are noted. */
    private static final Duration USED = Duration.ofHours(1);

    private final Blobs blobs;
    private final Registry registry;
    private final Bounds bounds;
    private final Path indexes;
    private final Path spool;
    private final Map<Digest, Reference> origins = new ConcurrentHashMap<>();
    private final Set<Digest> cached = ConcurrentHashMap.newKeySet();
    private final Map<Digest, LayerIndex> known = new ConcurrentHashMap<>();
    private final Map<Digest, CompletableFuture<@Nullable LayerIndex>> coming = new ConcurrentHashMap<>();
    private final Map<Digest, Future<?>> keeping = new ConcurrentHashMap<>();
    private final List<LayerTree> trees = new CopyOnWriteArrayList<>();

    private final Map<Digest, EarlyUpload> underWay = new ConcurrentHashMap<>();
    private volatile @Nullable Reference destination;

    private final ExecutorService later = Executors.newVirtualThreadPerTaskExecutor();
    private volatile FarIndexes farIndexes = FarIndexes.NONE;
    private volatile @Nullable StepVolume volume;

    /**
     * Indexes of layers in a place that other builds see. With them a copy needs no byte of the layers it is put on.
     * Trouble is told elsewhere and counts as absence.
     */
    interface FarIndexes {
        FarIndexes NONE = new FarIndexes() {
            @Override
            public @Nullable Path find(Digest diffId) {
                return null;
            }

            @Override
            public void put(Digest diffId, Path index) {
                // nowhere
            }
        };

        /** A file with the index, which is in the store; null where nobody has told. */
        @Nullable
        Path find(Digest diffId);

        void put(Digest diffId, Path index);
    }

    /**
     * @param state folder that keeps what was worked out, for later builds
     * @param bounds of what comes out of a layer
     */
    LayerStore(Path state, Blobs blobs, Registry registry, Bounds bounds) throws IOException {
        this.blobs = blobs;
        this.registry = registry;
        this.bounds = bounds;
        this.indexes = Files.createDirectories(state.resolve("indexes"));
        this.spool = Files.createDirectories(state.resolve("spool"));
    }

    void indexesFrom(FarIndexes far) {
        farIndexes = far;
    }

    /** Layers are taken from there before a registry is asked, and what a registry gave is kept there. */
    void nearBy(@Nullable StepVolume near) {
        volume = near;
    }

    Blobs blobs() {
        return blobs;
    }

    /** Notes where a layer can be fetched. */
    void origin(Layer layer, Reference repository) {
        origins.put(layer.blob().digest(), repository);
    }

    /**
     * Notes where the layer of an earlier step can be fetched; if it cannot, the step is done again.
     *
     * @param repository null where only the volume has it
     */
    void cached(Layer layer, @Nullable Reference repository) {
        Digest digest = layer.blob().digest();
        if (repository == null ? !origins.containsKey(digest) : origins.putIfAbsent(digest, repository) == null) {
            cached.add(digest);
        }
    }

    /** Whether the layer's bytes are here or are known to be somewhere. */
    boolean reachable(Layer layer) {
        Digest digest = layer.blob().digest();
        StepVolume near = volume;
        return origins.containsKey(digest) || blobs.find(digest).isPresent() || (near != null && near.has(digest));
    }

    /**
     * Brings a layer's bytes here.
     *
     * @throws LostLayer where it is one of the cache and is there no longer
     */
    void fetch(Layer layer) throws IOException {
        Digest digest = layer.blob().digest();
        Optional<Path> here = blobs.find(digest);
        if (here.isPresent()) {
            touch(here.get());
            return;
        }
        StepVolume near = volume;
        if (near != null && near.fetch(layer.blob(), blobs)) {
            return;
        }
        pull(layer);
        if (near != null) {
            later.execute(() -> near.keep(layer.blob(), blobs));
        }
    }

    private void pull(Layer layer) throws IOException {
        Digest digest = layer.blob().digest();
        Reference origin = origins.get(digest);
        if (origin == null) {
            IOException absent =
                    new IOException("the layer " + digest + " is not here, and no registry is known to have it");
            if (cached.contains(digest)) {
                throw new LostLayer(digest, absent);
            }
            throw absent;
        }
        try {
            registry.pull(origin, layer.blob(), blobs);
        } catch (RegistryException e) {
            boolean gone = e.kind() == RegistryException.Kind.NOT_FOUND || e.kind() == RegistryException.Kind.CORRUPT;
            if (gone && cached.contains(digest)) {
                throw new LostLayer(digest, e);
            }
            throw e;
        }
    }

    /** The time of a file is that of its last use, by which a clean-up goes. */
    private static void touch(Path file) throws IOException {
        FileTime now = FileTime.from(Instant.now());
        if (Files.getLastModifiedTime(file).toInstant().plus(USED).isBefore(now.toInstant())) {
            Files.setLastModifiedTime(file, now);
        }
    }

    /** The layer's uncompressed tar, checked against its diff ID as it is read. */
    @Override
    public InputStream openTar(Layer layer) throws IOException {
        fetch(layer);
        return VerifiedTar.open(layer, blobs);
    }

    @Override
    public <T> T read(Layer layer, Reading<T> reading) throws IOException {
        if (blobs.find(layer.blob().digest()).isEmpty()) {
            try (InputStream coming = blobs.openComing(layer.blob(), () -> fetch(layer));
                    InputStream tar = VerifiedTar.of(layer, coming)) {
                return reading.from(tar);
            } catch (InterruptedIOException e) {
                throw e;
            } catch (IOException | LayerException e) {
                // Perhaps for what was damaged on its way; if not, it is told below.
            }
        }
        try (InputStream tar = openTar(layer)) {
            return reading.from(tar);
        }
    }

    @Override
    public Bounds bounds() {
        return bounds;
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
    LayerTree tree(List<Layer> layers) {
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
        if (index != null) {
            touch(file);
        } else {
            index = newIndex(layer, file);
        }
        known.put(layer.diffId(), index);
        return index;
    }

    /** From another builder, from the unpacking that is under way, or by reading the layer. */
    private LayerIndex newIndex(Layer layer, Path file) throws IOException {
        Path told = blobs.find(layer.blob().digest()).isPresent() ? null : farIndexes.find(layer.diffId());
        LayerIndex far = told == null ? null : LayerIndex.load(told);
        if (told != null && far != null && far.diffId().equals(layer.diffId())) {
            keep(far, told, file);
            return far;
        }
        CompletableFuture<@Nullable LayerIndex> unpacking = coming.get(layer.diffId());
        LayerIndex unpacked = unpacking == null ? null : unpacking.join();
        if (unpacked != null) {
            return unpacked;
        }
        LayerIndex read = read(layer, tar -> LayerIndex.ofTar(tar, layer.diffId(), bounds));
        read.save(file);
        farIndexes.put(layer.diffId(), file);
        return read;
    }

    /** Gives what the store has a name by which later builds find it, where that can be without writing it again. */
    private static void keep(LayerIndex index, Path told, Path file) throws IOException {
        Files.deleteIfExists(file); // a damaged one, or one of another version
        try {
            Files.createLink(file, told);
        } catch (IOException | UnsupportedOperationException e) {
            index.save(file); // a file system without links, or another build was as fast
        }
    }

    /** Says that layers are being unpacked: whoever asks what is in them waits for that, and need not read them again. */
    void expect(List<Layer> layers) {
        layers.forEach(layer -> coming.computeIfAbsent(layer.diffId(), name -> new CompletableFuture<>()));
    }

    /** Ends the waiting for what did not come. */
    void expectNoLonger(List<Layer> layers) {
        layers.forEach(layer ->
                coming.getOrDefault(layer.diffId(), new CompletableFuture<>()).complete(null));
    }

    @Override
    public void unpacked(Layer layer, LayerIndex index) throws IOException {
        Path file = indexes.resolve(layer.diffId().hex());
        index.save(file);
        known.put(layer.diffId(), index);
        coming.computeIfAbsent(layer.diffId(), name -> new CompletableFuture<>())
                .complete(index);
        if (farIndexes != FarIndexes.NONE) {
            later.execute(() -> farIndexes.put(layer.diffId(), file));
        }
    }

    /** Layers that are made are sent there even before they are pushed. */
    void pushedTo(@Nullable Reference repository) {
        destination = repository;
    }

    /**
     * For one layer, from its first byte.
     *
     * @param first whether nothing like it was made before; else the registry may have it, which is seen at its end
     */
    EarlyUpload earlyUpload(boolean first) {
        return new EarlyUpload(registry, first ? destination : null, blobs);
    }

    /** Notes a layer that was made here; what is in it is kept for later builds while this one goes on. */
    void made(Written written, EarlyUpload upload) {
        Descriptor blob = written.layer().blob();
        if (upload.complete(blob)) {
            underWay.put(blob.digest(), upload);
        }
        Digest diffId = written.layer().diffId();
        known.put(diffId, written.index());
        keeping.put(diffId, later.submit(() -> {
            written.index().save(indexes.resolve(diffId.hex()));
            return null;
        }));
    }

    /** Waits until what is in a layer that was made here is kept. */
    void awaitIndex(Layer layer) throws IOException {
        Future<?> saving = keeping.get(layer.diffId());
        if (saving == null) {
            return;
        }
        try {
            saving.get();
        } catch (ExecutionException e) {
            throw new IOException("what is in a layer cannot be kept: " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("the build was stopped");
        }
    }

    /**
     * Looks into layers that are here and shows other builds what is in them, while the build goes on. They then copy onto
     * these layers without fetching them.
     */
    void shareLater(List<Layer> all) {
        if (farIndexes == FarIndexes.NONE) {
            return;
        }
        for (Layer layer : all) {
            later.execute(() -> {
                try {
                    index(layer);
                } catch (IOException | RuntimeException e) {
                    // Whoever needs the layer itself is told what is wrong with it.
                }
            });
        }
    }

    /** Does something that nobody waits for before the end of the build. */
    void later(Runnable work) {
        later.execute(work);
    }

    /** Shows other builds what is in a layer that was made here. */
    void share(Layer layer) {
        Path file = indexes.resolve(layer.diffId().hex());
        if (Files.exists(file)) {
            farIndexes.put(layer.diffId(), file);
        }
    }

    /** Brings a layer into a repository; what is on its way there is waited for, and not sent twice. */
    void push(Reference repository, Descriptor layer) throws IOException {
        EarlyUpload upload = underWay.remove(layer.digest());
        if (upload != null) {
            upload.await();
        }
        registry.push(repository, layer, blobs);
    }

    @Override
    public void close() throws IOException {
        underWay.values().forEach(EarlyUpload::stop);
        later.close();
        for (LayerTree tree : trees) {
            tree.close();
        }
    }
}
