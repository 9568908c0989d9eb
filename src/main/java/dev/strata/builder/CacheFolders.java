package dev.strata.builder;

import dev.strata.graph.Mount;
import dev.strata.image.Digest;
import dev.strata.layer.DiskTree;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** The folders of {@code RUN --mount=type=cache}, which outlive a build, and who uses them. */
final class CacheFolders {
    private final Path root;
    private final Map<String, Semaphore> locks = new HashMap<>();

    CacheFolders(Path root) {
        this.root = root;
    }

    /** A folder in use until it is closed. */
    record Use(Path folder, @Nullable Semaphore lock) implements AutoCloseable {
        @Override
        public void close() {
            if (lock != null) {
                lock.release();
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
            case LOCKED -> {
                Semaphore lock = lock(name);
                lock.acquire();
                yield taken(name, cache, seed, lock);
            }
            case PRIVATE -> privately(name, cache, seed);
        };
    }

    private Use privately(String name, Mount.Cache cache, @Nullable Path seed) throws IOException {
        for (int number = 0; ; number++) {
            String numbered = number == 0 ? name : name + "-" + number;
            Semaphore lock = lock(numbered);
            if (lock.tryAcquire()) {
                return taken(numbered, cache, seed, lock);
            }
        }
    }

    private Use taken(String name, Mount.Cache cache, @Nullable Path seed, Semaphore lock) throws IOException {
        try {
            return new Use(folder(name, cache, seed), lock);
        } catch (IOException | RuntimeException e) {
            lock.release();
            throw e;
        }
    }

    private synchronized Semaphore lock(String name) {
        return locks.computeIfAbsent(name, key -> new Semaphore(1));
    }

    private synchronized Path folder(String name, Mount.Cache cache, @Nullable Path seed) throws IOException {
        Path folder = root.resolve(name);
        if (!Files.exists(folder)) {
            Files.createDirectories(root);
            Path part = Files.createTempDirectory(root, "new");
            if (seed != null) {
                TreeFiles.copy(new DiskTree(seed), part);
            }
            Files.setAttribute(part, "unix:mode", cache.mode());
            Files.setAttribute(part, "unix:uid", (int) cache.uid());
            Files.setAttribute(part, "unix:gid", (int) cache.gid());
            Files.move(part, folder);
        }
        return folder;
    }
}
