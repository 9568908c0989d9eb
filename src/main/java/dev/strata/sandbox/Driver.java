package dev.strata.sandbox;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** One way of keeping {@link Snapshots}. */
interface Driver {
    String name();

    /** What stands against it in this folder, found by trying; null where it works. */
    @Nullable
    String obstacle(Path stateFolder) throws IOException;

    /** @param reason why it was chosen */
    Snapshots open(Path stateFolder, String reason) throws IOException;
}
