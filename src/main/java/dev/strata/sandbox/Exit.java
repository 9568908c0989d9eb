package dev.strata.sandbox;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a command ended.
 *
 * @param code 0 is success; of a command ended by a signal 128 and the signal's number
 * @param signal its name, such as {@code KILL}; null where it ended by itself
 * @param peakMemory the most bytes that the largest of its processes had resident at once, its own runtime (4 to 30 MiB)
 *     among them; not the sum of those that ran side by side, and without page cache. Null where the program GNU time
 *     is not there
 * @param lastLines the end of its output, at most twenty lines
 * @param notStarted why there was no command at all; null where there was
 */
public record Exit(
        int code,
        @Nullable String signal,
        @Nullable Long peakMemory,
        List<String> lastLines,
        @Nullable NotStarted notStarted) {
    public Exit {
        lastLines = List.copyOf(lastLines);
    }
}
