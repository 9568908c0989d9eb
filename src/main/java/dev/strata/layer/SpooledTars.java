package dev.strata.layer;

import dev.strata.image.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.Map;

/** Tars of layers in a folder, uncompressed so that any place in them can be read; fetched once, when first needed. */
final class SpooledTars implements AutoCloseable {
    private static final int BUFFER = 1 << 16;

    private final LayerTree.Opener opener;
    private final Path folder;
    private final Map<Digest, FileChannel> open = new HashMap<>();

    SpooledTars(LayerTree.Opener opener, Path folder) {
        this.opener = opener;
        this.folder = folder;
    }

    static String fileName(Digest diffId) {
        return diffId.hex() + ".tar";
    }

    InputStream open(LayerIndex layer, long offset, long size) throws IOException {
        return new Slice(channel(layer), offset, size);
    }

    /** Two who want the same tar at the same time: the second waits for the first. */
    private synchronized FileChannel channel(LayerIndex layer) throws IOException {
        FileChannel channel = open.get(layer.diffId());
        if (channel == null) {
            Path file = folder.resolve(fileName(layer.diffId()));
            if (!Files.exists(file)) {
                spool(layer, file);
            }
            channel = FileChannel.open(file);
            open.put(layer.diffId(), channel);
        }
        return channel;
    }

    private void spool(LayerIndex layer, Path file) throws IOException {
        Files.createDirectories(folder);
        Path partial = Files.createTempFile(folder, "layer", ".partial");
        try {
            MessageDigest hash = layer.diffId().verifier();
            // Not truncated, empty as it is: ext4 would write all of a file that was to the disk when it is closed.
            try (InputStream blob = opener.open(layer.diffId());
                    InputStream tar = new DigestInputStream(Compression.decompress(blob), hash);
                    var out = Files.newOutputStream(partial, StandardOpenOption.WRITE)) {
                copy(tar, out, layer.tarSize());
            }
            if (!layer.diffId().matches(hash)) {
                throw new LayerException(
                        "the layer's tar is not what its diff ID says",
                        layer.diffId().toString(),
                        "The image is damaged where it is kept, or was made wrongly; push it again.");
            }
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    /** What has more bytes than its index tells is not the tar, and may have no end. */
    private static void copy(InputStream tar, OutputStream out, long size) throws IOException {
        byte[] buffer = new byte[BUFFER];
        long left = size + 1;
        while (left > 0) {
            int count = tar.read(buffer, 0, (int) Math.min(left, buffer.length));
            if (count < 0) {
                return;
            }
            out.write(buffer, 0, count);
            left -= count;
        }
    }

    @Override
    public synchronized void close() throws IOException {
        for (FileChannel channel : open.values()) {
            channel.close();
        }
        open.clear();
    }
}
