package dev.strata.context;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * A repository without a commit, as git itself would make it. Source: gitrepository-layout(5), git-config(1).
 */
final class EmptyRepository {
    private static final String FOLDER = "rwxr-xr-x";
    private static final String FILE = "rw-r--r--";

    private EmptyRepository() {}

    /**
     * Makes one of an empty folder.
     *
     * @param origin where it fetches from; without control characters
     */
    static void in(Path folder, String origin) throws IOException {
        Path git = made(folder.resolve(".git"));
        made(git.resolve("objects"));
        made(git.resolve("refs"));
        write(git.resolve("HEAD"), "ref: refs/heads/main\n");
        write(git.resolve("config"), """
                [core]
                \trepositoryformatversion = 0
                \tfilemode = true
                \tbare = false
                \tlogallrefupdates = true
                [remote "origin"]
                \turl = %s
                \tfetch = +refs/heads/*:refs/remotes/origin/*
                """.formatted(quoted(origin)));
    }

    /** A value that means itself, whatever is in it. */
    private static String quoted(String value) {
        return '"' + value.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    /** The mask of this process does not count: what it makes is the same wherever the build runs. */
    private static Path made(Path folder) throws IOException {
        return Files.setPosixFilePermissions(Files.createDirectory(folder), PosixFilePermissions.fromString(FOLDER));
    }

    private static void write(Path file, String text) throws IOException {
        Files.setPosixFilePermissions(Files.writeString(file, text), PosixFilePermissions.fromString(FILE));
    }
}
