package dev.strata.layer;

import dev.strata.image.BulkInput;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Iterator;
import java.util.List;

/** The whole content of a sparse file, of which a tar holds parts: zeros between them. */
final class Sparse extends BulkInput {
    private final InputStream parts;
    private final Iterator<TarEntry.Extent> extents;
    private final long size;
    private long at;
    private long start;
    private long end;

    /** @param parts the bytes of the extents, one after the other */
    Sparse(InputStream parts, List<TarEntry.Extent> extents, long size) {
        this.parts = parts;
        this.extents = extents.iterator();
        this.size = size;
        next();
    }

    private void next() {
        while (end <= at && extents.hasNext()) {
            TarEntry.Extent extent = extents.next();
            start = extent.offset();
            end = start + extent.size();
        }
        if (end <= at) {
            start = size;
            end = size;
        }
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (at == size) {
            return -1;
        }
        int count;
        if (at < start) {
            count = (int) Math.min(length, start - at);
            java.util.Arrays.fill(bytes, offset, offset + count, (byte) 0);
        } else {
            count = parts.read(bytes, offset, (int) Math.min(length, end - at));
            if (count < 0) {
                throw new EOFException("a sparse file's parts end too early");
            }
        }
        at += count;
        next();
        return count;
    }

    @Override
    public void close() throws IOException {
        parts.close();
    }
}
