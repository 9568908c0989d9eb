package dev.strata.layer;

import dev.strata.image.BulkInput;
import java.io.IOException;
import java.io.InterruptedIOException;

/** The content of a file on disk, to which no link leads. */
final class DiskFile extends BulkInput {
    private final int file;
    private final byte[] name;
    private boolean closed;

    DiskFile(byte[] name) throws IOException {
        this.name = name;
        this.file = Posix.open(name, Posix.READING);
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (closed) {
            throw new IOException("the file was closed");
        }
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException("reading a file was stopped");
        }
        if (length == 0) {
            return 0;
        }
        int count = Posix.read(file, name, bytes, offset, length);
        return count == 0 ? -1 : count;
    }

    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            Posix.close(file);
        }
    }
}
