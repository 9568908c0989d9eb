package dev.strata.layer;

import dev.strata.image.BulkInput;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Reads another stream in a thread of its own, some pieces ahead, so that decompressing and what is done with the bytes
 * go on at the same time. An error of the other stream is thrown by a later read.
 */
final class ReadAhead extends BulkInput {
    private static final int PIECE = 256 * 1024;
    private static final int PIECES = 4;

    private static final class Piece {
        final byte[] bytes = new byte[PIECE];
        int length;

        @Nullable
        Throwable trouble;
    }

    private final InputStream in;
    private final BlockingQueue<Piece> full = new ArrayBlockingQueue<>(PIECES);
    private final BlockingQueue<Piece> empty = new ArrayBlockingQueue<>(PIECES);
    private final Thread thread;
    private Piece current = new Piece();
    private int at;
    private boolean ended;

    /** @param in is closed with this */
    ReadAhead(InputStream in) {
        this.in = in;
        for (int i = 1; i < PIECES; i++) {
            empty.add(new Piece());
        }
        this.thread = Thread.ofPlatform().name("read-ahead").daemon().start(this::run);
    }

    private void run() {
        try {
            boolean more = true;
            while (more) {
                Piece piece = empty.take();
                piece.length = 0;
                more = fill(piece);
                full.put(piece);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed before its end
        }
    }

    /** Whether there may be more. A piece that is not full is the last. */
    private boolean fill(Piece piece) {
        try {
            piece.length = in.readNBytes(piece.bytes, 0, PIECE);
        } catch (Throwable e) {
            piece.trouble = e;
        }
        return piece.length == PIECE;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (at == current.length) {
            if (ended || !next()) {
                return -1;
            }
        }
        int some = Math.min(length, current.length - at);
        System.arraycopy(current.bytes, at, bytes, offset, some);
        at += some;
        return some;
    }

    private boolean next() throws IOException {
        if (current.length > 0 && current.length < PIECE) {
            ended = true;
            return false;
        }
        try {
            if (current.length == PIECE) {
                empty.put(current);
            }
            current = full.take();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while reading a layer");
        }
        at = 0;
        Throwable trouble = current.trouble;
        if (trouble != null) {
            ended = true;
            throw thrown(trouble);
        }
        ended = current.length == 0;
        return !ended;
    }

    private static IOException thrown(Throwable trouble) {
        return switch (trouble) {
            case IOException e -> e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> new IOException(trouble);
        };
    }

    @Override
    public void close() throws IOException {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        in.close();
    }
}
