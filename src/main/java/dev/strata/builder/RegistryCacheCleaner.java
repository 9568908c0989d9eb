package dev.strata.builder;

import dev.strata.builder.Retention.Cleaning;
import dev.strata.builder.Retention.Item;
import dev.strata.graph.CacheRecord;
import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Json;
import dev.strata.image.Manifest;
import dev.strata.image.Reference;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryException;
import dev.strata.registry.Resolved;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Looks through a cache repository and removes from it. Only what Strata wrote there is seen. What a build writes meanwhile
 * stays, and so does what that needs, save what is written in the moment of the removal itself: where such a record stands on
 * something that just went, the next build makes that anew.
 *
 * <p>The registry frees the bytes when it collects its garbage.
 */
public class RegistryCacheCleaner {
    private static final String MARK = "clean-up";

    /** Builds may write all the time; then what was decided last is carried out. */
    private static final int MOST_PLANS = 3;

    private static final String MARK_TYPE = "application/vnd.strata.clean-up.v1+json";

    private final Registry registry;
    private final Reference repository;
    private final Map<String, Digest> manifests = new HashMap<>();

    /** @param registry reads past mirrors */
    public RegistryCacheCleaner(Registry registry, Reference repository) {
        this.registry = registry;
        this.repository = repository;
    }

    /** Decides, and removes nothing. */
    public Cleaning plan(Retention retention, Instant now) throws IOException {
        List<Item> items = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Optional<Item>>> reading = new ArrayList<>();
            for (String tag : tags()) {
                reading.add(threads.submit(() -> item(tag)));
            }
            for (Future<Optional<Item>> future : reading) {
                await(future).ifPresent(items::add);
            }
        }
        return retention.of(items, now);
    }

    /** Decides and removes; decides again where builds have written in between. */
    public Cleaning prune(Retention retention, Instant now) throws IOException {
        for (int number = 1; ; number++) {
            Set<String> before = Set.copyOf(tags());
            Cleaning cleaning = plan(retention, now);
            if (cleaning.goes().isEmpty() || number == MOST_PLANS || isUnchanged(before)) {
                carryOut(cleaning);
                return cleaning;
            }
        }
    }

    /** Whether builds have neither brought a record nor told again what they use. */
    private boolean isUnchanged(Set<String> before) {
        return before.equals(Set.copyOf(tags()))
                && manifests.keySet().stream()
                        .filter(tag -> tag.startsWith("build-"))
                        .allMatch(this::isSame);
    }

    private boolean isSame(String tag) {
        try {
            Resolved now = registry.resolve(repository.withTag(tag));
            return now.descriptor().digest().equals(manifests.get(tag));
        } catch (RegistryException e) {
            if (e.kind() == RegistryException.Kind.NOT_FOUND) {
                return false; // somebody else has just removed it
            }
            throw e;
        }
    }

    private static Optional<Item> await(Future<Optional<Item>> future) throws IOException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RegistryException failure) {
                throw failure;
            }
            throw new IOException("a record of the cache cannot be read", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private List<String> tags() {
        try {
            return registry.tags(repository);
        } catch (RegistryException e) {
            if (e.kind() == RegistryException.Kind.NOT_FOUND) {
                return List.of(); // nothing was ever kept
            }
            throw e;
        }
    }

    private Optional<Item> item(String tag) throws IOException {
        if (!tag.matches("(step|slot|files|index|build|mount)-[0-9a-f]{64}")) {
            return Optional.empty();
        }
        try {
            Resolved resolved = registry.resolve(repository.withTag(tag));
            Manifest manifest = Json.read(resolved.bytes(), Manifest.class);
            String record = manifest.annotations().get(RegistryCache.RECORD);
            if (record == null || manifest.artifactType() == null) {
                return Optional.empty();
            }
            synchronized (manifests) {
                manifests.put(tag, resolved.descriptor().digest());
            }
            return Optional.of(item(tag, manifest, record.getBytes(StandardCharsets.UTF_8)));
        } catch (RegistryException e) {
            if (e.kind() == RegistryException.Kind.NOT_FOUND) {
                return Optional.empty(); // somebody else has just removed it
            }
            throw e;
        }
    }

    private static Item item(String tag, Manifest manifest, byte[] record) throws IOException {
        Map<String, Long> contents = new HashMap<>();
        for (Descriptor layer : manifest.layers()) {
            contents.put(layer.digest().toString(), layer.size());
        }
        Instant created = created(manifest);
        return switch (Objects.requireNonNull(manifest.artifactType())) {
            case RegistryCache.STEP -> {
                CacheRecord step = Json.read(record, CacheRecord.class);
                List<String> needs =
                        tag.startsWith("slot-") ? List.of("step-" + step.key().hex()) : needs(step);
                yield new Item(kind(tag), tag, StateCleaner.words(step), needs, contents, step.kept());
            }
            case RegistryCache.BUILD -> {
                BuildRecords build = Json.read(record, BuildRecords.class);
                List<String> needs = new ArrayList<>();
                build.contents().keySet().forEach(key -> needs.add("files-" + key));
                for (CacheRecord step : build.records()) {
                    needs.add("step-" + step.key().hex());
                    needs.add("index-" + step.made().layer().diffId().hex());
                }
                yield new Item("build", tag, build.records().size() + " steps", needs, contents, build.kept());
            }
            default -> new Item(kind(tag), tag, "", List.of(), contents, created);
        };
    }

    private static List<String> needs(CacheRecord step) {
        return step.needs().stream().map(key -> "step-" + key.hex()).toList();
    }

    private static String kind(String tag) {
        return tag.substring(0, tag.indexOf('-'));
    }

    private static Instant created(Manifest manifest) {
        try {
            return Instant.parse(manifest.annotations().getOrDefault(RegistryCache.CREATED, ""));
        } catch (DateTimeException e) {
            return Instant.EPOCH; // nobody knows
        }
    }

    /**
     * Removes what goes. A manifest that something else still names stays.
     *
     * @throws RegistryException where the registry does not delete; what was removed before stays removed
     */
    public void carryOut(Cleaning cleaning) {
        Set<Digest> needed = new HashSet<>();
        cleaning.stays().forEach(item -> needed.add(digest(item)));
        Set<Digest> removed = new HashSet<>();
        for (Item item : cleaning.goes()) {
            Digest digest = digest(item);
            if (!needed.contains(digest) && removed.add(digest)) {
                registry.delete(repository.withDigest(digest));
            }
        }
    }

    private Digest digest(Item item) {
        return Objects.requireNonNull(manifests.get(item.name()), "an item of another cleaner");
    }

    /** Cleans up unless that was done within the interval; says what was done, null where it was not yet time. */
    @Nullable
    Cleaning cleanUp(Retention retention, Duration interval, Instant now, Blobs blobs) throws IOException {
        if (marked().plus(interval).isAfter(now)) {
            return null;
        }
        RegistryCache.mark(registry, repository.withTag(MARK), MARK_TYPE, now, blobs);
        return prune(retention, now);
    }

    /** When somebody last began to clean up. */
    private Instant marked() throws IOException {
        try {
            Resolved mark = registry.resolve(repository.withTag(MARK));
            return created(Json.read(mark.bytes(), Manifest.class));
        } catch (RegistryException e) {
            if (e.kind() == RegistryException.Kind.NOT_FOUND) {
                return Instant.EPOCH;
            }
            throw e;
        }
    }
}
