package dev.strata.builder;

import dev.strata.image.Digest;
import dev.strata.layer.Tree;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What is said of files, line by line and in the order in which it was said, though the content of the files is read by
 * several threads. Few files are read by the thread that adds them.
 */
final class ContentLines implements AutoCloseable {
    private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();
    /** So much is worth handing to another thread. */
    private static final int LINES = 128;

    private static final long BYTES = 1 << 20;
    private static final int BUFFER = 1 << 16;
    /** So many batches are read while the next ones are found. */
    private static final int AHEAD = 2 * PROCESSORS;

    private final Consumer<Said> listener;
    private final Queue<Future<List<Said>>> reading = new ArrayDeque<>();
    private @Nullable ExecutorService threads;
    private List<Line> batch = new ArrayList<>();
    private long bytes;

    /** A line, in its place among the others. */
    sealed interface Line {}

    /**
     * One whose text is known.
     *
     * @param name of the entry that it is about; empty where it is of none
     * @param what is said of that entry
     */
    record Said(String text, String name, String what) implements Line {}

    /**
     * One that says a file's content by its digest.
     *
     * @param name of the file; empty for a file that is all there is
     * @param path in the tree
     * @param size bytes that it had when it was found
     * @param metadata what is said after its content
     */
    record Unread(String name, Tree tree, String path, long size, String metadata) implements Line {}

    /** @param listener told of each line by the thread that adds them */
    ContentLines(Consumer<Said> listener) {
        this.listener = listener;
    }

    void add(Line line) throws IOException {
        batch.add(line);
        bytes += line instanceof Unread file ? file.size() : 0;
        if (batch.size() >= LINES || bytes >= BYTES) {
            hand();
        }
    }

    private void hand() throws IOException {
        if (threads == null) {
            threads = Executors.newFixedThreadPool(
                    PROCESSORS, Thread.ofPlatform().name("content-", 0).daemon().factory());
        }
        List<Line> full = batch;
        reading.add(threads.submit(() -> read(full)));
        batch = new ArrayList<>();
        bytes = 0;
        while (reading.size() > AHEAD) {
            tellOldest();
        }
    }

    private void tellOldest() throws IOException {
        try {
            reading.remove().get().forEach(listener);
        } catch (ExecutionException e) {
            throw failure(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("reading files was stopped");
        }
    }

    private static IOException failure(@Nullable Throwable cause) {
        return switch (cause) {
            case IOException failure -> failure;
            case RuntimeException failure -> throw failure;
            case Error failure -> throw failure;
            case null, default -> new IOException(cause);
        };
    }

    /** Tells all that has not been told; more may be added afterwards. */
    void end() throws IOException {
        while (!reading.isEmpty()) {
            tellOldest();
        }
        read(batch).forEach(listener);
        batch = new ArrayList<>();
        bytes = 0;
    }

    /** Ends what still reads, and waits for that; nobody is told of it. */
    @Override
    public void close() {
        if (threads != null) {
            threads.shutdownNow();
            threads.close();
        }
    }

    private static List<Said> read(List<Line> lines) throws IOException {
        List<Said> said = new ArrayList<>(lines.size());
        MessageDigest hash = Digest.sha256();
        byte[] buffer = new byte[BUFFER];
        for (Line line : lines) {
            said.add(
                    switch (line) {
                        case Said known -> known;
                        case Unread file -> said(file.name(), "file " + content(file, hash, buffer) + file.metadata());
                    });
        }
        return said;
    }

    /** Of an entry; one without a name is all there is. */
    static Said said(String name, String what) {
        return new Said(name + "\0" + what, name.isEmpty() ? "." : name, what);
    }

    private static String content(Unread file, MessageDigest hash, byte[] buffer) throws IOException {
        try (InputStream in = file.tree().open(file.path())) {
            if (file.size() >= LongContent.LEAST) {
                return "in pieces " + HexFormat.of().formatHex(LongContent.digest(in));
            }
            long total = 0;
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                hash.update(buffer, 0, read);
                total += read;
                if (total == file.size() && read < buffer.length) {
                    break; // there was room for more: most files need not be asked again
                }
            }
        }
        return HexFormat.of().formatHex(hash.digest());
    }
}
