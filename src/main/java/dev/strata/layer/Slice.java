package dev.strata.layer;

import dev.strata.image.BulkInput;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Part of a file as a stream of its own; many may read the same file at once. */
final class Slice extends BulkInput {
    private final FileChannel file;
    private long at;
    private final long end;

    Slice(FileChannel file, long offset, long size) {
        this.file = file;
        this.at = offset;
        this.end = offset + size;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (at == end) {
            return -1;
        }
        int some = file.read(ByteBuffer.wrap(bytes, offset, (int) Math.min(length, end - at)), at);
        if (some < 0) {
            throw new EOFException("a layer's tar ends within a file; it was cut since it was written");
        }
        at += some;
        return some;
    }

    @Override
    public int available() {
        return (int) Math.min(end - at, Integer.MAX_VALUE);
    }
}
