package dev.strata.dockerfile;

import org.jspecify.annotations.Nullable;

/**
 * One thing that is wrong with a Dockerfile.
 *
 * @param message what is wrong, in one sentence
 * @param expected what should stand there; null where the message says it
 * @param suggestion the word that was probably meant; null where none is close
 * @param marked the text of the excerpt that is wrong; null: the whole instruction
 */
public record SyntaxError(
        Location location,
        String message,
        @Nullable String expected,
        @Nullable String suggestion,
        @Nullable String marked) {

    SyntaxError(Location location, String message) {
        this(location, message, null, null, null);
    }

    /** What is wrong, what was expected and what was probably meant. */
    public String sentence() {
        return message
                + (expected == null ? "" : "; expected " + expected)
                + (suggestion == null ? "" : " (did you mean " + suggestion + "?)");
    }
}
