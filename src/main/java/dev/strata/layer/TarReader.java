package dev.strata.layer;

import dev.strata.image.BulkInput;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads a tar entry by entry: old (v7), ustar, GNU and pax with all their ways of long names, large numbers and sparse
 * files. It reads layers as Go's archive/tar does, which is what other tools read them with: links and directories have
 * no content whatever size they tell, global extended headers apply to nothing, and a missing end is an end. Memory is
 * bounded, whatever the tar says.
 */
final class TarReader {
    static final String MEND = "Make the archive anew; if it was downloaded, download it again.";
    private static final int BLOCK = TarHeader.BLOCK;
    /** Of a long name and of the extended records of one entry. */
    private static final int LARGEST_EXTENDED = 1 << 20;

    private static final long LARGEST_SIZE = 1L << 60;
    private static final int MOST_EXTENTS = 1 << 20;
    private static final long LARGEST_ID = 0xFFFFFFFEL; // The one above means "leave it" to chown.
    private static final long LARGEST_MAJOR = (1L << 12) - 1;
    private static final long LARGEST_MINOR = (1L << 20) - 1;

    private final InputStream in;
    private final Bounds.Count count;
    private final byte[] block = new byte[BLOCK];
    private final byte[] skipped = new byte[1 << 14];
    private long position;
    private long entryOffset;
    private long left;
    private long padding;
    private String current = "";

    /**
     * @param in the tar, uncompressed; not closed
     * @param bounds beyond which it is refused
     */
    TarReader(InputStream in, Bounds bounds) {
        this.in = new BufferedInputStream(in, 1 << 16);
        this.count = new Bounds.Count(bounds);
    }

    /**
     * The next entry; null at the end. What was not read of the content before it is skipped.
     *
     * @throws LayerException when the tar is damaged or breaks off
     */
    @Nullable
    TarEntry next() throws IOException {
        skip(left + padding);
        left = 0;
        padding = 0;
        PaxRecords records = new PaxRecords();
        String longName = null;
        String longLink = null;
        while (true) {
            entryOffset = position;
            TarHeader header = header();
            if (header == null) {
                return null;
            }
            count.entry(current);
            switch (header.type()) {
                case 'x' -> records = new PaxRecords(extended(header));
                case 'g' -> new PaxRecords(extended(header));
                case 'L' -> longName = withoutZeros(extended(header));
                case 'K' -> longLink = withoutZeros(extended(header));
                case 'V' -> extended(header); // GNU's label of the whole archive.
                default -> {
                    return entry(header, records, longName, longLink);
                }
            }
        }
    }

    /**
     * The bytes of the last entry that are in the tar: of a sparse file its extents one after the other. Good until the
     * next call of {@link #next}.
     */
    InputStream content() {
        return new Rest();
    }

    /** Reads on to the end of the stream, so that a digest over it is over all of it; what comes is not looked at. */
    void drain() throws IOException {
        for (int some = in.read(skipped); some >= 0; some = in.read(skipped)) {
            count.bytes(some, "");
            position += some;
        }
    }

    /** How many bytes of the tar were read; after {@link #drain} all that there are. */
    long position() {
        return position;
    }

    private @Nullable TarHeader header() throws IOException {
        if (!fill(true)) {
            return null;
        }
        if (!TarHeader.isEmpty(block)) {
            return new TarHeader(block, entryOffset);
        }
        if (fill(true) && !TarHeader.isEmpty(block)) {
            throw malformed("an entry follows what is the first half of the archive's end");
        }
        return null;
    }

    /** Reads one block; false when there is nothing more and that is allowed here. */
    private boolean fill(boolean mayEnd) throws IOException {
        int length = in.readNBytes(block, 0, BLOCK);
        position += length;
        if (length == BLOCK) {
            return true;
        }
        if (length == 0 && mayEnd) {
            return false;
        }
        throw brokenOff();
    }

    private byte[] extended(TarHeader header) throws IOException {
        long size = header.size();
        if (size < 0 || size > LARGEST_EXTENDED) {
            throw malformed("an extended header has " + size + " bytes; at most " + LARGEST_EXTENDED + " are allowed");
        }
        count.extended(size, current);
        byte[] bytes = in.readNBytes((int) size);
        position += bytes.length;
        if (bytes.length < size) {
            throw brokenOff();
        }
        skip(padding(size));
        return bytes;
    }

    private static String withoutZeros(byte[] bytes) {
        int end = 0;
        while (end < bytes.length && bytes[end] != 0) {
            end++;
        }
        return Names.text(bytes, 0, end);
    }

    private static long padding(long size) {
        return -size & (BLOCK - 1);
    }

    private TarEntry entry(TarHeader header, PaxRecords records, @Nullable String longName, @Nullable String longLink)
            throws IOException {
        String name = first(longName, records.text("GNU.sparse.name"), records.text("path"), header.name());
        current = name;
        String link = first(longLink, records.text("linkpath"), null, header.link());
        Metadata metadata = metadata(header, records);
        char type = header.type();
        return switch (type) {
            case '\0' -> name.endsWith("/") ? directory(name, metadata) : file(name, header, records, metadata);
            case '0', '7', 'S' -> file(name, header, records, metadata);
            case '1' -> new TarEntry.HardLink(name, metadata, link);
            case '2' -> present(name, new Node.SymbolicLink(metadata, link));
            case '3', '4' -> device(name, header, metadata);
            case '5' -> directory(name, metadata);
            case '6' -> present(name, new Node.Fifo(metadata));
            default ->
                throw malformed("an entry is of the type '" + Names.shown(String.valueOf(type))
                        + "', which no file system has");
        };
    }

    private static String first(@Nullable String one, @Nullable String two, @Nullable String three, String otherwise) {
        return Objects.requireNonNullElse(one != null ? one : two != null ? two : three, otherwise);
    }

    private TarEntry.Present present(String name, Node node) {
        return new TarEntry.Present(name, node, position, List.of());
    }

    private TarEntry directory(String name, Metadata metadata) {
        return present(name, new Node.Directory(metadata));
    }

    private TarEntry device(String name, TarHeader header, Metadata metadata) {
        long major = header.major();
        long minor = header.minor();
        if (major < 0 || major > LARGEST_MAJOR || minor < 0 || minor > LARGEST_MINOR) {
            throw malformed("a device has the numbers " + major + ", " + minor + ", which no device has");
        }
        return present(name, new Node.Device(metadata, header.type() == '4', major, minor));
    }

    private Metadata metadata(TarHeader header, PaxRecords records) {
        long uid = records.number("uid", header.uid());
        long gid = records.number("gid", header.gid());
        if (uid < 0 || uid > LARGEST_ID || gid < 0 || gid > LARGEST_ID) {
            throw malformed("the owner " + uid + ":" + gid + " is outside 0 to " + LARGEST_ID);
        }
        PaxRecords.Time time = records.time();
        return new Metadata(
                header.mode(),
                uid,
                gid,
                time == null ? header.seconds() : time.seconds(),
                time == null ? 0 : time.nanoseconds(),
                records.xattrs());
    }

    private TarEntry file(String name, TarHeader header, PaxRecords records, Metadata metadata) throws IOException {
        long size = records.number("size", header.size());
        if (size < 0 || size > LARGEST_SIZE) {
            throw malformed("the size " + size + " is negative or beyond all disks");
        }
        left = size;
        padding = padding(size);
        count.bytes(size, name);
        if (header.type() == 'S') {
            long realSize = header.realSize();
            return sparse(name, metadata, realSize, oldExtents(header));
        }
        if (records.isSparse()) {
            long realSize = records.number("GNU.sparse.realsize", records.number("GNU.sparse.size", 0));
            List<TarEntry.Extent> extents = records.isSparseMapInContent() ? extentsInContent() : records.extents();
            return sparse(name, metadata, realSize, extents);
        }
        return present(name, new Node.RegularFile(metadata, size, null));
    }

    private TarEntry sparse(String name, Metadata metadata, long size, List<TarEntry.Extent> extents) {
        long end = 0;
        long packed = 0;
        for (TarEntry.Extent extent : extents) {
            if (extent.offset() < end || extent.size() < 0 || extent.size() > size - extent.offset()) {
                throw malformed("the map of a sparse file is not in order or beyond its " + size + " bytes");
            }
            end = extent.offset() + extent.size();
            packed += extent.size();
        }
        count.bytes(size - packed, name);
        if (packed != left) {
            throw malformed("a sparse file holds " + left + " bytes where its map tells " + packed);
        }
        // A file that is one hole has an empty map, which must not be taken for a file without one.
        List<TarEntry.Extent> some = extents.isEmpty() ? List.of(new TarEntry.Extent(size, 0)) : extents;
        return new TarEntry.Present(name, new Node.RegularFile(metadata, size, null), position, some);
    }

    private List<TarEntry.Extent> oldExtents(TarHeader header) throws IOException {
        List<TarEntry.Extent> extents = new ArrayList<>(header.extents());
        boolean more = header.moreExtentsFollow();
        while (more) {
            long offset = position;
            fill(false);
            extents.addAll(TarHeader.extents(block, offset));
            checkCount(extents.size());
            more = TarHeader.moreExtentsFollow(block);
        }
        return extents;
    }

    /** Form 1.0: decimal numbers, each on a line, filled up to a block: their count, then offsets and sizes. */
    private List<TarEntry.Extent> extentsInContent() throws IOException {
        long before = left;
        long count = line();
        checkCount(count);
        List<TarEntry.Extent> extents = new ArrayList<>();
        for (long i = 0; i < count; i++) {
            extents.add(new TarEntry.Extent(line(), line()));
        }
        long rest = padding(before - left);
        if (rest > left) {
            throw malformed("the map of a sparse file breaks off");
        }
        skip(rest);
        left -= rest;
        return extents;
    }

    private void checkCount(long count) {
        if (count > MOST_EXTENTS) {
            throw malformed("a sparse file has more than " + MOST_EXTENTS + " parts");
        }
    }

    private long line() throws IOException {
        InputStream content = content();
        long value = 0;
        for (int digits = 0; digits <= 18; digits++) {
            int c = content.read();
            if (c == '\n' && digits > 0) {
                return value;
            }
            if (c < '0' || c > '9') {
                break;
            }
            value = value * 10 + (c - '0');
        }
        throw malformed("the map of a sparse file has a line that is no number");
    }

    /** Reads what it skips: streams that hash what is read are not told of what is skipped. */
    private void skip(long count) throws IOException {
        long wanted = count;
        while (wanted > 0) {
            int some = in.read(skipped, 0, (int) Math.min(skipped.length, wanted));
            if (some < 0) {
                throw brokenOff();
            }
            wanted -= some;
            position += some;
        }
    }

    private LayerException malformed(String what) {
        return new LayerException(what + " (the entry at byte " + entryOffset + ")", current, MEND);
    }

    private LayerException brokenOff() {
        return new LayerException("the tar breaks off after " + position + " bytes", current, MEND);
    }

    /** What is left of the current entry's content. */
    private final class Rest extends BulkInput {
        private final long entry = entryOffset;

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (entry != entryOffset) {
                throw new IllegalStateException("the content of an entry read after the next entry");
            }
            if (length == 0) {
                return 0;
            }
            if (left == 0) {
                return -1;
            }
            int count = in.read(bytes, offset, (int) Math.min(length, left));
            if (count < 0) {
                throw brokenOff();
            }
            left -= count;
            position += count;
            return count;
        }
    }
}
