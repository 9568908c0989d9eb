package dev.strata.builder;

import dev.strata.graph.Cache;
import dev.strata.graph.CacheKey;
import dev.strata.graph.CacheRecord;
import dev.strata.graph.Contents;
import dev.strata.image.Digest;
import dev.strata.plan.Event;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The records of finished steps: in the state folder, behind it on a volume, and behind that in repositories of a registry,
 * where there are some.
 * Trouble is told once and never fails a build.
 */
final class StepCache implements Cache, LayerStore.FarIndexes, AutoCloseable {
    /** A registry in trouble is left alone for so long: a build without it is better than one that waits for it. */
    private static final Duration QUIET = Duration.ofSeconds(30);

    /** What is used without change is noted as used after so long. */
    private static final Duration NOTED = Duration.ofDays(1);

    private final RecordFolder own;
    private final @Nullable StepVolume volume;
    private final LayerStore layers;
    private final List<RegistryCache> far;
    private final String place;
    private final Consumer<Event> events;
    private final Clock clock;
    private final Map<RegistryCache, CompletableFuture<BuildRecords>> earlier = new LinkedHashMap<>();
    private final Map<CacheKey, CacheRecord> used = new ConcurrentHashMap<>();
    private final Map<CacheKey, Contents> read = new ConcurrentHashMap<>();
    private final Set<CacheKey> inFirst = ConcurrentHashMap.newKeySet();
    private final Set<Digest> lost = ConcurrentHashMap.newKeySet();
    /** Steps that the registry was not ready for. */
    private final Queue<Message> owed = new ConcurrentLinkedQueue<>();

    private final AtomicBoolean warned = new AtomicBoolean();
    private volatile Instant quietUntil = Instant.MIN;
    private volatile boolean closed;

    /**
     * @param folder of the builder's own state
     * @param volume asked before the repositories; null where there is none
     * @param far repositories in the order in which they are asked; only the first is written
     * @param place what is built, by which the next build of it finds all records at once
     */
    StepCache(
            Path folder,
            @Nullable Path volume,
            LayerStore layers,
            List<RegistryCache> far,
            String place,
            Consumer<Event> events,
            Clock clock)
            throws IOException {
        this.events = events;
        this.own = new RecordFolder(folder, clock, this::warn);
        this.volume =
                volume == null ? null : StepVolume.in(volume, clock, this::warn).orElse(null);
        this.layers = layers;
        this.far = List.copyOf(far);
        this.place = hash(place);
        this.clock = clock;
        layers.nearBy(this.volume);
        for (RegistryCache cache : far) {
            CompletableFuture<BuildRecords> answer = new CompletableFuture<>();
            earlier.put(cache, answer);
            Thread.ofVirtual()
                    .start(() ->
                            answer.complete(ask(() -> cache.build(this.place)).orElse(BuildRecords.NONE)));
        }
    }

    @Override
    public Optional<CacheRecord> find(CacheKey key) {
        Optional<CacheRecord> found =
                near(key).or(() -> onVolume(key)).or(() -> far(key)).filter(this::isHere);
        found.ifPresent(record -> used.put(key, record));
        return found;
    }

    private boolean isHere(CacheRecord record) {
        return !lost.contains(record.made().layer().blob().digest());
    }

    private Optional<CacheRecord> near(CacheKey key) {
        return own.find(key).filter(record -> layers.reachable(record.made().layer()));
    }

    /** What the volume loses meanwhile is in the first repository, or is made anew. */
    private Optional<CacheRecord> onVolume(CacheKey key) {
        Optional<CacheRecord> found = volume == null ? Optional.empty() : volume.find(key);
        found.ifPresent(record -> layers.cached(
                record.made().layer(), far.isEmpty() ? null : far.getFirst().repository()));
        return found;
    }

    private Optional<CacheRecord> far(CacheKey key) {
        for (RegistryCache cache : far) {
            Optional<CacheRecord> found = earlier(cache).find(key).or(() -> ask(() -> cache.find(key)));
            if (found.isPresent()) {
                layers.cached(found.get().made().layer(), cache.repository());
                if (cache == far.getFirst()) {
                    inFirst.add(key);
                }
                if (volume != null) {
                    volume.put(found.get(), slot(found.get()), layers.blobs());
                }
                return found;
            }
        }
        return Optional.empty();
    }

    private BuildRecords earlier(RegistryCache cache) {
        try {
            return earlier.getOrDefault(cache, CompletableFuture.completedFuture(BuildRecords.NONE))
                    .get();
        } catch (ExecutionException e) {
            return BuildRecords.NONE; // the question itself answers trouble with nothing
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("the build was stopped");
        }
    }

    /** From now on, no record of this layer is taken: the registry that had it has it no longer. */
    void lost(Digest layer) {
        lost.add(layer);
    }

    @Override
    public Optional<CacheRecord> latest(String slot) {
        String name = hash(place + " " + slot);
        Optional<CacheRecord> near = own.latest(name);
        if (volume != null) {
            near = near.or(() -> volume.latest(name));
        }
        for (RegistryCache cache : far) {
            near = near.or(() -> ask(() -> cache.latest(name)));
        }
        return near;
    }

    @Override
    public boolean isNew(String slot) {
        String name = hash(place + " " + slot);
        return own.latest(name).isEmpty()
                && (volume == null || volume.latest(name).isEmpty())
                && far.stream().allMatch(cache -> earlier(cache).records().isEmpty());
    }

    private String slot(CacheRecord record) {
        return hash(place + " " + record.slot());
    }

    private static String hash(String text) {
        return Digest.sha256(text.getBytes(StandardCharsets.UTF_8)).hex();
    }

    @Override
    public void put(CacheRecord record) {
        try {
            layers.awaitIndex(record.made().layer());
        } catch (IOException e) {
            warn(e); // later builds read the layer instead
        }
        String slot = slot(record);
        own.put(record, slot);
        if (volume != null) {
            volume.put(record, slot, layers.blobs());
        }
        used.put(record.key(), record);
        Message message = cache -> {
            byte[] manifest = cache.put(record, layers);
            inFirst.add(record.key());
            layers.later(() -> tell(first -> first.putLatest(slot, manifest)));
            layers.later(() -> layers.share(record.made().layer()));
        };
        if (tell(message)) {
            tellOwed();
        } else {
            owed.add(message);
        }
    }

    /** Once each: what is refused again must not keep the others back. */
    private void tellOwed() {
        for (Message message = owed.poll(); message != null; message = owed.poll()) {
            tell(message);
        }
    }

    @Override
    public Optional<Contents> contents(CacheKey key) {
        Optional<Contents> found = own.contents(key);
        if (volume != null) {
            found = found.or(() -> volume.contents(key));
        }
        for (RegistryCache cache : far) {
            found = found.or(() -> earlier(cache).contents(key)).or(() -> ask(() -> cache.contents(key)));
        }
        found.ifPresent(contents -> read.put(key, contents));
        return found;
    }

    @Override
    public void putContents(CacheKey key, Contents contents) {
        own.putContents(key, contents);
        if (volume != null) {
            volume.putContents(key, contents);
        }
        read.put(key, contents);
        tell(cache -> cache.putContents(key, contents));
    }

    /** Notes in one document what this build was made of, for the next one of the same place. */
    void remember() {
        if (far.isEmpty()) {
            return;
        }
        tellOwed();
        BuildRecords before = earlier(far.getFirst());
        List<CacheRecord> records = new ArrayList<>(used.values());
        records.removeIf(record -> !inFirst.contains(record.key())
                && before.find(record.key()).filter(record::equals).isEmpty());
        records.sort(Comparator.comparing(record -> record.key().hex()));
        SortedMap<String, Contents> contents = new TreeMap<>();
        read.forEach((key, known) -> contents.put(key.hex(), known));
        BuildRecords now = new BuildRecords(records, contents, clock.instant());
        if (!before.remembers(now) || before.kept().plus(NOTED).isBefore(now.kept())) {
            tell(cache -> cache.putBuild(place, now));
        }
    }

    @Override
    public @Nullable Path find(Digest diffId) {
        for (RegistryCache cache : far) {
            Optional<Path> found = ask(() -> {
                try {
                    return Optional.ofNullable(cache.index(diffId));
                } catch (IOException e) {
                    throw new UncheckedIOException("what is in a layer cannot be read: " + e.getMessage(), e);
                }
            });
            if (found.isPresent()) {
                return found.get();
            }
        }
        return null;
    }

    @Override
    public void put(Digest diffId, Path index) {
        tell(cache -> cache.putIndex(diffId, index));
    }

    private <T> Optional<T> ask(Supplier<Optional<T>> question) {
        if (isQuiet()) {
            return Optional.empty();
        }
        try {
            return question.get();
        } catch (RuntimeException e) {
            trouble(e);
            return Optional.empty();
        }
    }

    private interface Message {
        void to(RegistryCache cache) throws IOException;
    }

    /** Whether nothing is left to tell. */
    private boolean tell(Message message) {
        if (far.isEmpty()) {
            return true;
        }
        if (isQuiet()) {
            return false;
        }
        try {
            message.to(far.getFirst());
            return true;
        } catch (IOException | RuntimeException e) {
            trouble(e);
            return false;
        }
    }

    private boolean isQuiet() {
        return clock.instant().isBefore(quietUntil);
    }

    private void trouble(Exception e) {
        quietUntil = clock.instant().plus(QUIET);
        warn(e);
    }

    /** From now on, questions that nobody waits for any more may fail unheard. */
    @Override
    public void close() {
        closed = true;
    }

    private void warn(Exception e) {
        if (!closed && warned.compareAndSet(false, true)) {
            events.accept(new Event.Warning(
                    null, "the cache does not work: " + e.getMessage() + "; the build goes on without it"));
        }
    }
}
