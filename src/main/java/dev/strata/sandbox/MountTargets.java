package dev.strata.sandbox;

import dev.strata.layer.TreePath;
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
        make(inside(target));
    }

    void file(String target) throws IOException {
        String inside = inside(target);
        make(TreePath.parent(inside));
        Path path = root.resolve(inside);
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            note(path);
            Files.createFile(path);
        }
    }

    /** Where a target is, links followed as a process in the root would, which never leads out of it. */
    private String inside(String target) throws IOException {
        return TreePath.follow(target, true, at -> {
            Path path = root.resolve(at);
            return Files.isSymbolicLink(path) ? Files.readSymbolicLink(path).toString() : null;
        });
    }

    /** @param inside without a link among its names */
    private void make(String inside) throws IOException {
        Path path = root;
        for (String name : inside.split("/")) {
            path = path.resolve(name);
            if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
                note(path);
                Files.createDirectory(path);
            }
        }
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
