package dev.strata.graph;

import dev.strata.dockerfile.Location;
import org.jspecify.annotations.Nullable;

/** An image that cannot be had, and the line that asks for it. Why it cannot is the cause. */
public final class BaseException extends RuntimeException {
    private final transient Location location;
    private final RuntimeException reason;
    private final @Nullable String meant;

    BaseException(Location location, RuntimeException reason, @Nullable String meant) {
        super(reason.getMessage(), reason);
        this.location = location;
        this.reason = reason;
        this.meant = meant;
    }

    public Location location() {
        return location;
    }

    /** The stage that was probably meant by the image's name; null where none is close. */
    public @Nullable String meant() {
        return meant;
    }

    /** What {@link Bases} threw. */
    public RuntimeException reason() {
        return reason;
    }
}
