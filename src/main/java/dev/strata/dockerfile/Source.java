package dev.strata.dockerfile;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where an instruction was written and how.
 *
 * @param keyword the instruction's name as written, such as {@code RUN} or {@code run}
 * @param original the instruction on one line: continuations joined, comments left out, heredocs' text left out
 * @param comments the comment lines directly above, without {@code #} and surrounding space
 * @param emptyContinuation the last of the joined lines where empty lines stand between them; 0 where none do
 */
public record Source(Location location, String keyword, String original, List<String> comments, int emptyContinuation) {
    public Source {
        comments = List.copyOf(comments);
    }

    Source(Location location, String keyword, String original, List<String> comments) {
        this(location, keyword, original, comments, 0);
    }

    /** What the comments above say about a name: the rest of the line that begins with it. */
    static @Nullable String explanation(Source source, String name) {
        for (String comment : source.comments()) {
            if (comment.startsWith(name + " ")) {
                return comment.substring(name.length() + 1);
            }
        }
        return null;
    }
}
