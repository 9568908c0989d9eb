package dev.strata.builder;

import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Json;
import dev.strata.image.Manifest;
import dev.strata.image.MediaTypes;
import dev.strata.image.Reference;
import dev.strata.layer.Bounds;
import dev.strata.layer.Compression;
import dev.strata.layer.Content;
import dev.strata.layer.DiskTree;
import dev.strata.layer.LayerException;
import dev.strata.layer.LayerWriter;
import dev.strata.layer.Removal;
import dev.strata.layer.Unpack;
import dev.strata.plan.Event;
import dev.strata.plan.Plan;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The folders of cache mounts as artifacts of the cache's repository: a manifest each, under a tag made of the mount's
 * name and of whom it may be shared with, whose one layer is the folder's tar. A cache is a help and no need: trouble is
 * a warning, and the folder begins empty or is not kept.
 */
final class MountRepository {
    static final String MOUNT = "application/vnd.strata.cache-mount.v1+json";
    /** What a tar needs for an entry beside its bytes: two headers, the long name and times, padding. */
    private static final int ENTRY = 2048;

    private final Registry registry;
    private final Reference repository;
    private final Blobs blobs;
    private final Plan.CacheMounts.Repository rules;
    private final Clock clock;
    private final Consumer<Event> events;
    private final Map<String, Digest> restored = new HashMap<>();

    MountRepository(
            Registry registry,
            Reference repository,
            Blobs blobs,
            Plan.CacheMounts.Repository rules,
            Clock clock,
            Consumer<Event> events) {
        this.registry = registry;
        this.repository = repository;
        this.blobs = blobs;
        this.rules = rules;
        this.clock = clock;
        this.events = events;
    }

    private Reference tagged(String name) {
        byte[] key = (rules.trust() + "\n" + name).getBytes(StandardCharsets.UTF_8);
        return repository.withTag("mount-" + Digest.sha256(key).hex());
    }

    /**
     * Fills an empty folder with what was kept.
     *
     * @param id of the mount, for messages
     * @return whether it did; if not, the folder is empty
     */
    boolean restore(String name, String id, Path folder) throws IOException {
        try {
            Manifest manifest = Json.read(registry.resolve(tagged(name)).bytes(), Manifest.class);
            Descriptor blob = manifest.layers().getFirst();
            registry.pull(repository, blob, blobs);
            InputStream packed = blobs.open(blob.digest());
            try (InputStream tar = new Bounded(Compression.decompress(packed), rules.mostBytes() + (1 << 20))) {
                Unpack.apply(tar, folder, Unpack.Whiteouts.NONE, Bounds.DEFAULT);
            }
            restored.put(name, blob.digest());
            return true;
        } catch (RegistryException e) {
            if (e.kind() == RegistryException.Kind.NOT_FOUND) {
                return false;
            }
            warn(id, "cannot be taken from " + repository + ", so it begins empty: " + e.getMessage());
        } catch (IOException | LayerException e) {
            warn(id, "cannot be unpacked from " + repository + ", so it begins empty: " + e.getMessage());
        }
        try (Stream<Path> inside = Files.list(folder)) {
            for (Path path : inside.toList()) {
                Removal.of(path);
            }
        }
        return false;
    }

    /** Keeps a folder's files; those that were restored and have not changed are not sent again. */
    void save(String name, String id, Path folder) {
        try {
            long size = size(folder);
            if (size > rules.mostBytes()) {
                warn(
                        id,
                        "is not kept: its files take " + size + " bytes, and the build class allows "
                                + rules.mostBytes());
                return;
            }
            DiskTree tree = new DiskTree(folder);
            Descriptor blob = LayerWriter.write(TreeFiles.all(tree), Content.of(tree), Compression.ZSTD, null, blobs)
                    .layer()
                    .blob();
            if (!blob.digest().equals(restored.get(name))) {
                registry.push(repository, blob, blobs);
            }
            byte[] manifest = RegistryCache.manifest(
                    registry,
                    repository,
                    MOUNT,
                    Map.of("id", id, "trust", rules.trust()),
                    List.of(blob),
                    clock.instant(), // A clean-up goes by the last use, so it is written though nothing else is new.
                    blobs);
            registry.pushManifest(tagged(name), MediaTypes.MANIFEST, manifest);
        } catch (IOException | LayerException | RegistryException e) {
            warn(id, "cannot be kept in " + repository + ": " + e.getMessage());
        }
    }

    private static long size(Path folder) throws IOException {
        long size = 0;
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : (Iterable<Path>) all::iterator) {
                size += ENTRY + (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS) ? Files.size(path) : 0);
            }
        }
        return size;
    }

    private void warn(String id, String what) {
        events.accept(new Event.Warning(null, "the cache mount \"" + id + "\" " + what));
    }

    /** Whoever can write to the repository must not fill the disk of those who read it. */
    private static final class Bounded extends FilterInputStream {
        private long left;

        Bounded(InputStream in, long most) {
            super(in);
            this.left = most;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int read = super.read(bytes, offset, length);
            left -= Math.max(read, 0);
            if (left < 0) {
                throw new IOException("it is larger than the build class allows");
            }
            return read;
        }

        @Override
        public long skip(long count) throws IOException {
            return in.readNBytes((int) Math.min(count, 1 << 16)).length;
        }
    }
}
