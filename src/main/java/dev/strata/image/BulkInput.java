package dev.strata.image;

import java.io.IOException;
import java.io.InputStream;

/** A stream that reads many bytes at a time; a single one is a small case of that. */
public abstract class BulkInput extends InputStream {
    @Override
    public final int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public abstract int read(byte[] bytes, int offset, int length) throws IOException;
}
