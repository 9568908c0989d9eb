package dev.strata.layer;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The extended records (pax) before an entry: {@code "length key=value\n"}, values as the bytes they are. Records whose
 * key is not known here are left out, as POSIX asks. Source: POSIX.1 {@code pax}, "pax Extended Header"; GNU tar manual,
 * "Storing Sparse Files".
 */
final class PaxRecords {
    private static final String XATTR = "SCHILY.xattr.";
    /** The forms 0.0 and 0.1 of sparse maps: pairs of offset and size. */
    private final List<TarEntry.Extent> extents = new ArrayList<>();

    private final SortedMap<String, byte[]> values = new TreeMap<>();
    private final SortedMap<String, Bytes> xattrs = new TreeMap<>();
    private long extentOffset = -1;

    PaxRecords() {}

    PaxRecords(byte[] text) {
        int at = 0;
        while (at < text.length) {
            int end = at + length(text, at);
            int key = at;
            while (text[key] != ' ') {
                key++;
            }
            key++;
            int equals = key;
            while (equals < end && text[equals] != '=') {
                equals++;
            }
            if (equals >= end || equals == key || text[end - 1] != '\n') {
                throw malformed("has a record that is no \"length key=value\"");
            }
            byte[] value = java.util.Arrays.copyOfRange(text, equals + 1, end - 1);
            add(Names.text(text, key, equals), value);
            at = end;
        }
    }

    private static int length(byte[] text, int at) {
        long length = 0;
        int i = at;
        while (i < text.length && text[i] >= '0' && text[i] <= '9' && length <= text.length) {
            length = length * 10 + (text[i] - '0');
            i++;
        }
        if (i == at || i >= text.length || text[i] != ' ' || length <= i - at + 1 || length > text.length - at) {
            throw malformed("has a record whose length is wrong");
        }
        return (int) length;
    }

    private void add(String key, byte[] value) {
        if (key.startsWith(XATTR)) {
            xattr(key.substring(XATTR.length()), value);
            return;
        }
        switch (key) {
            case "GNU.sparse.offset" -> extentOffset = decimal(key, value);
            case "GNU.sparse.numbytes" -> extents.add(new TarEntry.Extent(extentOffset, decimal(key, value)));
            case "GNU.sparse.map" -> map(value);
            case "path", "linkpath", "GNU.sparse.name" -> {
                for (byte b : value) {
                    if (b == 0) {
                        throw malformed("has a name with a zero byte");
                    }
                }
                put(key, value);
            }
            case "size",
                    "uid",
                    "gid",
                    "mtime",
                    "GNU.sparse.size",
                    "GNU.sparse.realsize",
                    "GNU.sparse.major",
                    "GNU.sparse.minor" -> put(key, value);
            default -> {} // Comments, times of access, names of owners and what else there may be.
        }
    }

    /** An empty value takes back what an earlier record said. */
    private void put(String key, byte[] value) {
        if (value.length == 0) {
            values.remove(key);
        } else {
            values.put(key, value);
        }
    }

    private void xattr(String name, byte[] value) {
        if (name.isEmpty() || name.indexOf('\0') >= 0) {
            throw malformed("has an extended attribute without a proper name");
        }
        xattrs.put(name, new Bytes(value));
    }

    private void map(byte[] value) {
        if (value.length == 0) {
            return;
        }
        String[] numbers = Names.text(value).split(",", -1);
        if (numbers.length % 2 != 0) {
            throw malformed("has a sparse map that is no list of pairs");
        }
        for (int i = 0; i < numbers.length; i += 2) {
            extents.add(new TarEntry.Extent(
                    decimal("GNU.sparse.map", Names.bytes(numbers[i])),
                    decimal("GNU.sparse.map", Names.bytes(numbers[i + 1]))));
        }
    }

    SortedMap<String, Bytes> xattrs() {
        return Collections.unmodifiableSortedMap(xattrs);
    }

    List<TarEntry.Extent> extents() {
        return Collections.unmodifiableList(extents);
    }

    /** Whether the entry is a sparse file, in whatever form. */
    boolean isSparse() {
        return values.containsKey("GNU.sparse.size") || isSparseMapInContent();
    }

    /** Form 1.0: the map is at the beginning of the content. */
    boolean isSparseMapInContent() {
        return values.containsKey("GNU.sparse.major") && number("GNU.sparse.major", 0) == 1;
    }

    @Nullable
    String text(String key) {
        byte[] value = values.get(key);
        return value == null ? null : Names.text(value);
    }

    long number(String key, long otherwise) {
        byte[] value = values.get(key);
        return value == null ? otherwise : decimal(key, value);
    }

    /** Null where there is no time. */
    @Nullable
    Time time() {
        byte[] value = values.get("mtime");
        return value == null ? null : time(Names.text(value));
    }

    /** @param nanoseconds from 0, counted forward from the seconds, also before 1970 */
    record Time(long seconds, int nanoseconds) {}

    private static Time time(String text) {
        boolean negative = text.startsWith("-");
        int point = text.indexOf('.');
        String whole = text.substring(negative ? 1 : 0, point < 0 ? text.length() : point);
        String fraction = point < 0 ? "" : text.substring(point + 1);
        long seconds = digits("mtime", whole);
        if (!fraction.isEmpty()) {
            digits("mtime", fraction.substring(0, Math.min(18, fraction.length())));
        }
        int nanoseconds = Integer.parseInt((fraction + "000000000").substring(0, 9));
        if (!negative) {
            return new Time(seconds, nanoseconds);
        }
        return nanoseconds == 0 ? new Time(-seconds, 0) : new Time(-seconds - 1, 1_000_000_000 - nanoseconds);
    }

    private static long decimal(String key, byte[] value) {
        return digits(key, Names.text(value));
    }

    private static long digits(String key, String text) {
        if (text.isEmpty() || text.length() > 18) {
            throw malformed("has a " + key + " that is no number or too large");
        }
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                throw malformed("has a " + key + " that is no number: \"" + Names.shown(text) + "\"");
            }
        }
        return Long.parseLong(text);
    }

    private static LayerException malformed(String what) {
        return new LayerException("an extended header of the tar " + what, "", TarReader.MEND);
    }
}
