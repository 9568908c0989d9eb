package dev.strata.context;

import dev.strata.plan.Failure;
import org.jspecify.annotations.Nullable;

/** The files of a source cannot be had; knows which source, whose fault it is and what to do. Never holds a secret. */
public final class ContextException extends RuntimeException {
    private final Failure.Cause fault;
    private final String what;
    private final String where;
    private final @Nullable String mend;
    private final @Nullable String detail;

    ContextException(Failure.Cause fault, String what, String where, @Nullable String mend) {
        this(fault, what, where, mend, null, null);
    }

    ContextException(
            Failure.Cause fault,
            String what,
            String where,
            @Nullable String mend,
            @Nullable String detail,
            @Nullable Throwable cause) {
        super(where + ": " + what, cause);
        this.fault = fault;
        this.what = what;
        this.where = where;
        this.mend = mend;
        this.detail = detail;
    }

    static ContextException user(String what, String where, @Nullable String mend) {
        return new ContextException(Failure.Cause.USER, what, where, mend);
    }

    static ContextException outside(String what, String where, @Nullable String mend) {
        return new ContextException(Failure.Cause.OUTSIDE, what, where, mend);
    }

    /** Whose fault it is, and so whether to try again. */
    public Failure.Cause fault() {
        return fault;
    }

    public String what() {
        return what;
    }

    /** The source: an URL without user and password, an image, a folder. */
    public String where() {
        return where;
    }

    public @Nullable String mend() {
        return mend;
    }

    /** The last lines that git wrote, without secrets; null where there are none. */
    public @Nullable String detail() {
        return detail;
    }
}
