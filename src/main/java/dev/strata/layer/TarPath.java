package dev.strata.layer;

import java.util.ArrayDeque;
import java.util.Deque;

/** Names in tars, which may be anything, as paths of a {@link Tree}. */
final class TarPath {
    private TarPath() {}

    /**
     * Without empty names, {@code .} and {@code ..}: as container runtimes do, by the text alone, and where the root is
     * its own parent. {@code ./a//b/../c}, {@code /a/c} and {@code ../a/c} are all {@code a/c}.
     */
    static String clean(String name) {
        if (isClean(name)) {
            return name;
        }
        Deque<String> names = new ArrayDeque<>();
        for (String part : name.split("/")) {
            if (part.equals("..")) {
                names.pollLast();
            } else if (!part.isEmpty() && !part.equals(".")) {
                names.addLast(part);
            }
        }
        return String.join("/", names);
    }

    private static boolean isClean(String name) {
        int start = 0;
        while (true) {
            int slash = name.indexOf('/', start);
            int end = slash < 0 ? name.length() : slash;
            if (end == start || (name.charAt(start) == '.' && isDots(name, start, end))) {
                return false;
            }
            if (slash < 0) {
                return true;
            }
            start = end + 1;
        }
    }

    private static boolean isDots(String name, int start, int end) {
        return end - start == 1 || (end - start == 2 && name.charAt(start + 1) == '.');
    }

    static String parent(String path) {
        int slash = path.lastIndexOf('/');
        return slash < 0 ? "" : path.substring(0, slash);
    }

    static String last(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }
}
