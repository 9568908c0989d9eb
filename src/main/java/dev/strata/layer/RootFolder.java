package dev.strata.layer;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A folder that stands for {@code /}: names are looked up in it as a process would that has it as its root, so that no
 * link leads out. Paths are as {@link Tree} has them; those that are passed to anything but {@link #follow} have no link
 * among their parents. Remembers which directories are there, so nothing else may change the folder.
 */
final class RootFolder {
    /** As many as Linux follows. */
    private static final int MOST_LINKS = 40;

    private final Path root;
    private final TreeSet<String> directories = new TreeSet<>();

    RootFolder(Path root) {
        this.root = root;
        directories.add("");
    }

    Path root() {
        return root;
    }

    byte[] bytes(String path) {
        return DiskNames.bytes(root, path);
    }

    Path path(String path) {
        return DiskNames.resolve(root, path);
    }

    static String join(String folder, String name) {
        return folder.isEmpty() ? name : folder + "/" + name;
    }

    /** The part of a path before its last name. */
    static String parent(String path) {
        return path.substring(0, Math.max(0, path.lastIndexOf('/')));
    }

    Posix.@Nullable Status status(String path) throws IOException {
        return Posix.status(bytes(path));
    }

    /**
     * Where the names lead, all links followed, the last one as well. Names that are not there stand for themselves, and
     * so do names of files; {@code ..} at the root stays there.
     */
    String follow(List<String> names) throws IOException {
        String asNamed = String.join("/", names);
        if (directories.contains(asNamed)) {
            return asNamed;
        }
        Deque<String> ahead = new ArrayDeque<>(names);
        String path = "";
        int links = 0;
        while (!ahead.isEmpty()) {
            String name = ahead.pop();
            if (name.isEmpty() || name.equals(".")) {
                continue;
            }
            if (name.equals("..")) {
                path = parent(path);
                continue;
            }
            String next = join(path, name);
            String target = link(next);
            if (target == null) {
                path = next;
                continue;
            }
            if (++links > MOST_LINKS) {
                throw new LayerException(
                        "more than " + MOST_LINKS + " symbolic links are in the way, perhaps in a circle",
                        asNamed,
                        "Make the archive anew without such links.");
            }
            path = target.startsWith("/") ? "" : path;
            List<String> instead = new ArrayList<>(List.of(target.split("/")));
            Collections.reverse(instead);
            instead.forEach(ahead::push);
        }
        return path;
    }

    /** What a link says; null for all else. */
    private @Nullable String link(String path) throws IOException {
        if (directories.contains(path)) {
            return null;
        }
        Posix.Status status = status(path);
        if (status == null || status.type() != Posix.SYMBOLIC_LINK) {
            if (status != null && status.isDirectory()) {
                directories.add(path);
            }
            return null;
        }
        return DiskNames.target(path(path));
    }

    /** Whether a directory, no link, is known to be there; false tells nothing. */
    boolean isKnownDirectory(String path) {
        return directories.contains(path);
    }

    void makeDirectory(String path) throws IOException {
        Posix.directory(bytes(path), 0700);
        directories.add(path);
    }

    /** Removes what is there, a directory with all in it. */
    void remove(String path, Posix.Status status) throws IOException {
        if (!status.isDirectory()) {
            Posix.unlink(bytes(path));
            return;
        }
        directories.remove(path);
        directories.subSet(path + "/", path + "0").clear(); // '0' comes after '/'.
        Files.walkFileTree(path(path), new Removal());
    }

    List<String> children(String path) throws IOException {
        List<String> names = new ArrayList<>();
        try (var entries = Files.newDirectoryStream(path(path))) {
            entries.forEach(entry -> names.add(DiskNames.name(entry)));
        }
        return names;
    }

    private static final class Removal extends SimpleFileVisitor<Path> {
        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure) throws IOException {
            if (failure != null) {
                throw failure;
            }
            Files.delete(folder);
            return FileVisitResult.CONTINUE;
        }
    }
}
