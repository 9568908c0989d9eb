package dev.strata.registry;

import dev.strata.image.BulkInput;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Bytes from one thread to another, with a bound on how many wait between them. Once it is broken the writer goes on
 * as if nothing had happened: its bytes are dropped.
 */
final class Pipe implements Body {
    private final byte[] buffer = new byte[256 << 10];
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private int start;
    private int filled;
    private boolean ended;
    private boolean broken;

    void write(byte[] bytes, int offset, int length) throws InterruptedException {
        int from = offset;
        int left = length;
        lock.lockInterruptibly();
        try {
            while (left > 0 && !broken) {
                if (filled == buffer.length) {
                    changed.await();
                    continue;
                }
                int end = (start + filled) % buffer.length;
                int count = Math.min(left, Math.min(buffer.length - filled, buffer.length - end));
                System.arraycopy(bytes, from, buffer, end, count);
                filled += count;
                from += count;
                left -= count;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** No more bytes will come. */
    void end() {
        set(() -> ended = true);
    }

    /** The reader is gone, or must not read on. */
    void breakOff() {
        set(() -> broken = true);
    }

    private void set(Runnable change) {
        lock.lock();
        try {
            change.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long length() {
        return -1;
    }

    @Override
    public boolean repeatable() {
        return false;
    }

    @Override
    public boolean idle() {
        lock.lock();
        try {
            return filled == 0 && !ended;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public InputStream open() {
        return new Reader();
    }

    private int read(byte[] bytes, int offset, int length) throws IOException {
        lock.lock();
        try {
            while (filled == 0 && !ended && !broken) {
                changed.await();
            }
            if (broken) {
                throw new IOException("the upload was broken off");
            }
            int count = Math.min(length, Math.min(filled, buffer.length - start));
            if (count == 0) {
                return length == 0 ? 0 : -1;
            }
            System.arraycopy(buffer, start, bytes, offset, count);
            start = (start + count) % buffer.length;
            filled -= count;
            changed.signalAll();
            return count;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            lock.unlock();
        }
    }

    private final class Reader extends BulkInput {
        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            return Pipe.this.read(bytes, offset, length);
        }
    }
}
