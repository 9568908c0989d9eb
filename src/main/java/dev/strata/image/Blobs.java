package dev.strata.image;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Bytes by their digest, on disk as an OCI image layout has them ({@code blobs/sha256/<hex>}), so that other tools can
 * look inside. What is being written is not visible until it is committed; committing twice is harmless.
 */
public final class Blobs {
    /** Who reads along is woken for so many bytes, not for each piece that comes. */
    private static final int TOLD = 256 * 1024;

    private final Path root;
    private final Path incoming;
    /** What is being written under a digest that was told before. Guarded by this store, which tells of each change. */
    private final Map<Digest, Ingest> underWay = new HashMap<>();

    /** @param root the layout's folder; made when absent */
    public Blobs(Path root) throws IOException {
        this.root = root;
        this.incoming = root.resolve("incoming");
        Files.createDirectories(root.resolve("blobs/sha256"));
        Files.createDirectories(incoming);
    }

    /** Where the blob is or would be. */
    public Path path(Digest digest) {
        return root.resolve("blobs").resolve(digest.algorithm()).resolve(digest.hex());
    }

    public Optional<Path> find(Digest digest) {
        Path path = path(digest);
        return Files.isRegularFile(path) ? Optional.of(path) : Optional.empty();
    }

    public InputStream open(Digest digest) throws IOException {
        return Files.newInputStream(path(digest));
    }

    public Descriptor put(String mediaType, byte[] content) throws IOException {
        Digest digest = Digest.sha256(content);
        if (find(digest).isEmpty()) {
            try (Ingest ingest = begin()) {
                new ByteArrayInputStream(content).transferTo(ingest);
                ingest.commit(digest);
            }
        }
        return new Descriptor(mediaType, digest, content.length);
    }

    /** Begins a blob whose digest is not known yet, or is to be checked. Close without commit discards it. */
    public Ingest begin() throws IOException {
        return new Ingest(Files.createTempFile(incoming, "blob", ""), Digest.sha256(), "sha256");
    }

    /** Begins a blob that must turn out to be {@code expected}. */
    public synchronized Ingest begin(Digest expected) throws IOException {
        Ingest ingest =
                new Ingest(Files.createTempFile(incoming, "blob", ""), expected.verifier(), expected.algorithm());
        underWay.put(expected, ingest);
        notifyAll();
        return ingest;
    }

    /** How a blob comes into a store. */
    @FunctionalInterface
    public interface Bringing {
        /** Ends when the blob is there. */
        void run() throws IOException;
    }

    /**
     * Reads a blob while it is brought, which begins now. Reading waits for what has not come, and comes to the end when the
     * blob is in the store.
     *
     * @param bringing run in a thread of its own, for whose end closing the stream waits, and which is interrupted where that is.
     *     What it throws is thrown by a read. A read throws {@link WrongContent} where what was read turned out to be damaged
     *     or broke off, so that the blob is brought once more
     */
    public InputStream openComing(Descriptor blob, Bringing bringing) {
        return new ComingBlob(this, blob, bringing);
    }

    /** What is being written now; whoever asks holds this store. */
    @Nullable
    Ingest underWay(Digest digest) {
        return underWay.get(digest);
    }

    /** Content that is not what its name says; the store itself is fine. */
    public static final class WrongContent extends IOException {
        WrongContent(String message) {
            super(message);
        }
    }

    /** A blob being written. Counts and hashes as it goes. */
    public final class Ingest extends OutputStream {
        private final Path file;
        private final OutputStream out;
        private final MessageDigest hash;
        private final String algorithm;
        private long size;
        private boolean closed;
        private boolean committed;

        private Ingest(Path file, MessageDigest hash, String algorithm) throws IOException {
            this.file = file;
            // Not truncated, empty as it is: ext4 would write all of a file that was to the disk when it is closed.
            this.out = Files.newOutputStream(file, StandardOpenOption.WRITE);
            this.hash = hash;
            this.algorithm = algorithm;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
            synchronized (Blobs.this) {
                long before = size;
                size += length;
                if (before / TOLD != size / TOLD) {
                    Blobs.this.notifyAll();
                }
            }
            hash.update(bytes, offset, length);
        }

        public long size() {
            return size;
        }

        /** Where the bytes are until {@link #commit}. */
        public Path file() {
            return file;
        }

        /**
         * Makes the blob visible under its digest.
         *
         * @param expected null where any content will do
         * @throws WrongContent when the content is not what {@code expected} names; nothing is kept then
         */
        public Digest commit(@Nullable Digest expected) throws IOException {
            out.close();
            Digest digest = new Digest(algorithm, java.util.HexFormat.of().formatHex(hash.digest()));
            if (expected != null && !expected.equals(digest)) {
                throw new WrongContent("content of " + size + " bytes is " + digest + ", but " + expected
                        + " was expected: it was damaged or cut on its way");
            }
            Path target = path(digest);
            Files.createDirectories(target.getParent());
            synchronized (Blobs.this) {
                Files.move(file, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
                closed = true;
                committed = true;
                end();
            }
            return digest;
        }

        private void end() {
            underWay.values().remove(this);
            Blobs.this.notifyAll();
        }

        /** Whoever asks holds the store. */
        boolean isCommitted() {
            return committed;
        }

        /** Committed or discarded; whoever asks holds the store. */
        boolean isClosed() {
            return closed;
        }

        @Override
        public void close() throws IOException {
            synchronized (Blobs.this) {
                if (closed) {
                    return;
                }
                closed = true;
                end();
                Files.deleteIfExists(file);
            }
            out.close();
        }
    }
}
