package dev.strata.layer;

import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Layer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/**
 * Changes to a layer, in one pass: the tar, its digest, compression, the blob's digest and the blob itself, at the same
 * time in several threads and in memory that does not grow with the layer.
 */
public final class LayerWriter {
    /** Told while a layer's blob is written. */
    @FunctionalInterface
    public interface Growth {
        Growth UNWATCHED = (file, size) -> {};

        /**
         * The file holds so many bytes of the blob now. It goes to its place in the store when it is complete.
         *
         * @throws IOException ends the writing of the layer
         */
        void grown(Path file, long size) throws IOException;
    }

    private LayerWriter() {}

    /**
     * @param changes sorted by {@link Names#ORDER} of their paths; of one path first what is put, then opaqueness. Files
     *     with the same link become hard links of the first of them
     * @param level null for the compression's default
     * @throws LayerException when a change cannot stand in a layer: a file whose name is that of a whiteout, a file that
     *     changes while it is read
     * @throws IllegalArgumentException when the changes are not sorted
     */
    public static Written write(
            Iterable<Change> changes, Content content, Compression compression, @Nullable Integer level, Blobs blobs)
            throws IOException {
        return write(changes, content, compression, level, blobs, Growth.UNWATCHED, OutputStream.nullOutputStream());
    }

    /**
     * The same, watched.
     *
     * @param growth told from another thread
     * @param also takes the tar, too; not closed
     */
    public static Written write(
            Iterable<Change> changes,
            Content content,
            Compression compression,
            @Nullable Integer level,
            Blobs blobs,
            Growth growth,
            OutputStream also)
            throws IOException {
        MessageDigest hash = Digest.sha256();
        try (Blobs.Ingest blob = blobs.begin()) {
            LayerTar tar;
            // A thread each: files, tar, the tar's digest; compression; the blob's digest and the disk.
            try (OutputStream kept = new Overlapped(new KeptOpen(blob, growth));
                    OutputStream compressed = new Overlapped(compression.compress(kept, level));
                    OutputStream out = new DigestOutputStream(new Both(compressed, also), hash)) {
                tar = new LayerTar(out, content);
                for (Change change : changes) {
                    tar.add(change);
                }
                tar.end();
            }
            Digest diffId = Digest.of(hash);
            long size = blob.size();
            Descriptor descriptor = new Descriptor(compression.mediaType(), blob.commit(null), size);
            return new Written(new Layer(descriptor, diffId), tar.size(), tar.index(diffId));
        }
    }

    /** The tar alone, for archives; {@code out} is not closed. */
    public static void writeTar(Iterable<Change> changes, Content content, OutputStream out) throws IOException {
        LayerTar tar = new LayerTar(out, content);
        for (Change change : changes) {
            tar.add(change);
        }
        tar.end();
        out.flush();
    }

    /** Writes to two; closing closes the first. */
    private static final class Both extends OutputStream {
        private final OutputStream one;
        private final OutputStream other;

        Both(OutputStream one, OutputStream other) {
            this.one = one;
            this.other = other;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            one.write(bytes, offset, length);
            other.write(bytes, offset, length);
        }

        @Override
        public void close() throws IOException {
            one.close();
        }
    }

    /** Closing the compressed stream must not close, and so discard, the blob. */
    private static final class KeptOpen extends OutputStream {
        private final Blobs.Ingest out;
        private final Growth growth;

        KeptOpen(Blobs.Ingest out, Growth growth) {
            this.out = out;
            this.growth = growth;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
            growth.grown(out.file(), out.size());
        }
    }
}
