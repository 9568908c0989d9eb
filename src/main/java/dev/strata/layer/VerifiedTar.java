package dev.strata.layer;

import dev.strata.image.Blobs;
import dev.strata.image.Layer;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/**
 * A layer's tar, checked while it is read: whoever reads it to its end has read what the image's configuration names.
 * Without this an image could pass other files off under the name of a layer that other images share.
 */
public final class VerifiedTar extends FilterInputStream {
    private final Layer layer;
    private @Nullable MessageDigest hash;

    private VerifiedTar(InputStream tar, Layer layer) {
        super(tar);
        this.layer = layer;
        this.hash = layer.diffId().verifier();
    }

    /**
     * Opens a layer's tar; the blob must be in the store.
     *
     * @throws LayerException when the blob has another size than its descriptor tells; thrown by a later read, at the end
     *     of the tar, when its digest is not the layer's diff ID
     */
    public static InputStream open(Layer layer, Blobs blobs) throws IOException {
        Path blob = blobs.find(layer.blob().digest())
                .orElseThrow(() -> new NoSuchFileException(layer.blob().digest().toString()));
        long size = Files.size(blob);
        if (size != layer.blob().size()) {
            throw wrong(
                    layer,
                    "has " + size + " bytes, where the manifest tells "
                            + layer.blob().size());
        }
        return of(layer, Files.newInputStream(blob));
    }

    /**
     * As {@link #open}.
     *
     * @param blob one that answers for its size; closed with the tar, or at once where its beginning cannot be read
     */
    public static InputStream of(Layer layer, InputStream blob) throws IOException {
        try {
            return new VerifiedTar(Compression.decompress(blob, layer.blob().size()), layer);
        } catch (IOException | RuntimeException e) {
            blob.close();
            throw e;
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        int count = super.read(bytes, offset, length);
        MessageDigest reading = hash;
        if (reading == null) {
            return count;
        }
        if (count >= 0) {
            reading.update(bytes, offset, count);
            return count;
        }
        hash = null;
        byte[] found = reading.digest();
        if (!java.util.HexFormat.of().formatHex(found).equals(layer.diffId().hex())) {
            throw wrong(layer, "is not the " + layer.diffId() + " that the image's configuration tells");
        }
        return count;
    }

    /** Reads what it skips. */
    @Override
    public long skip(long count) throws IOException {
        byte[] skipped = new byte[(int) Math.min(1 << 14, Math.max(0, count))];
        long left = count;
        while (left > 0) {
            int some = read(skipped, 0, (int) Math.min(skipped.length, left));
            if (some < 0) {
                break;
            }
            left -= some;
        }
        return count - left;
    }

    @Override
    public boolean markSupported() {
        return false;
    }

    private static LayerException wrong(Layer layer, String how) {
        return new LayerException(
                "the layer " + how, layer.blob().digest().toString(), "The image is damaged: build and push it anew.");
    }
}
