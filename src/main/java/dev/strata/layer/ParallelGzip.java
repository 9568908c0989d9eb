package dev.strata.layer;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * One gzip member, deflated on all processors: blocks of a fixed size, each with the end of the one before as its
 * dictionary, so that neither the bytes nor the ratio depend on how many processors there are. Source: RFC 1952, and
 * RFC 1951 for why blocks that end on a byte may simply follow each other.
 */
final class ParallelGzip extends OutputStream {
    private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();
    /** Enough to keep every processor busy while the oldest block is written. */
    private static final int IN_FLIGHT = PROCESSORS + 2;

    /** More content than so many blocks hold is worth a library that has to be loaded first, which takes 20 ms. */
    private static final int SMALL = 8;

    private static final ExecutorService DEFLATERS = Executors.newFixedThreadPool(
            PROCESSORS, Thread.ofPlatform().name("deflate-", 0).daemon().factory());

    private final OutputStream out;
    private final int level;
    private final boolean accelerated;
    private final Queue<Future<DeflatedBlock>> deflating = new ArrayDeque<>();
    private final ArrayDeque<DeflatedBlock> idle = new ArrayDeque<>();
    /** The first blocks, until it is known how they are deflated. */
    private final List<DeflatedBlock> first = new ArrayList<>();

    private final CRC32 crc = new CRC32();
    private long size;
    private DeflatedBlock filling = new DeflatedBlock();
    private @Nullable Deflation deflation;
    private boolean closed;

    /**
     * @param level of zlib
     * @param accelerated whether {@link Isal}, where there is one, does it if the content is large: in other bytes than
     *     zlib's
     */
    ParallelGzip(OutputStream out, int level, boolean accelerated) throws IOException {
        this.out = out;
        this.level = level;
        this.accelerated = accelerated;
        filling.begin(null);
        out.write(header(level));
    }

    /** No name, no time; extra flags as RFC 1952 wants for the fastest and the best level; made on Unix. */
    private static byte[] header(int level) {
        byte extra = (byte) (level == 9 ? 2 : level == 1 ? 4 : 0);
        return new byte[] {0x1F, (byte) 0x8B, 8, 0, 0, 0, 0, 0, extra, 3};
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
            if (filling.isFull()) {
                filling = follow(filling);
            }
            at += filling.add(bytes, at, end - at);
        }
        crc.update(bytes, offset, length);
        size += length;
    }

    /** Hands a full block to a deflater and gives the next one to fill, with its dictionary. */
    private DeflatedBlock follow(DeflatedBlock full) throws IOException {
        DeflatedBlock next = idle.isEmpty() ? new DeflatedBlock() : idle.pop();
        next.begin(full);
        submit(full, false);
        return next;
    }

    private void submit(DeflatedBlock block, boolean last) throws IOException {
        Deflation by = deflation;
        if (by == null) {
            first.add(block);
            if (accelerated && !last && first.size() <= SMALL) {
                return;
            }
            by = choose();
            deflation = by;
            for (DeflatedBlock waiting : first.subList(0, first.size() - 1)) {
                submit(waiting, by, false);
            }
            first.clear();
        }
        submit(block, by, last);
    }

    /** By the content alone, so that the same content always gives the same bytes. */
    private Deflation choose() {
        Isal isal = accelerated && first.size() > SMALL ? Isal.find() : null;
        return isal == null ? new ZlibDeflation(level) : new IsalDeflation(isal);
    }

    private void submit(DeflatedBlock block, Deflation by, boolean last) throws IOException {
        deflating.add(DEFLATERS.submit(() -> by.deflate(block, last), block));
        while (deflating.size() >= IN_FLIGHT) {
            writeOldest();
        }
    }

    private void writeOldest() throws IOException {
        try {
            DeflatedBlock block = deflating.remove().get();
            out.write(block.output, 0, block.outputLength);
            idle.push(block);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while compressing");
        } catch (ExecutionException e) {
            throw new IOException("cannot compress", e.getCause());
        }
    }

    @Override
    public void flush() throws IOException {
        out.flush();
    }

    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try (out) {
            submit(filling, true);
            while (!deflating.isEmpty()) {
                writeOldest();
            }
            out.write(trailer());
        } finally {
            end();
        }
    }

    private void end() {
        for (Future<DeflatedBlock> future : deflating) {
            future.cancel(false); // a deflater may still be at work on it
        }
        if (deflation != null) {
            deflation.close();
        }
    }

    private byte[] trailer() {
        byte[] trailer = new byte[8];
        for (int i = 0; i < 4; i++) {
            trailer[i] = (byte) (crc.getValue() >>> (8 * i));
            trailer[4 + i] = (byte) (size >>> (8 * i));
        }
        return trailer;
    }
}
