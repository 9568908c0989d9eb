package dev.strata.layer;

import dev.strata.image.Digest;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * The form of a {@link LayerIndex} on disk: a line of magic, then deflated fields one after the other, numbers big-endian,
 * texts and bytes after their length. It is a cache: another version, or damage, counts as absent.
 */
final class LayerIndexFile {
    private static final byte[] MAGIC = Names.bytes("strata layer index 1\n");
    private static final int LARGEST_TEXT = 1 << 20;
    private static final int BUFFER = 1 << 14;

    private LayerIndexFile() {}

    static void save(LayerIndex index, Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        Path partial = Files.createTempFile(folder, "index", ".partial");
        try {
            Deflater fast = new Deflater(Deflater.BEST_SPEED);
            try (var raw = Files.newOutputStream(partial)) {
                raw.write(MAGIC);
                try (var out =
                        new DataOutputStream(new BufferedOutputStream(new DeflaterOutputStream(raw, fast, BUFFER)))) {
                    write(index, out);
                }
            } finally {
                fast.end();
            }
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    static @Nullable LayerIndex load(Path file) throws IOException {
        try (var raw = new BufferedInputStream(Files.newInputStream(file), BUFFER)) {
            if (!java.util.Arrays.equals(raw.readNBytes(MAGIC.length), MAGIC)) {
                return null;
            }
            Inflater inflater = new Inflater();
            try (var in = new DataInputStream(
                    new BufferedInputStream(new InflaterInputStream(raw, inflater, BUFFER), BUFFER))) {
                return read(in);
            } finally {
                inflater.end();
            }
        } catch (NoSuchFileException | EOFException | ZipException | Damaged e) {
            return null;
        }
    }

    private static final class Damaged extends RuntimeException {}

    private static void write(LayerIndex index, DataOutputStream out) throws IOException {
        text(out, index.diffId().toString());
        out.writeLong(index.tarSize());
        out.writeInt(index.entries().size());
        for (LayerIndex.Entry entry : index.entries()) {
            write(entry, out);
        }
        bytes(out, index.kept());
    }

    private static LayerIndex read(DataInputStream in) throws IOException {
        try {
            Digest diffId = Digest.parse(text(in));
            long tarSize = in.readLong();
            int count = in.readInt();
            List<LayerIndex.Entry> entries = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                entries.add(entry(in));
            }
            return new LayerIndex(diffId, tarSize, entries, bytes(in));
        } catch (IllegalArgumentException e) {
            throw new Damaged();
        }
    }

    private static void write(LayerIndex.Entry entry, DataOutputStream out) throws IOException {
        switch (entry) {
            case LayerIndex.Entry.Present present -> {
                out.writeByte(letter(present.node()));
                text(out, present.path());
                write(present.node().metadata(), out);
                writeRest(present, out);
            }
            case LayerIndex.Entry.HardLink(String path, Metadata metadata, String target) -> {
                out.writeByte('h');
                text(out, path);
                write(metadata, out);
                text(out, target);
            }
            case LayerIndex.Entry.Whiteout(String path) -> {
                out.writeByte('w');
                text(out, path);
            }
            case LayerIndex.Entry.Opaque(String path) -> {
                out.writeByte('o');
                text(out, path);
            }
        }
    }

    private static char letter(Node node) {
        return switch (node) {
            case Node.Directory directory -> 'd';
            case Node.RegularFile file -> 'f';
            case Node.SymbolicLink link -> 'l';
            case Node.Device device -> device.block() ? 'b' : 'c';
            case Node.Fifo fifo -> 'p';
        };
    }

    private static void writeRest(LayerIndex.Entry.Present present, DataOutputStream out) throws IOException {
        switch (present.node()) {
            case Node.RegularFile file -> {
                out.writeLong(file.size());
                String link = file.link();
                out.writeBoolean(link != null);
                if (link != null) {
                    text(out, link);
                }
                out.writeLong(present.offset());
                out.writeInt(present.extents().size());
                for (TarEntry.Extent extent : present.extents()) {
                    out.writeLong(extent.offset());
                    out.writeLong(extent.size());
                }
            }
            case Node.SymbolicLink link -> text(out, link.target());
            case Node.Device device -> {
                out.writeLong(device.major());
                out.writeLong(device.minor());
            }
            case Node.Directory directory -> {}
            case Node.Fifo fifo -> {}
        }
    }

    private static LayerIndex.Entry entry(DataInputStream in) throws IOException {
        int letter = in.readByte();
        String path = text(in);
        return switch (letter) {
            case 'w' -> new LayerIndex.Entry.Whiteout(path);
            case 'o' -> new LayerIndex.Entry.Opaque(path);
            case 'h' -> new LayerIndex.Entry.HardLink(path, metadata(in), text(in));
            case 'f' -> {
                Metadata metadata = metadata(in);
                long size = in.readLong();
                String link = in.readBoolean() ? text(in) : null;
                Node file = new Node.RegularFile(metadata, size, link);
                yield new LayerIndex.Entry.Present(path, file, in.readLong(), extents(in));
            }
            case 'd' -> new LayerIndex.Entry.Present(path, new Node.Directory(metadata(in)), 0);
            case 'l' -> new LayerIndex.Entry.Present(path, new Node.SymbolicLink(metadata(in), text(in)), 0);
            case 'b', 'c' ->
                new LayerIndex.Entry.Present(
                        path, new Node.Device(metadata(in), letter == 'b', in.readLong(), in.readLong()), 0);
            case 'p' -> new LayerIndex.Entry.Present(path, new Node.Fifo(metadata(in)), 0);
            default -> throw new Damaged();
        };
    }

    private static List<TarEntry.Extent> extents(DataInputStream in) throws IOException {
        int count = in.readInt();
        List<TarEntry.Extent> extents = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            extents.add(new TarEntry.Extent(in.readLong(), in.readLong()));
        }
        return extents;
    }

    private static void write(Metadata metadata, DataOutputStream out) throws IOException {
        out.writeShort(metadata.mode());
        out.writeLong(metadata.uid());
        out.writeLong(metadata.gid());
        out.writeLong(metadata.seconds());
        out.writeInt(metadata.nanoseconds());
        bytes(out, metadata.xattrs());
    }

    private static Metadata metadata(DataInputStream in) throws IOException {
        return new Metadata(
                in.readUnsignedShort(), in.readLong(), in.readLong(), in.readLong(), in.readInt(), bytes(in));
    }

    private static void bytes(DataOutputStream out, SortedMap<String, Bytes> values) throws IOException {
        out.writeShort(values.size());
        for (Map.Entry<String, Bytes> value : values.entrySet()) {
            text(out, value.getKey());
            byte[] bytes = value.getValue().toArray();
            out.writeInt(bytes.length);
            out.write(bytes);
        }
    }

    private static SortedMap<String, Bytes> bytes(DataInputStream in) throws IOException {
        int count = in.readUnsignedShort();
        if (count == 0) {
            return Collections.emptySortedMap();
        }
        SortedMap<String, Bytes> values = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            values.put(text(in), new Bytes(some(in, LayerIndex.LARGEST_KEPT)));
        }
        return values;
    }

    private static void text(DataOutputStream out, String text) throws IOException {
        byte[] bytes = Names.bytes(text);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static String text(DataInputStream in) throws IOException {
        return Names.text(some(in, LARGEST_TEXT));
    }

    private static byte[] some(DataInputStream in, int largest) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > largest) {
            throw new Damaged();
        }
        byte[] bytes = new byte[length];
        in.readFully(bytes);
        return bytes;
    }
}
