package dev.strata.context;

import dev.strata.layer.Removal;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The files that git has checked out, made a context of. */
final class Worktree {
    private static final String GIT = ".git";

    private final Path folder;
    private final String shown;

    Worktree(Path folder, String shown) {
        this.folder = folder;
        this.shown = shown;
    }

    /**
     * Takes out what is git's own, sets all times to the commit's and answers the folder that is wanted.
     *
     * @param submodules whether there are repositories inside
     */
    Path finish(@Nullable String subFolder, boolean keepGitDirectory, boolean submodules, Instant date)
            throws IOException {
        Path root = subFolder == null ? folder : inside(subFolder);
        if (!keepGitDirectory || !root.equals(folder)) {
            Removal.of(folder.resolve(GIT));
            if (submodules) {
                removeGitInside();
            }
        }
        setTimes(folder, date);
        return root;
    }

    private Path inside(String subFolder) throws IOException {
        Path wanted = folder.resolve(subFolder.replaceFirst("^/+", "")).normalize();
        if (!Files.exists(wanted)) {
            throw ContextException.user(
                    "the repository has no folder \"" + subFolder + "\"", shown, "Name one that the revision has");
        }
        Path real = wanted.toRealPath();
        Path repository = folder.toRealPath();
        if (!real.startsWith(repository) || real.startsWith(repository.resolve(GIT))) {
            throw ContextException.user(
                    "folder \"" + subFolder + "\" is outside the repository's files",
                    shown,
                    "Name a folder below the repository's root, without .. and links that lead out");
        }
        if (!Files.isDirectory(real)) {
            throw ContextException.user("\"" + subFolder + "\" is not a folder", shown, "Name the folder it is in");
        }
        return folder.resolve(repository.relativize(real)).normalize();
    }

    /** Git never checks out a path with a part of this name, so all of them are its own, those of submodules too. */
    private void removeGitInside() throws IOException {
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes) throws IOException {
                if (!isGit(path)) {
                    return FileVisitResult.CONTINUE;
                }
                Removal.of(path);
                return FileVisitResult.SKIP_SUBTREE;
            }

            @Override
            public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) throws IOException {
                if (isGit(path)) {
                    Files.delete(path);
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private boolean isGit(Path path) {
        return !path.equals(folder) && path.getFileName().toString().equals(GIT);
    }

    /** Sets the time of last modification of everything in a folder, and of the folder itself. */
    static void setTimes(Path folder, Instant date) throws IOException {
        FileTime time = FileTime.from(date);
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) throws IOException {
                touch(path);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path path, @Nullable IOException trouble) throws IOException {
                if (trouble != null) {
                    throw trouble;
                }
                touch(path);
                return FileVisitResult.CONTINUE;
            }

            private void touch(Path path) throws IOException {
                Files.getFileAttributeView(path, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                        .setTimes(time, null, null);
            }
        });
    }
}
