package dev.strata.sandbox;

import dev.strata.layer.TreePath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Names in a root file system, understood as a process in it would: links never lead out of it. */
final class RootPath {
    private RootPath() {}

    /** Where a name is on this machine, all links followed; what is not there is taken for a folder or file to be. */
    static Path resolve(Path root, String name) throws IOException {
        String inside = TreePath.follow(name, true, at -> {
            Path path = root.resolve(at);
            return Files.isSymbolicLink(path) ? Files.readSymbolicLink(path).toString() : null;
        });
        return root.resolve(inside);
    }
}
