package dev.strata.layer;

import dev.strata.image.BulkInput;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * A tar that is unpacked while it is written here, in a thread of its own: what makes a layer and has a use for its files
 * need not read it again. Trouble with the files does not keep anybody from writing; it is told at the end.
 */
public final class UnpackingStream extends OutputStream {
    private static final int PIECE = 128 * 1024;
    private static final int PIECES = 4;

    private static final class Piece {
        final byte[] bytes = new byte[PIECE];
        int length;
        boolean last;
    }

    private final BlockingQueue<Piece> full = new ArrayBlockingQueue<>(PIECES);
    private final BlockingQueue<Piece> empty = new ArrayBlockingQueue<>(PIECES);
    private final Thread thread;
    private Piece filling = new Piece();
    private @Nullable Unpacked unpacked;
    private @Nullable Throwable trouble;

    /** @param root a folder that is there, and that nothing else changes until the end; the rest as {@link Unpack#apply} has it */
    public UnpackingStream(Path root, Unpack.Whiteouts whiteouts, Bounds bounds) {
        for (int i = 1; i < PIECES; i++) {
            empty.add(new Piece());
        }
        this.thread = Thread.ofPlatform()
                .name("unpacking")
                .daemon()
                .start(() -> unpack(new Written(), root, whiteouts, bounds));
    }

    private void unpack(InputStream tar, Path root, Unpack.Whiteouts whiteouts, Bounds bounds) {
        try {
            unpacked = Unpack.apply(tar, root, whiteouts, bounds);
        } catch (Throwable e) {
            trouble = e;
            goOn(tar);
        }
    }

    private static void goOn(InputStream tar) {
        try {
            tar.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            // interrupted, so that nobody writes any more
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
                hand(false);
            }
            int some = Math.min(end - at, PIECE - filling.length);
            System.arraycopy(bytes, at, filling.bytes, filling.length, some);
            filling.length += some;
            at += some;
        }
    }

    private void hand(boolean last) throws IOException {
        try {
            filling.last = last;
            full.put(filling);
            if (last) {
                thread.join();
            } else {
                filling = empty.take();
                filling.length = 0;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while unpacking");
        }
    }

    /**
     * Says that the tar was written, and waits for its files; nothing is written here afterwards.
     *
     * @throws LayerException as {@link Unpack#apply} does
     */
    public Unpacked end() throws IOException {
        hand(true);
        Throwable found = trouble;
        return switch (found) {
            case null -> java.util.Objects.requireNonNull(unpacked);
            case IOException e -> throw e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IOException(found);
        };
    }

    /** Ends the unpacking; where that was not ended before, what is there so far is of no use. */
    @Override
    public void close() {
        thread.interrupt();
        boolean interrupted = Thread.interrupted();
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** What was written, for the other thread. */
    private final class Written extends BulkInput {
        private @Nullable Piece current;
        private int at;

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            Piece piece = current;
            while (piece == null || at == piece.length) {
                if (piece != null && piece.last) {
                    return -1;
                }
                piece = next(piece);
            }
            int some = Math.min(length, piece.length - at);
            System.arraycopy(piece.bytes, at, bytes, offset, some);
            at += some;
            return some;
        }

        private Piece next(@Nullable Piece done) throws IOException {
            try {
                if (done != null) {
                    empty.put(done);
                }
                Piece next = full.take();
                current = next;
                at = 0;
                return next;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while unpacking");
            }
        }
    }
}
