package dev.strata.builder;

import dev.strata.graph.Mount;
import dev.strata.image.Digest;
import dev.strata.layer.DiskTree;
import dev.strata.layer.Removal;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The folders of {@code RUN --mount=type=cache}, which outlive a build. Several builds may share them, in one process or
 * in many; a folder that is for one command at a time is locked by a file beside it.
 */
final class CacheFolders {
    /** Beside the folders, whose names are digests. */
    static final String LOCKS = "locks";

    private static final Duration PAUSE = Duration.ofMillis(20);

    private final Path root;
    private final @Nullable MountRepository repository;
    /** Folders that commands could write to, by name, with the ids of their mounts. */
    private final SortedMap<String, String> written = new TreeMap<>();

    /** @param repository where folders come from and are kept; null where {@code root} itself outlives the builder */
    CacheFolders(Path root, @Nullable MountRepository repository) {
        this.root = root;
        this.repository = repository;
    }

    /** A folder in use until it is closed. */
    record Use(Path folder, @Nullable FileChannel lock) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            if (lock != null) {
                lock.close();
            }
        }
    }

    /**
     * A folder for the mount; waits where it is locked by another. Mounts with the same id share a folder only where a
     * new one would begin alike: with the same files, owner and mode.
     *
     * @param seed what a new folder begins with; null is nothing
     * @param seedKey tells seeds apart; empty where there is none
     */
    Use use(Mount.Cache cache, @Nullable Path seed, String seedKey) throws IOException, InterruptedException {
        String key = String.join(
                "\n",
                cache.id(),
                Integer.toOctalString(cache.mode()),
                cache.uid() + ":" + cache.gid(),
                seed == null ? "" : cache.source(),
                seedKey);
        String name = Digest.sha256(key.getBytes(StandardCharsets.UTF_8)).hex();
        return switch (cache.sharing()) {
            case SHARED -> new Use(folder(name, cache, seed), null);
            case LOCKED -> locked(name, cache, seed);
            case PRIVATE -> privately(name, cache, seed);
        };
    }

    private Use locked(String name, Mount.Cache cache, @Nullable Path seed) throws IOException, InterruptedException {
        while (true) {
            FileChannel lock = lock(name);
            if (lock != null) {
                return taken(name, cache, seed, lock);
            }
            Thread.sleep(PAUSE); // Nobody tells when a file's lock is free.
        }
    }

    private Use privately(String name, Mount.Cache cache, @Nullable Path seed) throws IOException {
        for (int number = 0; ; number++) {
            String numbered = number == 0 ? name : name + "-" + number;
            FileChannel lock = lock(numbered);
            if (lock != null) {
                return taken(numbered, cache, seed, lock);
            }
        }
    }

    private Use taken(String name, Mount.Cache cache, @Nullable Path seed, FileChannel lock) throws IOException {
        try {
            return new Use(folder(name, cache, seed), lock);
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /** Null where another has it. */
    private @Nullable FileChannel lock(String name) throws IOException {
        Path file = Files.createDirectories(root.resolve(LOCKS)).resolve(name);
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = null;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            // Another command of this process has it.
        } finally {
            if (lock == null) {
                channel.close();
            }
        }
        return lock == null ? null : channel;
    }

    private synchronized Path folder(String name, Mount.Cache cache, @Nullable Path seed) throws IOException {
        Path folder = root.resolve(name);
        if (!Files.exists(folder)) {
            Path part = begun(name, cache, seed);
            Files.setAttribute(part, "unix:mode", cache.mode());
            Files.setAttribute(part, "unix:uid", (int) cache.uid());
            Files.setAttribute(part, "unix:gid", (int) cache.gid());
            try {
                Files.move(part, folder);
            } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
                Removal.of(part); // Another process was first.
            }
        }
        if (!cache.readOnly()) {
            written.put(name, cache.id());
        }
        return folder;
    }

    private Path begun(String name, Mount.Cache cache, @Nullable Path seed) throws IOException {
        Files.createDirectories(root);
        Path part = Files.createTempDirectory(root, "new");
        if (repository != null && repository.restore(name, cache.id(), part)) {
            return part;
        }
        if (seed != null) {
            TreeFiles.copy(new DiskTree(seed), part);
        }
        return part;
    }

    /** Brings what commands may have changed to where the next build finds it. Trouble is a warning. */
    synchronized void keep() {
        if (repository != null) {
            written.forEach((name, id) -> repository.save(name, id, root.resolve(name)));
        }
    }
}
