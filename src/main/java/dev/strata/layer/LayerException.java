package dev.strata.layer;

import org.jspecify.annotations.Nullable;

/**
 * Files or layers are not as they must be: a tar that is no tar, a name that no layer can hold, a file that changed
 * while it was read. It knows which one and what to do. Trouble with the disk is an {@link java.io.IOException}.
 */
public final class LayerException extends RuntimeException {
    private final String what;
    private final String where;
    private final @Nullable String mend;
    private final boolean tooMuch;

    LayerException(String what, String where, @Nullable String mend) {
        this(what, where, mend, null);
    }

    LayerException(String what, String where, @Nullable String mend, @Nullable Throwable cause) {
        super(where.isEmpty() ? what : Names.shown(where) + ": " + what, cause);
        this.what = what;
        this.where = Names.shown(where);
        this.mend = mend;
        this.tooMuch = false;
    }

    private LayerException(String what, String where) {
        super((where.isEmpty() ? "" : Names.shown(where) + ": ") + what);
        this.what = what;
        this.where = Names.shown(where);
        this.mend = null;
        this.tooMuch = true;
    }

    /** More came out of a tar than its {@link Bounds} allow. */
    static LayerException tooMuch(String what, String where) {
        return new LayerException(what, where);
    }

    /** Whether nothing is wrong but that it is more than {@link Bounds} allow. */
    public boolean isTooMuch() {
        return tooMuch;
    }

    public String what() {
        return what;
    }

    /** The path or the archive; empty where it is the whole of what was read. */
    public String where() {
        return where;
    }

    public @Nullable String mend() {
        return mend;
    }
}
