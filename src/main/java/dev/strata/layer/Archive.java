package dev.strata.layer;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import dev.strata.image.Digest;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * Archives as {@code ADD} unpacks them: tars, plain or compressed by gzip, bzip2, xz or zstd, told by their content and
 * never by their name. Zip is none of them. Source: Dockerfile reference, "Adding local tar archives".
 */
public final class Archive {
    private static final int BUFFER = 1 << 16;
    /** Twice what {@code xz -9} needs, in KiB. */
    private static final int XZ_MEMORY = 131_072;

    private static final byte[] GZIP = {0x1F, (byte) 0x8B, 8};
    private static final byte[] BZIP2 = {'B', 'Z', 'h'};
    private static final byte[] XZ = {(byte) 0xFD, '7', 'z', 'X', 'Z', 0};
    private static final byte[] ZSTD = {0x28, (byte) 0xB5, 0x2F, (byte) 0xFD};

    /** To see what a file is, its first entry is enough, whatever its size. */
    private static final Bounds FIRST = new Bounds(Long.MAX_VALUE, 1000);

    private Archive() {}

    /**
     * Whether a file is such an archive: it begins with an entry that can be read. An empty archive is a file.
     *
     * @param file read a little of, and closed
     */
    public static boolean isArchive(InputStream file) {
        try (InputStream tar = decompress(file)) {
            return new TarReader(tar, FIRST).next() != null;
        } catch (LayerException | IOException e) {
            // Compressed or not, it is something else; who copies it will meet trouble of the disk again.
            return false;
        }
    }

    /**
     * The files of an archive, none of them unpacked: names are cleaned, links lead nowhere outside, whiteouts are files
     * as all others. Entries come as they would lie after unpacking one after the other into an empty folder. Nothing is
     * told of that folder itself, whatever the archive says of it.
     *
     * @param file an archive; closed
     * @param folder where the archive's tar will lie, for as long as the tree is used
     * @param bounds of what comes out of it
     * @throws LayerException when the archive is damaged or too much
     */
    public static LayerTree open(InputStream file, Path folder, Bounds bounds) throws IOException {
        Files.createDirectories(folder);
        Path partial = Files.createTempFile(folder, "archive", ".partial");
        try (InputStream tar = decompress(file)) {
            LayerIndex index = spool(new TarReader(tar, bounds), partial);
            Files.move(
                    partial,
                    folder.resolve(SpooledTars.fileName(index.diffId())),
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
            return new LayerTree(List.of(index), Archive::gone, folder);
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    private static InputStream gone(Digest digest) throws IOException {
        throw new NoSuchFileException(SpooledTars.fileName(digest), null, "the tar of an archive was removed");
    }

    /** Writes the contents anew, since what is sparse or compressed cannot be read from the middle. */
    private static LayerIndex spool(TarReader reader, Path target) throws IOException {
        List<LayerIndex.Entry> entries = new ArrayList<>();
        MessageDigest hash = Digest.sha256();
        try (OutputStream raw = Files.newOutputStream(target);
                OutputStream out = new BufferedOutputStream(new DigestOutputStream(raw, hash), BUFFER);
                TarWriter tar = new TarWriter(out)) {
            for (TarEntry entry = reader.next(); entry != null; entry = reader.next()) {
                if (!TreePath.clean(entry.name()).isEmpty()) {
                    entries.add(spool(entry, reader, tar));
                }
            }
        }
        return new LayerIndex(Digest.of(hash), Files.size(target), entries, Collections.emptySortedMap());
    }

    private static LayerIndex.Entry spool(TarEntry entry, TarReader reader, TarWriter tar) throws IOException {
        String path = TreePath.clean(entry.name());
        LayerIndex.Entry indexed = LayerIndexing.entry(path, entry);
        if (indexed instanceof LayerIndex.Entry.Present present && present.node() instanceof Node.RegularFile regular) {
            tar.fileHeader(path, regular.metadata(), regular.size());
            long offset = tar.position();
            tar.content(
                    path,
                    regular.size(),
                    present.extents().isEmpty()
                            ? reader.content()
                            : new Sparse(reader.content(), present.extents(), regular.size()));
            return new LayerIndex.Entry.Present(path, regular, offset, List.of());
        }
        return indexed;
    }

    /** The tar itself, uncompressed by what its first bytes say; to be closed, which closes the file. */
    public static InputStream decompress(InputStream file) throws IOException {
        BufferedInputStream in = new BufferedInputStream(file, BUFFER);
        in.mark(XZ.length);
        byte[] magic = in.readNBytes(XZ.length);
        in.reset();
        if (begins(magic, GZIP)) {
            return new GzipInput(in, in.available());
        }
        if (begins(magic, BZIP2)) {
            return new BZip2CompressorInputStream(in, true);
        }
        if (begins(magic, XZ)) {
            return new XZInputStream(in, XZ_MEMORY);
        }
        return begins(magic, ZSTD) ? new ZstdInputStreamNoFinalizer(in) : in;
    }

    private static boolean begins(byte[] content, byte[] magic) {
        return java.util.Arrays.mismatch(content, magic) == -1
                || java.util.Arrays.mismatch(content, magic) == magic.length;
    }
}
