package dev.strata.sandbox;

import org.jspecify.annotations.Nullable;

/**
 * This place cannot do what a step needs: no overlay, no OCI runtime, a name of a driver that does not exist. It knows
 * how that is mended. Trouble with the disk is an {@link java.io.IOException}.
 */
public final class SandboxException extends RuntimeException {
    private final @Nullable String mend;

    public SandboxException(String what, @Nullable String mend) {
        this(what, mend, null);
    }

    public SandboxException(String what, @Nullable String mend, @Nullable Throwable cause) {
        super(what, cause);
        this.mend = mend;
    }

    public @Nullable String mend() {
        return mend;
    }
}
