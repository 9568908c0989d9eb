package dev.strata.registry;

import dev.strata.image.BulkInput;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a file holds while another thread writes it. It is read as far as it was said to have grown, and then waited for, so
 * that a slow network holds up nobody and takes no memory. The file may get another name meanwhile.
 */
public final class GrowingFile implements AutoCloseable {
    private final InputStream file;
    private long size;
    private long read;
    private boolean ended;
    private boolean broken;

    /** @throws IOException when it cannot be opened */
    public GrowingFile(Path file) throws IOException {
        this.file = Files.newInputStream(file);
    }

    /** It holds so many bytes now. */
    public synchronized void grown(long now) {
        size = now;
        notifyAll();
    }

    /** No more bytes will come. */
    public synchronized void end() {
        ended = true;
        notifyAll();
    }

    /** Nobody may read on: whoever waits for more bytes gets an error. */
    synchronized void breakOff() {
        broken = true;
        notifyAll();
    }

    /** How many bytes it has, as far as is known. */
    synchronized long size() {
        return size;
    }

    private synchronized boolean isWaitedFor() {
        return read == size && !ended;
    }

    /** Waits until there is more than what was read; none is the end. */
    private synchronized long ready() throws IOException {
        try {
            while (isWaitedFor() && !broken) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        if (broken) {
            throw new IOException("the upload was broken off");
        }
        return size - read;
    }

    private synchronized void passed(int count) {
        read += count;
    }

    /** What a request sends; once, since it is read from where it was left. */
    Body body() {
        return new Body() {
            @Override
            public long length() {
                return -1;
            }

            @Override
            public InputStream open() {
                return new Reader();
            }

            @Override
            public boolean repeatable() {
                return false;
            }

            @Override
            public boolean idle() {
                return isWaitedFor();
            }
        };
    }

    @Override
    public void close() throws IOException {
        breakOff();
        file.close();
    }

    private final class Reader extends BulkInput {
        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            long ready = ready();
            if (ready == 0 || length == 0) {
                return length == 0 ? 0 : -1;
            }
            int count = file.read(bytes, offset, (int) Math.min(length, ready));
            if (count < 0) {
                throw new IOException("a file is shorter than what was written to it");
            }
            passed(count);
            return count;
        }
    }
}
