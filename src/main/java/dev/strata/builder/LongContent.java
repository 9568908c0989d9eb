package dev.strata.builder;

import dev.strata.image.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The digest of content for which one processor would take long: the SHA-256 of the SHA-256 of its pieces, which all
 * processors work out while the next ones are read. Pieces are of one size, so that nothing but the content counts.
 */
final class LongContent {
    /** In bytes. Shorter files are read each by a thread of its own. */
    static final long LEAST = 8 << 20;

    /** In bytes. */
    static final int PIECE = 1 << 18;

    /** The first long array would go through Java's loop to its end before the compiled one takes over. */
    private static final int STRIDE = 1 << 14;

    private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

    /** Enough to keep every processor busy while the oldest piece is waited for. */
    private static final int IN_FLIGHT = PROCESSORS + 1;

    private static final ExecutorService HASHERS = Executors.newFixedThreadPool(
            PROCESSORS, Thread.ofPlatform().name("hash-", 0).daemon().factory());

    private static final class Piece {
        private final byte[] bytes = new byte[PIECE];
        private final MessageDigest hash = Digest.sha256();
        private int length;
        private byte[] digest = {};

        boolean read(InputStream in) throws IOException {
            length = in.readNBytes(bytes, 0, PIECE);
            return length > 0;
        }

        void hash() {
            for (int at = 0; at < length; at += STRIDE) {
                hash.update(bytes, at, Math.min(STRIDE, length - at));
            }
            digest = hash.digest();
        }
    }

    private final MessageDigest whole = Digest.sha256();
    private final Queue<Future<Piece>> hashing = new ArrayDeque<>();

    private LongContent() {}

    /**
     * @param in read to its end, not closed
     * @throws IOException when it cannot be read, or the thread is interrupted
     */
    static byte[] digest(InputStream in) throws IOException {
        LongContent content = new LongContent();
        Piece piece = new Piece();
        while (piece.read(in)) {
            piece = content.follow(piece);
        }
        return content.end();
    }

    /** Has a piece hashed, and gives the next one to fill. */
    private Piece follow(Piece piece) throws IOException {
        hashing.add(HASHERS.submit(piece::hash, piece));
        return hashing.size() < IN_FLIGHT ? new Piece() : oldest();
    }

    private byte[] end() throws IOException {
        while (!hashing.isEmpty()) {
            oldest();
        }
        return whole.digest();
    }

    private Piece oldest() throws IOException {
        try {
            Piece piece = hashing.remove().get();
            whole.update(piece.digest);
            return piece;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("reading a file was stopped");
        } catch (ExecutionException e) {
            throw new IOException("a file's digest cannot be made", e.getCause());
        }
    }
}
