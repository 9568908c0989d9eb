package dev.strata.sandbox;

import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Layer;
import dev.strata.image.MediaTypes;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/** Layers made for tests, and how often each was read. */
final class Tars implements TarSource {
    private final Map<Layer, byte[]> tars = new ConcurrentHashMap<>();
    final AtomicInteger opened = new AtomicInteger();

    /** Writes entries in the order of its calls. */
    static final class Entries {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes, "UTF-8");

        Entries folder(String name, int mode) {
            return add(name + "/", TarConstants.LF_DIR, mode, "", "");
        }

        Entries file(String name, String text) {
            return add(name, TarConstants.LF_NORMAL, 0644, text, "");
        }

        Entries link(String name, String target) {
            return add(name, TarConstants.LF_SYMLINK, 0777, "", target);
        }

        private Entries add(String name, byte type, int mode, String text, String target) {
            byte[] content = text.getBytes(StandardCharsets.UTF_8);
            TarArchiveEntry entry = new TarArchiveEntry(name, type);
            entry.setMode(mode);
            entry.setModTime(1_700_000_000_000L);
            entry.setLinkName(target);
            entry.setSize(content.length);
            try {
                tar.putArchiveEntry(entry);
                tar.write(content);
                tar.closeArchiveEntry();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return this;
        }

        byte[] bytes() throws IOException {
            tar.close();
            return bytes.toByteArray();
        }
    }

    Layer layer(Entries entries) throws IOException {
        return layer(entries.bytes());
    }

    Layer layer(byte[] tar) {
        Layer layer = named(tar);
        tars.put(layer, tar);
        return layer;
    }

    static Layer named(byte[] tar) {
        Digest digest = Digest.sha256(tar);
        return new Layer(new Descriptor(MediaTypes.LAYER_TAR, digest, tar.length), digest);
    }

    @Override
    public InputStream openTar(Layer layer) throws IOException {
        opened.incrementAndGet();
        byte[] tar = tars.get(layer);
        if (tar == null) {
            throw new FileNotFoundException("no such layer: " + layer.diffId());
        }
        return new ByteArrayInputStream(tar);
    }
}
