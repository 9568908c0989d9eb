package dev.strata.graph;

import dev.strata.dockerfile.Location;

/** An image that cannot be had, and the line that asks for it. Why it cannot is the cause. */
public final class BaseException extends RuntimeException {
    private final transient Location location;
    private final RuntimeException reason;

    BaseException(Location location, RuntimeException reason) {
        super(reason.getMessage(), reason);
        this.location = location;
        this.reason = reason;
    }

    public Location location() {
        return location;
    }

    /** What {@link Bases} threw. */
    public RuntimeException reason() {
        return reason;
    }
}
