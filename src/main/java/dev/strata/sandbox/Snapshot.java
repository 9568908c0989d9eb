package dev.strata.sandbox;

import dev.strata.layer.Tree;
import java.io.IOException;

/** A root file system that never changes, of the {@link Snapshots} that gave it and valid until those are closed. */
public interface Snapshot {
    /** All of its files, for reading. What it needs of the system is set up at the first call and shared by later ones. */
    Tree tree() throws IOException;
}
