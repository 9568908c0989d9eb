package dev.strata.layer;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Between {@link Path} and the names of {@link Names}, byte for byte. A Path shows its bytes as text by the JVM's locale,
 * which loses those that are not text there; its URI, on Unix, holds them all.
 */
final class DiskNames {
    private static final String HEXADECIMAL = "0123456789ABCDEF";

    private DiskNames() {}

    /** The last name of a path. */
    static String name(Path path) {
        Path last = path.getFileName();
        if (last == null) {
            return "";
        }
        String text = last.toString();
        if (isAscii(text)) {
            return text;
        }
        byte[] whole = bytes(path.toUri());
        int end = whole.length;
        while (end > 0 && whole[end - 1] == '/') { // A directory's URI ends so.
            end--;
        }
        int start = end;
        while (start > 0 && whole[start - 1] != '/') {
            start--;
        }
        return Names.text(whole, start, end);
    }

    /** The path below a folder; {@code path} as {@link Tree} has it. */
    static Path resolve(Path root, String path) {
        if (isAscii(path)) {
            return root.resolve(path);
        }
        StringBuilder uri = new StringBuilder("file://").append(root.toUri().getRawPath());
        if (uri.charAt(uri.length() - 1) != '/') {
            uri.append('/');
        }
        for (byte b : Names.bytes(path)) {
            if ((b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') || b == '/') {
                uri.append((char) b);
            } else {
                uri.append('%').append(HEXADECIMAL.charAt((b >> 4) & 0xF)).append(HEXADECIMAL.charAt(b & 0xF));
            }
        }
        return Path.of(URI.create(uri.toString()));
    }

    /** The bytes of a path below a folder, for calls of the system. */
    static byte[] bytes(byte[] folder, String path) {
        byte[] below = Names.bytes(path);
        byte[] whole = new byte[folder.length + 1 + below.length];
        System.arraycopy(folder, 0, whole, 0, folder.length);
        whole[folder.length] = '/';
        System.arraycopy(below, 0, whole, folder.length + 1, below.length);
        return whole;
    }

    static byte[] bytes(Path path) {
        String text = path.toString();
        return isAscii(text) ? Names.bytes(text) : withoutEndingSlash(bytes(path.toUri()), text);
    }

    /** What a symbolic link says, not resolved. */
    static String target(Path link) throws IOException {
        Path target = Files.readSymbolicLink(link);
        String text = target.toString();
        if (isAscii(text)) {
            return text;
        }
        byte[] whole = bytes(target.toUri());
        if (target.isAbsolute()) {
            return Names.text(withoutEndingSlash(whole, text));
        }
        int skipped = bytes(Path.of("").toAbsolutePath().toUri()).length;
        byte[] relative = withoutEndingSlash(whole, text);
        return Names.text(relative, skipped, relative.length);
    }

    private static byte[] withoutEndingSlash(byte[] whole, String text) {
        boolean added = whole[whole.length - 1] == '/' && !text.endsWith("/");
        return added ? Arrays.copyOf(whole, whole.length - 1) : whole;
    }

    private static byte[] bytes(URI uri) {
        String raw = uri.getRawPath();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(raw.length());
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (c == '%') {
                bytes.write(Integer.parseInt(raw, i + 1, i + 3, 16));
                i += 2;
            } else {
                bytes.write(c);
            }
        }
        return bytes.toByteArray();
    }

    private static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 0x80) {
                return false;
            }
        }
        return true;
    }
}
