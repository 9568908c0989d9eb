package dev.strata.layer;

import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** Paths in the form that {@link Tree} has, and how they come of what tars, Dockerfiles and links say. */
public final class TreePath {
    /** As many as Linux follows. */
    static final int MOST_LINKS = 40;

    private TreePath() {}

    /** What is known of symbolic links. */
    @FunctionalInterface
    public interface Links {
        /** What a link says; null where the path is none. */
        @Nullable
        String target(String path) throws IOException;
    }

    /**
     * Without empty names, {@code .} and {@code ..}: as container runtimes do, by the text alone, and where the root is
     * its own parent. {@code ./a//b/../c}, {@code /a/c} and {@code ../a/c} are all {@code a/c}.
     */
    public static String clean(String name) {
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

    /** The one below the other; either may be the root. */
    public static String join(String folder, String name) {
        return folder.isEmpty() ? name : name.isEmpty() ? folder : folder + "/" + name;
    }

    /** The part before the last name; that of the root is the root. */
    public static String parent(String path) {
        return path.substring(0, Math.max(0, path.lastIndexOf('/')));
    }

    /** The last name. */
    public static String name(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    /** As {@link #follow(String, boolean, Links)}, with the links of a tree. */
    public static String follow(Tree tree, String path, boolean last) throws IOException {
        return follow(path, last, at -> tree.find(at) instanceof Node.SymbolicLink link ? link.target() : null);
    }

    /**
     * Where a path leads, as for a process that has the tree as its root: never out of it, and {@code ..} at the root
     * stays there. Names that are not there stand for themselves.
     *
     * @param path perhaps with {@code .} and {@code ..}, with or without {@code /} before it
     * @param last whether a link at the very end is followed, too
     * @throws FileSystemLoopException where more links are in the way than Linux follows
     */
    public static String follow(String path, boolean last, Links links) throws IOException {
        Deque<String> ahead = new ArrayDeque<>();
        push(ahead, path);
        String done = "";
        int followed = 0;
        while (!ahead.isEmpty()) {
            String name = ahead.pop();
            if (name.equals("..")) {
                done = parent(done);
                continue;
            }
            String next = join(done, name);
            String target = ahead.isEmpty() && !last ? null : links.target(next);
            if (target == null) {
                done = next;
                continue;
            }
            if (++followed > MOST_LINKS) {
                throw new FileSystemLoopException("/" + Names.shown(path));
            }
            done = target.startsWith("/") ? "" : done;
            push(ahead, target);
        }
        return done;
    }

    private static void push(Deque<String> ahead, String path) {
        String[] names = path.split("/");
        for (int i = names.length - 1; i >= 0; i--) {
            if (!names[i].isEmpty() && !names[i].equals(".")) {
                ahead.push(names[i]);
            }
        }
    }
}
