package dev.strata.layer;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/**
 * Writes a tar in one form only: the same entries give the same bytes. Headers are POSIX ustar; what does not fit is in
 * extended records (pax) before the entry, whose values are raw bytes. Owners are numbers without names. Source: POSIX.1,
 * {@code pax}, and for {@code SCHILY.xattr.} what GNU tar, star and Go's archive/tar write.
 *
 * <p>The largest numbers of the fields are 7 octal digits for identities and 11 for sizes and times.
 */
final class TarWriter implements AutoCloseable {
    static final int BLOCK = 512;
    private static final long LARGEST_ID = 07777777L;
    private static final long LARGEST_NUMBER = 077777777777L;
    private static final int NAME = 100;
    private static final int PREFIX = 155;
    private static final byte[] ZEROS = new byte[BLOCK];
    private static final byte[] EXTENDED = Names.bytes("././@PaxHeader");

    private final OutputStream out;
    private final byte[] buffer = new byte[1 << 16];
    private long position;

    TarWriter(OutputStream out) {
        this.out = out;
    }

    /** Bytes written so far; after an entry's header, where its content begins. */
    long position() {
        return position;
    }

    void directory(String path, Metadata metadata) throws IOException {
        header((byte) '5', path.isEmpty() ? "./" : path + "/", "", metadata, 0, 0, 0);
    }

    /**
     * @param content exactly {@code size} bytes; not closed
     * @throws LayerException when there are less or more bytes: the file has changed
     */
    void file(String path, Metadata metadata, long size, InputStream content) throws IOException {
        fileHeader(path, metadata, size);
        content(path, size, content);
    }

    /** The content that belongs to the header just written. */
    void content(String path, long size, InputStream content) throws IOException {
        long left = size;
        boolean ended = false;
        while (!ended) {
            // One more than there should be: where that does not come, most files need not be asked again.
            int wanted = (int) Math.min(left + 1, buffer.length);
            int some = content.read(buffer, 0, wanted);
            if (some < 0 && left > 0) {
                throw changed(path, "ends after " + (size - left) + " of " + size + " bytes");
            }
            if (some > left) {
                throw changed(path, "has more than the " + size + " bytes it had when it was found");
            }
            if (some > 0) {
                out.write(buffer, 0, some);
                left -= some;
            }
            ended = left == 0 && some < wanted;
        }
        position += size;
        pad(size);
    }

    /** The header alone: for those who write the content some other way. */
    void fileHeader(String path, Metadata metadata, long size) throws IOException {
        header((byte) '0', path, "", metadata, size, 0, 0);
    }

    private static LayerException changed(String path, String how) {
        return new LayerException(
                "the file was changed while it was read: it " + how,
                path,
                "Let nothing write to the files while they are packed.");
    }

    /** @param target path of an entry written before */
    void hardLink(String path, Metadata metadata, String target) throws IOException {
        header((byte) '1', path, target, metadata, 0, 0, 0);
    }

    void symbolicLink(String path, Metadata metadata, String target) throws IOException {
        header((byte) '2', path, target, metadata, 0, 0, 0);
    }

    void device(String path, Metadata metadata, boolean block, long major, long minor) throws IOException {
        header((byte) (block ? '4' : '3'), path, "", metadata, 0, major, minor);
    }

    void fifo(String path, Metadata metadata) throws IOException {
        header((byte) '6', path, "", metadata, 0, 0, 0);
    }

    /** Ends the archive with its two empty blocks and closes what is below. */
    @Override
    public void close() throws IOException {
        try (out) {
            out.write(ZEROS);
            out.write(ZEROS);
            position += 2L * BLOCK;
        }
    }

    private void header(byte type, String path, String target, Metadata metadata, long size, long major, long minor)
            throws IOException {
        byte[] name = Names.bytes(path);
        byte[] link = Names.bytes(target);
        int split = split(name);
        byte[] records = records(name, split, link, metadata, size);
        if (records.length > 0) {
            byte[] extended = new byte[BLOCK];
            put(extended, 0, EXTENDED, 0, EXTENDED.length);
            fill(extended, (byte) 'x', 0644, 0, 0, records.length, 0);
            out.write(extended);
            out.write(records);
            position += BLOCK + records.length;
            pad(records.length);
        }
        byte[] header = new byte[BLOCK];
        if (split > 0) {
            put(header, 345, name, 0, split);
            put(header, 0, name, split + 1, name.length);
        } else {
            put(header, 0, name, 0, Math.min(name.length, NAME));
        }
        put(header, 157, link, 0, Math.min(link.length, NAME));
        octal(header, 329, 7, major);
        octal(header, 337, 7, minor);
        fill(
                header,
                type,
                metadata.mode(),
                fitting(metadata.uid(), LARGEST_ID),
                fitting(metadata.gid(), LARGEST_ID),
                fitting(size, LARGEST_NUMBER),
                fitting(metadata.seconds(), LARGEST_NUMBER));
        out.write(header);
        position += BLOCK;
    }

    private static void fill(byte[] header, byte type, int mode, long uid, long gid, long size, long seconds) {
        octal(header, 100, 7, mode);
        octal(header, 108, 7, uid);
        octal(header, 116, 7, gid);
        octal(header, 124, 11, size);
        octal(header, 136, 11, seconds);
        header[156] = type;
        put(header, 257, new byte[] {'u', 's', 't', 'a', 'r', 0, '0', '0'}, 0, 8);
        Arrays.fill(header, 148, 156, (byte) ' ');
        int sum = 0;
        for (byte b : header) {
            sum += b & 0xFF;
        }
        octal(header, 148, 6, sum);
        header[154] = 0;
    }

    /** Where a name too long for its field parts into prefix and name; 0 when it need not or cannot. */
    private static int split(byte[] name) {
        if (name.length <= NAME) {
            return 0;
        }
        // A slash that ends the name of a directory parts nothing.
        for (int i = Math.min(name.length - 2, PREFIX); i > 0 && name.length - i - 1 <= NAME; i--) {
            if (name[i] == '/') {
                return i;
            }
        }
        return 0;
    }

    private static byte[] records(byte[] name, int split, byte[] link, Metadata metadata, long size) {
        ByteArrayOutputStream records = new ByteArrayOutputStream(0);
        if (!fitsField(name, split)) {
            record(records, "path", name);
        }
        if (!fitsField(link, 0)) {
            record(records, "linkpath", link);
        }
        number(records, "uid", metadata.uid(), LARGEST_ID);
        number(records, "gid", metadata.gid(), LARGEST_ID);
        number(records, "size", size, LARGEST_NUMBER);
        if (metadata.nanoseconds() != 0 || fitting(metadata.seconds(), LARGEST_NUMBER) != metadata.seconds()) {
            record(records, "mtime", ascii(time(metadata.seconds(), metadata.nanoseconds())));
        }
        for (Map.Entry<String, Bytes> xattr : metadata.xattrs().entrySet()) {
            record(records, "SCHILY.xattr." + xattr.getKey(), xattr.getValue().toArray());
        }
        return records.toByteArray();
    }

    private static boolean fitsField(byte[] name, int split) {
        if (name.length > NAME && split == 0) {
            return false;
        }
        for (byte b : name) {
            if (b < 0) {
                return false;
            }
        }
        return true;
    }

    private static void number(ByteArrayOutputStream records, String key, long value, long largest) {
        if (fitting(value, largest) != value) {
            record(records, key, ascii(Long.toString(value)));
        }
    }

    private static long fitting(long value, long largest) {
        return value < 0 || value > largest ? 0 : value;
    }

    /** Decimal seconds; before 1970 the fraction counts away from zero, as in any decimal number. */
    private static String time(long seconds, int nanoseconds) {
        if (nanoseconds == 0) {
            return Long.toString(seconds);
        }
        boolean before = seconds < 0;
        long whole = before ? -(seconds + 1) : seconds;
        int fraction = before ? 1_000_000_000 - nanoseconds : nanoseconds;
        String digits = Integer.toString(1_000_000_000 + fraction);
        int end = digits.length();
        while (digits.charAt(end - 1) == '0') {
            end--;
        }
        return (before ? "-" : "") + whole + "." + digits.substring(1, end);
    }

    /** {@code "length key=value\n"}, where the length counts its own digits. */
    private static void record(ByteArrayOutputStream records, String key, byte[] value) {
        byte[] name = Names.bytes(key);
        int rest = 1 + name.length + 1 + value.length + 1;
        int length = rest + Integer.toString(rest).length();
        if (Integer.toString(length).length() > Integer.toString(rest).length()) {
            length++;
        }
        records.writeBytes(ascii(length + " "));
        records.writeBytes(name);
        records.write('=');
        records.writeBytes(value);
        records.write('\n');
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static void put(byte[] header, int at, byte[] bytes, int from, int to) {
        System.arraycopy(bytes, from, header, at, to - from);
    }

    private static void octal(byte[] header, int at, int digits, long value) {
        long left = value;
        for (int i = at + digits - 1; i >= at; i--) {
            header[i] = (byte) ('0' + (left & 7));
            left >>>= 3;
        }
    }

    /** Fills up the last block of content of that many bytes. */
    void pad(long size) throws IOException {
        int rest = (int) (size % BLOCK);
        if (rest > 0) {
            out.write(ZEROS, 0, BLOCK - rest);
            position += BLOCK - rest;
        }
    }
}
