package dev.strata.context;

import dev.strata.layer.Bounds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.FileVisitor;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Holds a repository to its bounds while git works on it. What a server sends, what submodules hold and what Git LFS puts
 * in the place of its pointers is known only when it is on the disk, so that is looked at again and again.
 */
final class RepositoryWatch implements GitCommand.Watch {
    /** More than any project has; each costs a connection. */
    static final int MOST_SUBMODULES = 1000;

    private static final Duration SHORTEST_PAUSE = Duration.ofMillis(200);
    /** A look takes at most so small a part of the time. */
    private static final int PART = 10;

    private final Path folder;
    private final Bounds bounds;
    private final String shown;
    private Duration pause = SHORTEST_PAUSE;

    /**
     * @param folder with the files and git's own folder
     * @param bounds of the files, and of git's own copy of them
     */
    RepositoryWatch(Path folder, Bounds bounds, String shown) {
        this.folder = folder;
        this.bounds = bounds;
        this.shown = shown;
    }

    @Override
    public Duration pause() {
        return pause;
    }

    @Override
    public void look() {
        long begin = System.nanoTime();
        try {
            Files.walkFileTree(folder, new Count());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot look at the files of " + shown, e);
        }
        Duration taken = Duration.ofNanos(System.nanoTime() - begin).multipliedBy(PART);
        pause = taken.compareTo(SHORTEST_PAUSE) > 0 ? taken : SHORTEST_PAUSE;
    }

    private final class Count implements FileVisitor<Path> {
        private long entries;
        private long bytes;
        private long gitBytes;
        private long submodules;
        private int inGit;

        @Override
        public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes) {
            if (inGit > 0 || isGit(path)) {
                inGit++;
            } else {
                entry();
            }
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) {
            if (inGit > 0) {
                gitBytes += attributes.size();
                refuse(gitBytes > bounds.bytes(), "what git keeps of it is more than " + bounds.bytes() + " bytes");
            } else if (isGit(path)) {
                submodules++;
                refuse(submodules > MOST_SUBMODULES, "it holds more than " + MOST_SUBMODULES + " submodules");
            } else {
                entry();
                bytes += attributes.size();
                refuse(
                        bytes > bounds.bytes(),
                        "it holds more than " + bounds.bytes()
                                + " bytes, those of its submodules and of Git LFS included");
            }
            return FileVisitResult.CONTINUE;
        }

        private void entry() {
            entries++;
            refuse(
                    entries > bounds.entries(),
                    "it holds more than " + bounds.entries() + " files, those of its submodules included");
        }

        private void refuse(boolean isTooMuch, String what) {
            if (isTooMuch) {
                throw Archives.tooMuch(what, shown);
            }
        }

        private static boolean isGit(Path path) {
            return path.endsWith(".git");
        }

        @Override
        public FileVisitResult postVisitDirectory(Path path, @Nullable IOException trouble) throws IOException {
            if (inGit > 0) {
                inGit--;
            }
            return trouble == null ? FileVisitResult.CONTINUE : visitFileFailed(path, trouble);
        }

        /** Git makes and removes files while they are counted. */
        @Override
        public FileVisitResult visitFileFailed(Path path, IOException trouble) throws IOException {
            if (trouble instanceof NoSuchFileException) {
                return FileVisitResult.CONTINUE;
            }
            throw trouble;
        }
    }
}
