package dev.strata.sandbox;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a command ended.
 *
 * @param code 0 is success; of a command ended by a signal 128 and the signal's number
 * @param signal its name, such as {@code KILL}; null where it ended by itself
 * @param peakMemory bytes; null where it cannot be told
 * @param lastLines the end of its output, at most twenty lines
 */
public record Exit(
        int code, @Nullable String signal, @Nullable Long peakMemory, List<String> lastLines) {
    public Exit {
        lastLines = List.copyOf(lastLines);
    }
}
