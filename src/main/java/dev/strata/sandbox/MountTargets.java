package dev.strata.sandbox;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The files and folders of a root that something is mounted on. Those that are not there are made, and taken away
 * afterwards with the time of the folder they were in restored, so that no layer tells of them.
 */
final class MountTargets implements AutoCloseable {
    /**
     * @param before the parent's time before this was made in it
     * @param after its time then; if it has another at the end, that is the command's doing and stays
     */
    private record Made(Path path, Path parent, FileTime before, FileTime after) {}

    private final Path root;
    private final List<Made> made = new ArrayList<>();

    MountTargets(Path root) {
        this.root = root;
    }

    void folder(String target) throws IOException {
        folders(RootPath.resolve(root, target), target);
    }

    void file(String target) throws IOException {
        Path path = RootPath.resolve(root, target);
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            Path parent = Objects.requireNonNull(path.getParent());
            folders(parent, target);
            FileTime before = time(parent);
            Files.createFile(path);
            made.add(new Made(path, parent, before, time(parent)));
        }
    }

    private void folders(Path path, String target) throws IOException {
        if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            throw new SandboxException(
                    "nothing can be mounted on " + target + ": /" + root.relativize(path) + " is not a folder",
                    "Mount it elsewhere, or remove that file in an earlier step");
        }
        Path parent = Objects.requireNonNull(path.getParent());
        folders(parent, target);
        FileTime before = time(parent);
        Files.createDirectory(path);
        made.add(new Made(path, parent, before, time(parent)));
    }

    /** Makes a folder that is the command's own and stays. */
    void workingDirectory(String name, long uid, long gid) throws IOException {
        Path path = RootPath.resolve(root, name);
        List<Path> missing = new ArrayList<>();
        while (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            missing.add(path);
            path = Objects.requireNonNull(path.getParent());
        }
        for (Path folder : missing.reversed()) {
            Files.createDirectory(folder);
            Files.setAttribute(folder, "unix:uid", (int) uid);
            Files.setAttribute(folder, "unix:gid", (int) gid);
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    private static FileTime time(Path folder) throws IOException {
        return Files.getLastModifiedTime(folder, LinkOption.NOFOLLOW_LINKS);
    }

    @Override
    public void close() throws IOException {
        for (Made one : made.reversed()) {
            try {
                if (Files.isRegularFile(one.path(), LinkOption.NOFOLLOW_LINKS) && Files.size(one.path()) > 0) {
                    continue; // the command made it its own
                }
                FileTime now = time(one.parent());
                Files.delete(one.path());
                Files.setLastModifiedTime(one.parent(), now.equals(one.after()) ? one.before() : now);
            } catch (NoSuchFileException | DirectoryNotEmptyException e) {
                // The command took it away or filled it: it is the command's now.
            }
        }
        made.clear();
    }
}
