package dev.strata.layer;

import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A folder that stands for {@code /}: names are looked up in it as a process would that has it as its root, so that no
 * link leads out. Paths are as {@link Tree} has them; those that are passed to anything but {@link #follow} have no link
 * among their parents. Remembers which directories are there, so nothing else may change the folder.
 */
final class RootFolder {
    private final Path root;
    private final byte[] name;
    private final TreeSet<String> directories = new TreeSet<>();

    RootFolder(Path root) {
        this.root = root;
        this.name = DiskNames.bytes(root);
        directories.add("");
    }

    Path root() {
        return root;
    }

    byte[] bytes(String path) {
        return DiskNames.bytes(name, path);
    }

    Path path(String path) {
        return DiskNames.resolve(root, path);
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
        try {
            return TreePath.follow(asNamed, true, this::link);
        } catch (FileSystemLoopException e) {
            throw new LayerException(
                    "more than " + TreePath.MOST_LINKS + " symbolic links are in the way, perhaps in a circle",
                    asNamed,
                    "Make the archive anew without such links.",
                    e);
        }
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
        Removal.of(path(path));
    }

    List<String> children(String path) throws IOException {
        List<String> names = new ArrayList<>();
        try (var entries = Files.newDirectoryStream(path(path))) {
            entries.forEach(entry -> names.add(DiskNames.name(entry)));
        }
        return names;
    }
}
