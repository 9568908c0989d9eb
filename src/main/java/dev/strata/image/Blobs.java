package dev.strata.image;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Bytes by their digest, on disk as an OCI image layout has them ({@code blobs/sha256/<hex>}), so that other tools can
 * look inside. What is being written is not visible until it is committed; committing twice is harmless.
 */
public final class Blobs {
    private final Path root;
    private final Path incoming;

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
    public Ingest begin(Digest expected) throws IOException {
        return new Ingest(Files.createTempFile(incoming, "blob", ""), expected.verifier(), expected.algorithm());
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

        private Ingest(Path file, MessageDigest hash, String algorithm) throws IOException {
            this.file = file;
            this.out = Files.newOutputStream(file);
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
            hash.update(bytes, offset, length);
            size += length;
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
            Files.move(file, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            closed = true;
            return digest;
        }

        @Override
        public void close() throws IOException {
            if (!closed) {
                closed = true;
                out.close();
                Files.deleteIfExists(file);
            }
        }
    }
}
