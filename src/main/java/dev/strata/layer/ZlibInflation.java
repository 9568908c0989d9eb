package dev.strata.layer;

import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import java.util.zip.ZipException;

/** By zlib, which Java has everywhere. */
final class ZlibInflation implements Inflation {
    private final Inflater inflater = new Inflater(true);

    @Override
    public void input(byte[] bytes, int offset, int length) {
        inflater.setInput(bytes, offset, length);
    }

    @Override
    public int inflate(byte[] bytes, int offset, int length) throws ZipException {
        try {
            return inflater.inflate(bytes, offset, length);
        } catch (DataFormatException e) {
            throw GzipInput.damaged(e.getMessage());
        }
    }

    @Override
    public boolean ended() {
        return inflater.finished();
    }

    @Override
    public int unused() {
        return inflater.getRemaining();
    }

    @Override
    public void restart() {
        inflater.reset();
    }

    @Override
    public void close() {
        inflater.end();
    }
}
