package dev.strata.layer;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * One gzip member, deflated on all processors: blocks of a fixed size, each with the end of the one before as its
 * dictionary, so that neither the bytes nor the ratio depend on how many processors there are. Source: RFC 1952, and
 * RFC 1951 for why blocks that end on a byte may simply follow each other.
 */
final class ParallelGzip extends OutputStream {
    private static final int BLOCK = 128 * 1024;
    private static final int WINDOW = 32 * 1024;
    private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();
    /** Enough to keep every processor busy while the oldest block is written. */
    private static final int IN_FLIGHT = PROCESSORS + 2;

    private static final ExecutorService DEFLATERS = Executors.newFixedThreadPool(
            PROCESSORS, Thread.ofPlatform().name("deflate-", 0).daemon().factory());

    private final OutputStream out;
    private final int level;
    private final Queue<Future<Block>> deflating = new ArrayDeque<>();
    private final ArrayDeque<Block> idle = new ArrayDeque<>();
    private final CRC32 crc = new CRC32();
    private long size;
    private Block filling;
    private boolean closed;

    ParallelGzip(OutputStream out, int level) throws IOException {
        this.out = out;
        this.level = level;
        this.filling = new Block(level);
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
            if (filling.length == BLOCK) {
                filling = follow(filling);
            }
            int some = Math.min(end - at, BLOCK - filling.length);
            System.arraycopy(bytes, at, filling.input, WINDOW + filling.length, some);
            filling.length += some;
            at += some;
        }
        crc.update(bytes, offset, length);
        size += length;
    }

    /** Hands a full block to a deflater and gives the next one to fill, with its dictionary. */
    private Block follow(Block full) throws IOException {
        Block next = idle.isEmpty() ? new Block(level) : idle.pop();
        next.length = 0;
        next.dictionary = WINDOW;
        System.arraycopy(full.input, full.length, next.input, 0, WINDOW);
        submit(full, false);
        return next;
    }

    private void submit(Block block, boolean last) throws IOException {
        deflating.add(DEFLATERS.submit(() -> block.deflate(last)));
        while (deflating.size() >= IN_FLIGHT) {
            writeOldest();
        }
    }

    private void writeOldest() throws IOException {
        try {
            Block block = deflating.remove().get();
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
        for (Future<Block> future : deflating) {
            // A deflater may still be at work on it; memory beyond the heap goes when the block is collected.
            future.cancel(false);
        }
        idle.forEach(Block::end);
    }

    private byte[] trailer() {
        byte[] trailer = new byte[8];
        for (int i = 0; i < 4; i++) {
            trailer[i] = (byte) (crc.getValue() >>> (8 * i));
            trailer[4 + i] = (byte) (size >>> (8 * i));
        }
        return trailer;
    }

    /** Input with the window before it, its deflater and the output; used again and again. */
    private static final class Block {
        final byte[] input = new byte[WINDOW + BLOCK];
        final Deflater deflater;
        byte[] output = new byte[BLOCK / 2];
        int dictionary;
        int length;
        int outputLength;

        Block(int level) {
            deflater = new Deflater(level, true);
        }

        Block deflate(boolean last) {
            deflater.reset();
            if (dictionary > 0) {
                deflater.setDictionary(input, WINDOW - dictionary, dictionary);
            }
            deflater.setInput(input, WINDOW, length);
            outputLength = 0;
            if (last) {
                deflater.finish();
            }
            int flush = last ? Deflater.NO_FLUSH : Deflater.SYNC_FLUSH;
            while (true) {
                int some = deflater.deflate(output, outputLength, output.length - outputLength, flush);
                outputLength += some;
                if (last ? deflater.finished() : outputLength < output.length) {
                    return this;
                }
                output = Arrays.copyOf(output, output.length * 2);
            }
        }

        void end() {
            deflater.end();
        }
    }
}
