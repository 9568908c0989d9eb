package dev.strata.sandbox;

import java.io.IOException;
import java.nio.file.Path;

/** A root file system that is being written, on top of a {@link Snapshot}. */
public interface Active extends AutoCloseable {
    /** Where it is; mounted and writable until {@link #commit} or {@link #close}. Nothing else may be mounted below then. */
    Path root();

    /** Freezes it as it is now. Cheap: nothing is copied. May be called once. */
    Snapshot commit() throws IOException;

    /** What differs from the parent. Only after {@link #commit}; may take long, and goes well beside a next step. */
    Differences changes() throws IOException;

    /** Throws everything away if it was not committed; does nothing otherwise. */
    @Override
    void close() throws IOException;
}
