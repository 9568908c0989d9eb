package dev.strata.sandbox;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The disk behind a file system. */
public final class Disk {
    private Disk() {}

    /** Waits until everything that was written to the file system of this folder is on its disk (syncfs). */
    public static void settle(Path folder) throws IOException {
        Program.run(List.of("sync", "--file-system", folder.toString()));
    }
}
