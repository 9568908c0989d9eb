package dev.strata.dockerfile;

import java.util.ArrayDeque;
import java.util.Deque;

/** Paths with slashes, as text only. */
public final class SlashPath {
    private SlashPath() {}

    /** The shortest path that means the same, as Go's {@code path.Clean}: no empty part, no dot, no part before {@code ..}. */
    public static String clean(String path) {
        boolean rooted = path.startsWith("/");
        Deque<String> parts = new ArrayDeque<>();
        for (String part : path.split("/")) {
            if (part.isEmpty() || part.equals(".")) {
                continue;
            }
            boolean up = part.equals("..");
            if (up && !parts.isEmpty() && !parts.getLast().equals("..")) {
                parts.removeLast();
            } else if (!up || !rooted) {
                parts.addLast(part);
            }
        }
        String joined = String.join("/", parts);
        return rooted ? "/" + joined : joined.isEmpty() ? "." : joined;
    }

    /** Where a path leads that is written in a directory, links not looked at: absolute and clean. */
    public static String join(String directory, String path) {
        return clean(path.startsWith("/") ? path : "/" + directory + "/" + path);
    }
}
