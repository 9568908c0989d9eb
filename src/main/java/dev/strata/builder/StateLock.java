package dev.strata.builder;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** Many builds may use a state folder at once; who cleans it up is alone. */
final class StateLock implements AutoCloseable {
    private final FileChannel channel;

    private StateLock(FileChannel channel) {
        this.channel = channel;
    }

    /** Waits while the folder is cleaned up. */
    static StateLock shared(Path state) throws IOException {
        FileChannel channel = open(state);
        try {
            channel.lock(0, Long.MAX_VALUE, true);
        } catch (OverlappingFileLockException e) {
            // Another build of this process holds the lock for both.
            return new StateLock(channel);
        }
        return new StateLock(channel);
    }

    /** @throws IOException where a build uses the folder */
    static StateLock alone(Path state) throws IOException {
        FileChannel channel = open(state);
        FileLock lock = tryLock(channel);
        if (lock == null) {
            channel.close();
            throw new IOException("a build uses the state folder " + state + "; clean it up when that has ended");
        }
        return new StateLock(channel);
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null; // a build of this very process
        }
    }

    private static FileChannel open(Path state) throws IOException {
        Files.createDirectories(state);
        return FileChannel.open(
                state.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
