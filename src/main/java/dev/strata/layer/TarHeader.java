package dev.strata.layer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One block of a tar that describes an entry: old (v7), POSIX ustar, star or GNU. Source: POSIX.1 {@code pax}, "ustar
 * Interchange Format"; GNU tar manual, "Basic Tar Format"; and Go's archive/tar, which is what reads the layers elsewhere.
 */
final class TarHeader {
    static final int BLOCK = TarWriter.BLOCK;
    private static final int EXTENTS = 386;
    private static final int EXTENT = 24;

    private final byte[] block;
    private final long offset;

    /** @param offset where in the tar the block stands, for messages */
    TarHeader(byte[] block, long offset) {
        this.block = block.clone();
        this.offset = offset;
        if (!checksumIsRight()) {
            throw malformed(
                    isText("ustar", 257)
                            ? "the checksum of an entry is wrong: the tar is damaged"
                            : "this is no tar, or a damaged one");
        }
    }

    static boolean isEmpty(byte[] block) {
        for (byte b : block) {
            if (b != 0) {
                return false;
            }
        }
        return true;
    }

    char type() {
        return (char) (block[156] & 0xFF);
    }

    String name() {
        String name = text(0, 100);
        String prefix = prefix();
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    private String prefix() {
        if (!isText("ustar\0", 257)) {
            return "";
        }
        return isText("tar\0", 508) ? text(345, 131) : text(345, 155);
    }

    String link() {
        return text(157, 100);
    }

    int mode() {
        return (int) (number(100, 8, "mode") & 07777);
    }

    long uid() {
        return number(108, 8, "user");
    }

    long gid() {
        return number(116, 8, "group");
    }

    long size() {
        return number(124, 12, "size");
    }

    long seconds() {
        return number(136, 12, "time");
    }

    long major() {
        return hasDevice() ? number(329, 8, "device number") : 0;
    }

    long minor() {
        return hasDevice() ? number(337, 8, "device number") : 0;
    }

    private boolean hasDevice() {
        return isText("ustar", 257);
    }

    /** Of GNU's old sparse files: how large the file is when the holes are in it. */
    long realSize() {
        return number(483, 12, "size");
    }

    /** Of GNU's old sparse files: the first four parts. */
    List<TarEntry.Extent> extents() {
        return extents(EXTENTS, 4);
    }

    boolean moreExtentsFollow() {
        return block[482] != 0;
    }

    private List<TarEntry.Extent> extents(int start, int count) {
        List<TarEntry.Extent> extents = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int at = start + i * EXTENT;
            if (block[at] == 0) {
                break;
            }
            extents.add(new TarEntry.Extent(number(at, 12, "sparse map"), number(at + 12, 12, "sparse map")));
        }
        return extents;
    }

    /** A block after a header with {@link #moreExtentsFollow}: it has 21 parts and at 504 whether one more follows. */
    static List<TarEntry.Extent> extents(byte[] block, long offset) {
        return new TarHeader(offset, block).extents(0, 21);
    }

    static boolean moreExtentsFollow(byte[] block) {
        return block[504] != 0;
    }

    private TarHeader(long offset, byte[] block) {
        this.block = block;
        this.offset = offset;
    }

    private boolean checksumIsRight() {
        long unsigned = 0;
        long signed = 0; // What some old tars have.
        for (int i = 0; i < BLOCK; i++) {
            byte b = i >= 148 && i < 156 ? (byte) ' ' : block[i];
            unsigned += b & 0xFF;
            signed += b;
        }
        long said;
        try {
            said = number(148, 8, "checksum");
        } catch (LayerException e) {
            return false;
        }
        return said == unsigned || said == signed;
    }

    private boolean isText(String text, int at) {
        byte[] bytes = Names.bytes(text);
        return Arrays.equals(block, at, at + bytes.length, bytes, 0, bytes.length);
    }

    private String text(int at, int length) {
        int end = at;
        while (end < at + length && block[end] != 0) {
            end++;
        }
        return Names.text(block, at, end);
    }

    /** Octal digits between blanks and zero bytes, or a number to the base of 256 where the first bit is set. */
    private long number(int at, int length, String what) {
        if ((block[at] & 0x80) != 0) {
            return binary(at, length, what);
        }
        int from = at;
        int to = at + length;
        while (from < to && isBlank(block[from])) {
            from++;
        }
        while (to > from && isBlank(block[to - 1])) {
            to--;
        }
        long value = 0;
        for (int i = from; i < to && block[i] != 0; i++) {
            int digit = block[i] - '0';
            if (digit < 0 || digit > 7) {
                throw malformed("the " + what + " of an entry is no number");
            }
            value = value << 3 | digit;
        }
        return value;
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == 0;
    }

    private long binary(int at, int length, String what) {
        boolean negative = (block[at] & 0x40) != 0;
        long value = negative ? -1 : 0;
        for (int i = 0; i < length; i++) {
            int digit = block[at + i] & 0xFF;
            if (i == 0) {
                digit = negative ? digit | 0x80 : digit & 0x7F;
            }
            long shifted = value << 8 | digit;
            if (shifted >> 8 != value) {
                throw malformed("the " + what + " of an entry is beyond all measure");
            }
            value = shifted;
        }
        return value;
    }

    private LayerException malformed(String what) {
        return new LayerException(what + " (the entry at byte " + offset + ")", "", TarReader.MEND);
    }
}
