package dev.strata.plan;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * Why a build ended without an image: the only error that crosses from the builder to the operator.
 *
 * @param cause whose fault it is; decides everything that happens next
 * @param what one sentence, such as {@code RUN npm ci: exit code 1}
 * @param where a file with a line, a step, a registry call; null where there is no place
 * @param mend what the reader can do about it; null where it is plain
 * @param detail more lines to show: an excerpt with the place marked, or a command's last output; may be empty
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Failure(
        Cause cause,
        String what,
        @Nullable String where,
        @Nullable String mend,
        @Nullable String detail) {

    /** Whose fault a failure is. */
    public enum Cause {
        /** The user's input: nothing is tried again until the spec or the source changes. */
        USER,
        /** A registry, a source or a network: tried again with back-off. */
        OUTSIDE,
        /** The pod was evicted, killed or its node lost: a new pod resumes from the cache. */
        LOST,
        /** Strata itself: a few retries, then a person must look. */
        OURS
    }

    public Failure(Cause cause, String what, @Nullable String where, @Nullable String mend) {
        this(cause, what, where, mend, null);
    }

    /** Where, what and how to mend it, in one line. */
    public String sentence() {
        return (where == null ? "" : where + ": ") + what + (mend == null ? "" : ". " + mend);
    }
}
