package dev.strata.graph;

import dev.strata.dockerfile.Location;
import org.jspecify.annotations.Nullable;

/** A Dockerfile that reads well but cannot be built as it is written: always its writer's to mend. */
public final class GraphException extends RuntimeException {
    private final transient @Nullable Location location;
    private final @Nullable String mend;

    /** @param location null where it is the command line that is wrong */
    public GraphException(@Nullable Location location, String message, @Nullable String mend) {
        super(message);
        this.location = location;
        this.mend = mend;
    }

    public @Nullable Location location() {
        return location;
    }

    public @Nullable String mend() {
        return mend;
    }
}
