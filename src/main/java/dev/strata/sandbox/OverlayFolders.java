package dev.strata.sandbox;

import dev.strata.layer.Posix;
import dev.strata.layer.PosixException;
import dev.strata.layer.Removal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The folders of the overlay driver: {@code tree} has a layer's files, {@code root} is where something is mounted. */
final class OverlayFolders implements StateFolder.Folders {
    static Path tree(Path folder) {
        return folder.resolve("tree");
    }

    static Path work(Path folder) {
        return folder.resolve("work");
    }

    static Path root(Path folder) {
        return folder.resolve("root");
    }

    /** Is there where the layer hides all below it, for which overlayfs has no mark. */
    static Path opaque(Path folder) {
        return folder.resolve("opaque");
    }

    @Override
    public void make(Path folder) throws IOException {
        Files.createDirectory(folder);
    }

    /** A killed run may have left a mount where it had no namespace of its own. */
    @Override
    public void remove(Path folder) throws IOException {
        Path root = root(folder);
        if (Files.isDirectory(root)) {
            try {
                Posix.unmount(root, Posix.DETACH);
            } catch (PosixException e) {
                if (e.errno() != PosixException.EINVAL) { // Nothing is mounted there.
                    throw e;
                }
            }
        }
        Removal.of(folder);
    }
}
