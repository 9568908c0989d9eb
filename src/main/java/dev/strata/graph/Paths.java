package dev.strata.graph;

import java.util.ArrayDeque;
import java.util.Deque;

/** Absolute paths of an image, as text: links are not looked at. */
final class Paths {
    private Paths() {}

    /** Absolute and clean: without {@code .}, {@code ..}, empty names and trailing slash. */
    static String join(String directory, String path) {
        Deque<String> names = new ArrayDeque<>();
        String whole = path.startsWith("/") ? path : directory + "/" + path;
        for (String name : whole.split("/", -1)) {
            switch (name) {
                case "", "." -> {
                    // the same place
                }
                case ".." -> names.pollLast();
                default -> names.addLast(name);
            }
        }
        return "/" + String.join("/", names);
    }
}
