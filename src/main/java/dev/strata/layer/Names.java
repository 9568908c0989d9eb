package dev.strata.layer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;

/**
 * Names of files as the bytes they are and as the text that {@link Tree} has: UTF-8, where each byte that is not part
 * of valid UTF-8 stands as one of the surrogates U+DC80 to U+DCFF.
 */
public final class Names {
    /** The order of the names' bytes, which is the order of entries in a layer. */
    public static final Comparator<String> ORDER = Names::compare;

    private Names() {}

    /** The bytes a name has on disk and in a tar. */
    public static byte[] bytes(String name) {
        int length = name.length();
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            char c = name.charAt(i);
            if (c >= 0x80) {
                return bytesBeyondAscii(name);
            }
            bytes[i] = (byte) c;
        }
        return bytes;
    }

    private static byte[] bytesBeyondAscii(String name) {
        byte[] bytes = new byte[name.length() * 3];
        int end = 0;
        for (int i = 0; i < name.length(); ) {
            int c = name.codePointAt(i);
            i += Character.charCount(c);
            if (c >= 0xDC80 && c <= 0xDCFF) {
                bytes[end++] = (byte) (c - 0xDC00);
            } else if (c < 0x80) {
                bytes[end++] = (byte) c;
            } else if (c >= 0xD800 && c <= 0xDFFF) {
                throw new IllegalArgumentException("name holds half of a surrogate pair: " + shown(name));
            } else {
                byte[] encoded = Character.toString(c).getBytes(StandardCharsets.UTF_8);
                System.arraycopy(encoded, 0, bytes, end, encoded.length);
                end += encoded.length;
            }
        }
        return Arrays.copyOf(bytes, end);
    }

    /** The text of a name's bytes; {@link #bytes} is its inverse for any bytes. */
    public static String text(byte[] bytes) {
        return text(bytes, 0, bytes.length);
    }

    static String text(byte[] bytes, int from, int to) {
        String text = new String(bytes, from, to - from, StandardCharsets.UTF_8);
        return text.indexOf('\uFFFD') < 0 ? text : escaped(bytes, from, to);
    }

    private static String escaped(byte[] bytes, int from, int to) {
        StringBuilder text = new StringBuilder(to - from);
        for (int i = from; i < to; ) {
            int length = Math.min(sequenceLength(bytes[i]), to - i);
            String one = new String(bytes, i, length, StandardCharsets.UTF_8);
            boolean valid = one.codePointCount(0, one.length()) == 1
                    && Arrays.equals(one.getBytes(StandardCharsets.UTF_8), Arrays.copyOfRange(bytes, i, i + length));
            if (valid) {
                text.append(one);
                i += length;
            } else {
                text.append((char) (0xDC00 + (bytes[i] & 0xFF)));
                i++;
            }
        }
        return text.toString();
    }

    private static int sequenceLength(byte first) {
        int bits = first & 0xFF;
        return bits < 0xC0 ? 1 : bits < 0xE0 ? 2 : bits < 0xF0 ? 3 : 4;
    }

    /** A name fit for a message: what is not text or would disturb a terminal is shown as {@code \xNN}. */
    static String shown(String name) {
        StringBuilder text = new StringBuilder(name.length());
        name.codePoints().forEach(c -> {
            if (c < 0x20 || c == 0x7F || (c >= 0xDC80 && c <= 0xDCFF)) {
                text.append(String.format("\\x%02x", c & 0xFF));
            } else {
                text.appendCodePoint(c);
            }
        });
        return text.toString();
    }

    private static int compare(String one, String other) {
        int end = Math.min(one.length(), other.length());
        for (int i = 0; i < end; i++) {
            char a = one.charAt(i);
            char b = other.charAt(i);
            if (a != b) {
                // UTF-8 keeps the order of code points; only surrogates, paired or escaping, stand elsewhere in Java.
                return a < 0xD800 && b < 0xD800
                        ? Character.compare(a, b)
                        : Arrays.compareUnsigned(bytes(one), bytes(other));
            }
        }
        return Integer.compare(one.length(), other.length());
    }
}
