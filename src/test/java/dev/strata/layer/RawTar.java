package dev.strata.layer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/** Tars written byte by byte, so that they can say what no proper tool would say. GNU's format. */
final class RawTar {
    static final int BLOCK = 512;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private String name = "";
    private String link = "";
    private int mode = 0644;
    private long uid;
    private long gid;
    private long seconds = 1_600_000_000;
    private long major;
    private long minor;

    RawTar named(String newName) {
        name = newName;
        link = "";
        mode = 0644;
        uid = 0;
        gid = 0;
        major = 0;
        minor = 0;
        return this;
    }

    RawTar linked(String target) {
        link = target;
        return this;
    }

    RawTar mode(int newMode) {
        mode = newMode;
        return this;
    }

    RawTar owner(long newUid, long newGid) {
        uid = newUid;
        gid = newGid;
        return this;
    }

    RawTar device(long newMajor, long newMinor) {
        major = newMajor;
        minor = newMinor;
        return this;
    }

    RawTar time(long newSeconds) {
        seconds = newSeconds;
        return this;
    }

    RawTar file(String newName, String content) {
        return named(newName).entry('0', content.getBytes(StandardCharsets.UTF_8));
    }

    RawTar directory(String newName) {
        return named(newName).mode(0755).entry('5', new byte[0]);
    }

    RawTar symbolicLink(String newName, String target) {
        return named(newName).linked(target).mode(0777).entry('2', new byte[0]);
    }

    RawTar hardLink(String newName, String target) {
        return named(newName).linked(target).entry('1', new byte[0]);
    }

    /** An entry of what was named, with long names before it where they are needed. */
    RawTar entry(char type, byte[] content) {
        return entry(type, content, content.length);
    }

    RawTar entry(char type, byte[] content, long declaredSize) {
        extended('L', name);
        extended('K', link);
        return bare(type, content, declaredSize);
    }

    /** As {@link #entry}, but without long names. */
    RawTar bare(char type, byte[] content, long declaredSize) {
        out.writeBytes(header(type, declaredSize));
        return padded(content);
    }

    /** Extended records (pax) for the next entry, or for all with the type {@code g}. */
    RawTar records(char type, Map<String, String> records) {
        StringBuilder text = new StringBuilder();
        records.forEach((key, value) -> {
            int rest = Names.bytes(key).length + Names.bytes(value).length + 3;
            int length = rest + 1;
            while (rest + Integer.toString(length).length() != length) {
                length++;
            }
            text.append(length)
                    .append(' ')
                    .append(key)
                    .append('=')
                    .append(value)
                    .append('\n');
        });
        String before = name;
        named("././@PaxHeader").bare(type, Names.bytes(text.toString()), Names.bytes(text.toString()).length);
        name = before;
        return this;
    }

    /** A file of GNU's old sparse format with one part. */
    RawTar oldSparse(String newName, long realSize, long offset, byte[] content) {
        named(newName);
        byte[] header = header('S', content.length);
        number(header, 386, 12, offset);
        number(header, 398, 12, content.length);
        number(header, 483, 12, realSize);
        sum(header);
        out.writeBytes(header);
        return padded(content);
    }

    RawTar raw(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    byte[] withoutEnd() {
        return out.toByteArray();
    }

    byte[] ended() {
        byte[] bytes = withoutEnd();
        return Arrays.copyOf(bytes, bytes.length + 2 * BLOCK);
    }

    private RawTar padded(byte[] content) {
        out.writeBytes(content);
        out.writeBytes(new byte[-content.length & (BLOCK - 1)]);
        return this;
    }

    private void extended(char type, String text) {
        byte[] bytes = Names.bytes(text);
        if (bytes.length > 100) {
            String name2 = name;
            name = "././@LongLink";
            String link2 = link;
            link = "";
            bare(type, bytes, bytes.length);
            name = name2;
            link = link2;
        }
    }

    private byte[] header(char type, long size) {
        byte[] header = new byte[BLOCK];
        put(header, 0, name);
        number(header, 100, 8, mode);
        number(header, 108, 8, uid);
        number(header, 116, 8, gid);
        number(header, 124, 12, size);
        number(header, 136, 12, seconds);
        header[156] = (byte) type;
        put(header, 157, link);
        put(header, 257, "ustar  ");
        number(header, 329, 8, major);
        number(header, 337, 8, minor);
        sum(header);
        return header;
    }

    private static void put(byte[] header, int at, String text) {
        byte[] bytes = Names.bytes(text);
        System.arraycopy(bytes, 0, header, at, Math.min(100, bytes.length));
    }

    /** Octal, or to the base of 256 where that does not fit. */
    private static void number(byte[] header, int at, int length, long value) {
        boolean fits = value >= 0 && value < 1L << (3 * (length - 1));
        long left = value;
        for (int i = at + length - (fits ? 2 : 1); i >= at; i--) {
            header[i] = fits ? (byte) ('0' + (left & 7)) : (byte) left;
            left >>= fits ? 3 : 8;
        }
        if (!fits) {
            header[at] = (byte) (value < 0 ? 0xFF : 0x80);
        }
    }

    private static void sum(byte[] header) {
        Arrays.fill(header, 148, 156, (byte) ' ');
        int sum = 0;
        for (byte b : header) {
            sum += b & 0xFF;
        }
        number(header, 148, 7, sum);
        header[155] = ' ';
    }
}
