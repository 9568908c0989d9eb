package dev.strata.layer;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.zip.Deflater;

/** By zlib, which Java has everywhere. */
final class ZlibDeflation implements Deflation {
    private final int level;
    private final Queue<Deflater> idle = new ConcurrentLinkedQueue<>();

    ZlibDeflation(int level) {
        this.level = level;
    }

    @Override
    public void deflate(DeflatedBlock block, boolean last) {
        Deflater deflater = idle.poll();
        if (deflater == null) {
            deflater = new Deflater(level, true);
        }
        deflate(deflater, block, last);
        deflater.reset();
        idle.add(deflater);
    }

    private static void deflate(Deflater deflater, DeflatedBlock block, boolean last) {
        if (block.dictionary > 0) {
            deflater.setDictionary(block.input, DeflatedBlock.WINDOW - block.dictionary, block.dictionary);
        }
        deflater.setInput(block.input, DeflatedBlock.WINDOW, block.length);
        if (last) {
            deflater.finish();
        }
        int flush = last ? Deflater.NO_FLUSH : Deflater.SYNC_FLUSH;
        boolean more = true;
        while (more) {
            block.ensureOutput(1);
            int room = block.output.length - block.outputLength;
            int some = deflater.deflate(block.output, block.outputLength, room, flush);
            block.outputLength += some;
            more = last ? !deflater.finished() : some == room;
        }
    }

    /** What a thread still has in its hands goes when it is collected. */
    @Override
    public void close() {
        for (Deflater deflater = idle.poll(); deflater != null; deflater = idle.poll()) {
            deflater.end();
        }
    }
}
