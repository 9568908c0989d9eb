package dev.strata.builder;

import dev.strata.graph.CacheKey;
import dev.strata.graph.CacheRecord;
import dev.strata.graph.Contents;
import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Json;
import dev.strata.image.Manifest;
import dev.strata.image.MediaTypes;
import dev.strata.image.Reference;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryException;
import dev.strata.registry.Resolved;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Records in a repository, a manifest each, with the record as its annotation and at most one layer, under a tag made
 * of the key. Any build that reads the repository has it as soon as the step has ended, by one request.
 *
 * <pre>
 *   step-KEY      a finished step, with its layer
 *   slot-PLACE    the newest step of a place in a Dockerfile
 *   files-KEY     the digest of files that a step reads from other steps
 *   index-DIFFID  what is in a layer, as the manifest's layer
 *   build-PLACE   all records of the newest build of a place, with all their layers
 *   mount-NAME    the folder of a cache mount, as the manifest's layer; written by {@link MountRepository}
 *   clean-up      when the repository was last cleaned up
 * </pre>
 */
final class RegistryCache {
    static final String STEP = "application/vnd.strata.step.v1+json";
    static final String INDEX = "application/vnd.strata.layer-index.v1";
    static final String CONTENTS = "application/vnd.strata.contents.v1+json";
    static final String BUILD = "application/vnd.strata.build.v1+json";
    static final String RECORD = "dev.strata.record";
    static final String CREATED = "org.opencontainers.image.created";

    private static final byte[] EMPTY = "{}".getBytes(StandardCharsets.UTF_8);

    private final Registry registry;
    private final Reference repository;
    private final Blobs blobs;
    private final Clock clock;

    /** @param registry reads past mirrors: a cache is where it was written */
    RegistryCache(Registry registry, Reference repository, Blobs blobs, Clock clock) {
        this.registry = registry;
        this.repository = repository;
        this.blobs = blobs;
        this.clock = clock;
    }

    Reference repository() {
        return repository;
    }

    Optional<CacheRecord> find(CacheKey key) {
        return read("step-" + key.hex(), STEP, CacheRecord.class)
                .filter(record -> record.key().equals(key));
    }

    Optional<CacheRecord> latest(String slot) {
        return read("slot-" + slot, STEP, CacheRecord.class);
    }

    Optional<Contents> contents(CacheKey key) {
        return read("files-" + key.hex(), CONTENTS, Contents.class);
    }

    Optional<BuildRecords> build(String place) {
        return read("build-" + place, BUILD, BuildRecords.class);
    }

    private <T> Optional<T> read(String tag, String type, Class<T> kind) {
        try {
            Optional<Manifest> manifest = manifest(tag, type);
            String text = manifest.map(found -> found.annotations().get(RECORD)).orElse(null);
            return text == null
                    ? Optional.empty()
                    : Optional.of(Json.read(text.getBytes(StandardCharsets.UTF_8), kind));
        } catch (IOException e) {
            return Optional.empty(); // a record of another version is no record
        }
    }

    /** The manifest of a tag; somebody's image under a record's name is none. */
    private Optional<Manifest> manifest(String tag, String type) throws IOException {
        try {
            Resolved resolved = registry.resolve(repository.withTag(tag));
            return Optional.of(Json.read(resolved.bytes(), Manifest.class))
                    .filter(manifest -> type.equals(manifest.artifactType()));
        } catch (RegistryException e) {
            if (e.kind() == RegistryException.Kind.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Answers the record's document, for {@link #putLatest}. */
    byte[] put(CacheRecord record, LayerStore layers) throws IOException {
        Descriptor layer = record.made().layer().blob();
        layers.fetch(record.made().layer());
        layers.push(repository, layer);
        byte[] manifest = manifest(STEP, record, List.of(layer));
        registry.pushManifest(repository.withTag("step-" + record.key().hex()), MediaTypes.MANIFEST, manifest);
        return manifest;
    }

    /** Notes a record that is here as the newest of its place, by which the next build says what has changed. */
    void putLatest(String slot, byte[] manifest) {
        registry.pushManifest(repository.withTag("slot-" + slot), MediaTypes.MANIFEST, manifest);
    }

    void putContents(CacheKey key, Contents contents) {
        try {
            write("files-" + key.hex(), CONTENTS, contents, List.of());
        } catch (IOException e) {
            throw new UncheckedIOException("a record cannot be written", e);
        }
    }

    /** The layers of the records must be in the repository: the document keeps them there. */
    void putBuild(String place, BuildRecords build) throws IOException {
        List<Descriptor> layers = build.records().stream()
                .map(record -> record.made().layer().blob())
                .distinct()
                .toList();
        write("build-" + place, BUILD, build, layers);
    }

    /** Brings the file that tells what is in a layer into the store; null where nobody told. */
    @Nullable
    Path index(Digest diffId) throws IOException {
        Optional<Manifest> manifest = manifest(indexTag(diffId), INDEX);
        if (manifest.isEmpty() || manifest.get().layers().isEmpty()) {
            return null;
        }
        Descriptor blob = manifest.get().layers().getFirst();
        registry.pull(repository, blob, blobs);
        return blobs.path(blob.digest());
    }

    void putIndex(Digest diffId, Path index) throws IOException {
        Descriptor blob = blobs.put(INDEX, Files.readAllBytes(index));
        registry.push(repository, blob, blobs);
        write(indexTag(diffId), INDEX, Map.of("diffId", diffId.toString()), List.of(blob));
    }

    private static String indexTag(Digest diffId) {
        return "index-" + diffId.hex();
    }

    private void write(String tag, String type, Object value, List<Descriptor> layers) throws IOException {
        registry.pushManifest(repository.withTag(tag), MediaTypes.MANIFEST, manifest(type, value, layers));
    }

    private byte[] manifest(String type, Object value, List<Descriptor> layers) throws IOException {
        return manifest(registry, repository, type, value, layers, clock.instant(), blobs);
    }

    static byte[] manifest(
            Registry registry,
            Reference repository,
            String type,
            Object value,
            List<Descriptor> layers,
            Instant now,
            Blobs blobs)
            throws IOException {
        Descriptor config = blobs.put(MediaTypes.EMPTY, EMPTY);
        registry.push(repository, config, blobs);
        SortedMap<String, String> annotations =
                new TreeMap<>(Map.of(RECORD, Json.text(value), CREATED, now.toString()));
        return Json.bytes(new Manifest(2, MediaTypes.MANIFEST, type, config, layers, null, annotations));
    }

    /** Notes that something was done now. */
    static void mark(Registry registry, Reference name, String type, Instant now, Blobs blobs) throws IOException {
        registry.pushManifest(
                name, MediaTypes.MANIFEST, manifest(registry, name, type, Map.of(), List.of(), now, blobs));
    }
}
