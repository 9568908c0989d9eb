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
import dev.strata.layer.LayerIndex;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryException;
import dev.strata.registry.Resolved;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Records in a repository: a manifest a step, with the record as its configuration and at most one layer, under a tag
 * made of the key. Any build that reads the repository has it as soon as the step has ended.
 */
final class RegistryCache {
    static final String RECORD = "application/vnd.strata.step.v1+json";
    static final String INDEX = "application/vnd.strata.layer-index.v1";
    static final String CONTENTS = "application/vnd.strata.contents.v1+json";

    private final Registry registry;
    private final Reference repository;
    private final Blobs blobs;

    /** @param registry reads past mirrors: a cache is where it was written */
    RegistryCache(Registry registry, Reference repository, Blobs blobs) {
        this.registry = registry;
        this.repository = repository;
        this.blobs = blobs;
    }

    Reference repository() {
        return repository;
    }

    Optional<CacheRecord> find(CacheKey key) {
        return read("step-" + key.hex(), CacheRecord.class)
                .filter(record -> record.key().equals(key));
    }

    Optional<CacheRecord> latest(String slot) {
        return read(slot, CacheRecord.class);
    }

    Optional<Contents> contents(CacheKey key) {
        return read("files-" + key.hex(), Contents.class);
    }

    private <T> Optional<T> read(String tag, Class<T> type) {
        try {
            Resolved resolved = registry.resolve(repository.withTag(tag));
            Manifest manifest = Json.read(resolved.bytes(), Manifest.class);
            return Optional.of(Json.read(registry.read(repository, manifest.config()), type));
        } catch (RegistryException e) {
            if (e.kind() == RegistryException.Kind.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        } catch (IOException e) {
            return Optional.empty(); // a record of another version is no record
        }
    }

    void put(CacheRecord record, String slot, LayerStore layers) throws IOException {
        Descriptor layer = record.made().layer().blob();
        layers.fetch(record.made().layer());
        registry.push(repository, layer, blobs);
        byte[] manifest = write(RECORD, record, List.of(layer));
        registry.pushManifest(repository.withTag("step-" + record.key().hex()), MediaTypes.MANIFEST, manifest);
        registry.pushManifest(repository.withTag(slot), MediaTypes.MANIFEST, manifest);
    }

    void putContents(CacheKey key, Contents contents) {
        try {
            byte[] manifest = write(CONTENTS, contents, List.of());
            registry.pushManifest(repository.withTag("files-" + key.hex()), MediaTypes.MANIFEST, manifest);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException("a record cannot be written", e);
        }
    }

    /** What is in a layer; null where nobody told. */
    @Nullable
    LayerIndex index(Digest diffId) throws IOException {
        try {
            Resolved resolved = registry.resolve(repository.withTag(indexTag(diffId)));
            Manifest manifest = Json.read(resolved.bytes(), Manifest.class);
            Descriptor blob = manifest.layers().getFirst();
            registry.pull(repository, blob, blobs);
            LayerIndex index = LayerIndex.load(blobs.path(blob.digest()));
            return index != null && index.diffId().equals(diffId) ? index : null;
        } catch (RegistryException e) {
            if (e.kind() == RegistryException.Kind.NOT_FOUND) {
                return null;
            }
            throw e;
        }
    }

    void putIndex(Digest diffId, Path index) throws IOException {
        Descriptor blob = blobs.put(INDEX, Files.readAllBytes(index));
        registry.push(repository, blob, blobs);
        byte[] manifest = write(INDEX, Map.of("diffId", diffId.toString()), List.of(blob));
        registry.pushManifest(repository.withTag(indexTag(diffId)), MediaTypes.MANIFEST, manifest);
    }

    private static String indexTag(Digest diffId) {
        return "index-" + diffId.hex();
    }

    private byte[] write(String type, Object value, List<Descriptor> layers) throws IOException {
        Descriptor config = blobs.put(type, Json.bytes(value));
        registry.push(repository, config, blobs);
        return Json.bytes(
                new Manifest(2, MediaTypes.MANIFEST, type, config, layers, null, Collections.emptySortedMap()));
    }
}
