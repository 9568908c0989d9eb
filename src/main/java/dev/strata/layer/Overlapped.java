package dev.strata.layer;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Writes to another stream in a thread of its own, so that the work above and below go on at the same time. The other
 * stream sees the bytes in pieces of one size, however they were written here. An error of the other stream is thrown by
 * the next write or by close.
 */
final class Overlapped extends OutputStream {
    private static final int PIECE = 128 * 1024;
    private static final int PIECES = 6;
    private static final Piece END = new Piece(0);

    private static final class Piece {
        final byte[] bytes;
        int length;

        Piece(int size) {
            bytes = new byte[size];
        }
    }

    private final OutputStream out;
    private final BlockingQueue<Piece> full = new ArrayBlockingQueue<>(PIECES + 1);
    private final BlockingQueue<Piece> empty = new ArrayBlockingQueue<>(PIECES);
    private final Thread thread;
    private volatile @Nullable Throwable trouble;
    private Piece filling = new Piece(PIECE);
    private boolean closed;

    Overlapped(OutputStream out) {
        this.out = out;
        for (int i = 1; i < PIECES; i++) {
            empty.add(new Piece(PIECE));
        }
        this.thread = Thread.ofPlatform().name("layer-writer").daemon().start(this::run);
    }

    private void run() {
        try (out) {
            for (Piece piece = full.take(); piece != END; piece = full.take()) {
                out.write(piece.bytes, 0, piece.length);
                empty.add(piece);
            }
        } catch (Throwable e) {
            trouble = e;
            // Whoever waits for an empty piece must wake up to see the trouble.
            boolean room = true;
            while (room) {
                room = empty.offer(new Piece(PIECE));
            }
        }
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        int at = offset;
        int end = offset + length;
        while (at < end) {
            if (filling.length == PIECE) {
                hand();
            }
            int some = Math.min(end - at, PIECE - filling.length);
            System.arraycopy(bytes, at, filling.bytes, filling.length, some);
            filling.length += some;
            at += some;
        }
    }

    private void hand() throws IOException {
        check();
        try {
            full.put(filling);
            filling = empty.take();
        } catch (InterruptedException e) {
            throw interrupted();
        }
        filling.length = 0;
        check();
    }

    private void check() throws IOException {
        Throwable found = trouble;
        if (found instanceof IOException e) {
            throw new IOException(e.getMessage(), e);
        }
        if (found != null) {
            throw new IllegalStateException(found);
        }
    }

    /** Waits until all is written and the other stream is closed. */
    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try {
            if (trouble == null) {
                full.put(filling);
                full.put(END);
            }
            thread.join();
        } catch (InterruptedException e) {
            throw interrupted();
        }
        check();
    }

    private InterruptedIOException interrupted() {
        thread.interrupt();
        Thread.currentThread().interrupt();
        return new InterruptedIOException("interrupted while writing a layer");
    }
}
