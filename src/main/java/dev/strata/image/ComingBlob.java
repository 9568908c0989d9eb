package dev.strata.image;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import org.jspecify.annotations.Nullable;

/** A blob that is read while somebody writes it: in this thread's stead, or for another who wanted it before. */
final class ComingBlob extends BulkInput {
    private final Blobs store;
    private final Descriptor blob;
    /** Of its own, so that no other work keeps bytes from coming. */
    private final Thread thread;

    /** What is read, with {@link #file}; null before it has begun, and where the store has the whole. */
    private Blobs.@Nullable Ingest ingest;

    private @Nullable InputStream file;
    private long at;

    private boolean brought;
    private @Nullable Throwable trouble;

    ComingBlob(Blobs store, Descriptor blob, Blobs.Bringing bringing) {
        this.store = store;
        this.blob = blob;
        this.thread = Thread.ofPlatform().name("bring-blob").daemon().start(() -> bring(bringing));
    }

    private void bring(Blobs.Bringing bringing) {
        Throwable thrown = null;
        try {
            bringing.run();
        } catch (Throwable e) {
            thrown = e;
        }
        synchronized (store) {
            trouble = thrown;
            brought = true;
            store.notifyAll();
        }
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        long there = await();
        InputStream reading = file;
        if (there == 0 || reading == null) {
            return -1;
        }
        int count = reading.read(bytes, offset, (int) Math.min(length, there));
        at += Math.max(count, 0);
        return count;
    }

    /** How many bytes can be read now; 0 at the end. */
    private long await() throws IOException {
        synchronized (store) {
            try {
                while (!isReady()) {
                    store.wait();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while waiting for " + blob.digest());
            }
            return ingest == null ? Long.MAX_VALUE : ingest.size() - at;
        }
    }

    private boolean isReady() throws IOException {
        if (ingest == null && file == null) {
            begin();
        }
        Blobs.Ingest reading = ingest;
        if (reading == null) {
            return file != null;
        }
        if (reading.size() > at) {
            return true;
        }
        if (reading.isCommitted()) {
            checkSize(at);
            return true;
        }
        if (reading.isClosed()) {
            again();
        }
        return false;
    }

    private void begin() throws IOException {
        Blobs.Ingest begun = store.underWay(blob.digest());
        if (begun != null) {
            ingest = begun;
            file = Files.newInputStream(begun.file());
        } else if (brought) {
            throwTrouble();
            checkSize(Files.size(store.path(blob.digest())));
            file = store.open(blob.digest());
        }
    }

    /** What was being read was given up: that is no loss where nothing of it was read. */
    private void again() throws IOException {
        if (at == 0) {
            closeFile();
            ingest = null;
            file = null;
            store.notifyAll();
        } else if (brought || store.underWay(blob.digest()) != null) {
            throwTrouble();
            throw new Blobs.WrongContent(blob.digest() + " was damaged or cut on its way, and is brought once more");
        }
    }

    private void checkSize(long size) throws Blobs.WrongContent {
        if (size != blob.size()) {
            throw new Blobs.WrongContent(
                    blob.digest() + " has " + size + " bytes, where " + blob.size() + " were told");
        }
    }

    private void throwTrouble() throws IOException {
        switch (trouble) {
            case null -> {}
            case IOException e -> throw e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IOException(trouble);
        }
    }

    private void closeFile() throws IOException {
        InputStream open = file;
        if (open != null) {
            open.close();
        }
    }

    /** Waits for the end of the bringing: whoever has seen enough may want all of it next. A thread that is interrupted ends it. */
    @Override
    public void close() throws IOException {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
                thread.interrupt();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        closeFile();
    }
}
