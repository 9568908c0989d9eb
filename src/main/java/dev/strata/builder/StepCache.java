package dev.strata.builder;

import dev.strata.graph.Cache;
import dev.strata.graph.CacheKey;
import dev.strata.graph.CacheRecord;
import dev.strata.graph.Contents;
import dev.strata.image.Digest;
import dev.strata.image.Json;
import dev.strata.layer.LayerIndex;
import dev.strata.plan.Event;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The records of finished steps: in the state folder, and behind it in a repository of a registry where there is one.
 * Trouble is told once and never fails a build.
 */
final class StepCache implements Cache, LayerStore.FarIndexes {
    private final Path folder;
    private final LayerStore layers;
    private final @Nullable RegistryCache registry;
    private final Consumer<Event> events;
    private final AtomicBoolean warned = new AtomicBoolean();

    StepCache(Path folder, LayerStore layers, @Nullable RegistryCache registry, Consumer<Event> events)
            throws IOException {
        this.folder = Files.createDirectories(folder);
        this.layers = layers;
        this.registry = registry;
        this.events = events;
    }

    @Override
    public Optional<CacheRecord> find(CacheKey key) {
        Optional<CacheRecord> near = read("step-" + key.hex(), CacheRecord.class)
                .filter(record -> record.key().equals(key)
                        && layers.reachable(record.made().layer()));
        if (near.isPresent() || registry == null) {
            return near;
        }
        try {
            Optional<CacheRecord> far = registry.find(key);
            far.ifPresent(record -> layers.origin(record.made().layer(), registry.repository()));
            return far;
        } catch (RuntimeException e) {
            warn(e);
            return Optional.empty();
        }
    }

    @Override
    public Optional<CacheRecord> latest(String slot) {
        Optional<CacheRecord> near = read(slotName(slot), CacheRecord.class);
        if (near.isPresent() || registry == null) {
            return near;
        }
        try {
            return registry.latest(slotName(slot));
        } catch (RuntimeException e) {
            warn(e);
            return Optional.empty();
        }
    }

    private static String slotName(String slot) {
        return "slot-" + Digest.sha256(slot.getBytes(StandardCharsets.UTF_8)).hex();
    }

    @Override
    public void put(CacheRecord record) {
        write("step-" + record.key().hex(), record);
        write(slotName(record.slot()), record);
        if (registry != null) {
            try {
                registry.put(record, slotName(record.slot()), layers);
                layers.share(record.made().layer());
            } catch (IOException | RuntimeException e) {
                warn(e);
            }
        }
    }

    @Override
    public Optional<Contents> contents(CacheKey key) {
        Optional<Contents> near = read("files-" + key.hex(), Contents.class);
        if (near.isPresent() || registry == null) {
            return near;
        }
        try {
            return registry.contents(key);
        } catch (RuntimeException e) {
            warn(e);
            return Optional.empty();
        }
    }

    @Override
    public void putContents(CacheKey key, Contents contents) {
        write("files-" + key.hex(), contents);
        if (registry != null) {
            try {
                registry.putContents(key, contents);
            } catch (RuntimeException e) {
                warn(e);
            }
        }
    }

    @Override
    public @Nullable LayerIndex find(Digest diffId) {
        if (registry == null) {
            return null;
        }
        try {
            return registry.index(diffId);
        } catch (IOException | RuntimeException e) {
            warn(e);
            return null;
        }
    }

    @Override
    public void put(Digest diffId, Path index) {
        if (registry == null) {
            return;
        }
        try {
            registry.putIndex(diffId, index);
        } catch (IOException | RuntimeException e) {
            warn(e);
        }
    }

    private <T> Optional<T> read(String name, Class<T> type) {
        Path file = folder.resolve(name);
        try {
            return Files.isRegularFile(file)
                    ? Optional.of(Json.read(Files.readAllBytes(file), type))
                    : Optional.empty();
        } catch (IOException e) {
            warn(e); // a record that cannot be read is no record
            return Optional.empty();
        }
    }

    private void write(String name, Object value) {
        try {
            Path part = Files.createTempFile(folder, "record", ".part");
            Files.write(part, Json.bytes(value));
            Files.move(part, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            warn(e);
        }
    }

    private void warn(Exception e) {
        if (warned.compareAndSet(false, true)) {
            events.accept(new Event.Warning(
                    null, "the cache does not work: " + e.getMessage() + "; the build goes on without it"));
        }
    }
}
