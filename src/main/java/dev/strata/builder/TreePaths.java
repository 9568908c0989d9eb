package dev.strata.builder;

import dev.strata.layer.Node;
import dev.strata.layer.Tree;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/** Follows symbolic links in a tree as a process would whose root the tree is: never out of it. */
final class TreePaths {
    /** As many as Linux follows. */
    private static final int MOST_LINKS = 40;

    private TreePaths() {}

    /**
     * The path with all links followed. What does not exist is kept as written.
     *
     * @param path absolute or relative to the root, perhaps with {@code .} and {@code ..}
     * @param last whether a link at the very end is followed, too
     * @return in the form that {@link Tree} has
     * @throws IOException where links lead in a circle
     */
    static String follow(Tree tree, String path, boolean last) throws IOException {
        Deque<String> open = new ArrayDeque<>();
        push(open, path);
        Deque<String> done = new ArrayDeque<>();
        int links = 0;
        while (!open.isEmpty()) {
            String name = open.pop();
            if (name.equals("..")) {
                done.pollLast();
                continue;
            }
            done.addLast(name);
            String here = String.join("/", done);
            if (!(tree.find(here) instanceof Node.SymbolicLink link) || (open.isEmpty() && !last)) {
                continue;
            }
            if (++links > MOST_LINKS) {
                throw new IOException("too many symbolic links in /" + here);
            }
            if (link.target().startsWith("/")) {
                done.clear();
            } else {
                done.pollLast();
            }
            push(open, link.target());
        }
        return String.join("/", done);
    }

    private static void push(Deque<String> open, String path) {
        String[] names = path.split("/", -1);
        for (int i = names.length - 1; i >= 0; i--) {
            if (!names[i].isEmpty() && !names[i].equals(".")) {
                open.push(names[i]);
            }
        }
    }

    /** The path without {@code .}, {@code ..} and slashes at its ends; links are not looked at. */
    static String clean(String path) {
        Deque<String> names = new ArrayDeque<>();
        for (String name : path.split("/", -1)) {
            if (name.equals("..")) {
                names.pollLast();
            } else if (!name.isEmpty() && !name.equals(".")) {
                names.addLast(name);
            }
        }
        return String.join("/", names);
    }

    static String join(String folder, String name) {
        return folder.isEmpty() ? name : name.isEmpty() ? folder : folder + "/" + name;
    }

    static String parent(String path) {
        int slash = path.lastIndexOf('/');
        return slash < 0 ? "" : path.substring(0, slash);
    }

    static String name(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }
}
