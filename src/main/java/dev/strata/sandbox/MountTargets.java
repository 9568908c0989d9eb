package dev.strata.sandbox;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;

/**
 * The files and folders of a root that something is mounted on. Those that are not there are made, and taken away
 * afterwards with the time of the folder they were in restored, so that no layer tells of them.
 */
final class MountTargets implements AutoCloseable {
    private record Made(Path path, Path parent, FileTime parentTime) {}

    private final Path root;
    private final List<Made> made = new ArrayList<>();

    MountTargets(Path root) {
        this.root = root;
    }

    void folder(String target) throws IOException {
        Path path = root;
        for (String name : target.split("/")) {
            if (!name.isEmpty()) {
                path = next(path.resolve(name));
                if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
                    note(path);
                    Files.createDirectory(path);
                }
            }
        }
    }

    void file(String target) throws IOException {
        int slash = target.lastIndexOf('/');
        folder(target.substring(0, slash));
        Path path = inside(target);
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            note(path);
            Files.createFile(path);
        }
    }

    /** Where a target is, its folders' links followed as in the root. */
    private Path inside(String target) throws IOException {
        Path path = root;
        for (String name : target.split("/")) {
            if (!name.isEmpty()) {
                path = next(path.resolve(name));
            }
        }
        return path;
    }

    /** Follows a link without leaving the root. */
    private Path next(Path path) throws IOException {
        Path found = path;
        for (int links = 0; Files.isSymbolicLink(found); links++) {
            if (links > 40) {
                throw new IOException("too many symbolic links at " + path);
            }
            Path to = Files.readSymbolicLink(found);
            Path parent = java.util.Objects.requireNonNull(found.getParent());
            Path resolved = to.isAbsolute()
                    ? root.resolve(Path.of("/").relativize(to)).normalize()
                    : parent.resolve(to).normalize();
            found = resolved.startsWith(root) ? resolved : root;
        }
        return found;
    }

    private void note(Path path) throws IOException {
        Path parent = java.util.Objects.requireNonNull(path.getParent());
        made.add(new Made(path, parent, Files.getLastModifiedTime(parent, LinkOption.NOFOLLOW_LINKS)));
    }

    @Override
    public void close() throws IOException {
        for (Made one : made.reversed()) {
            try {
                if (Files.isRegularFile(one.path(), LinkOption.NOFOLLOW_LINKS) && Files.size(one.path()) > 0) {
                    continue; // the command made it its own
                }
                Files.delete(one.path());
                Files.setLastModifiedTime(one.parent(), one.parentTime());
            } catch (NoSuchFileException | DirectoryNotEmptyException e) {
                // The command took it away or filled it: it is the command's now.
            }
        }
    }
}
