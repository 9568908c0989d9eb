package dev.strata.dockerfile;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One instruction as words, before it is known whether they make sense.
 *
 * @param name the instruction's name in lower case
 * @param flags words that begin with two dashes, unquoted
 * @param arguments for ENV and LABEL in threes: name, value, and {@code =} or an empty word for the spaced form
 * @param json written as a JSON array of strings
 * @param jsonMistake the first mistake where the arguments start like a JSON array but are none
 * @param trigger the instruction behind ONBUILD; null for every other one
 */
record Statement(
        Source source,
        String name,
        List<String> flags,
        List<String> arguments,
        boolean json,
        @Nullable String jsonMistake,
        List<Heredoc> heredocs,
        @Nullable Statement trigger) {

    Location location() {
        return source.location();
    }

    Statement withEnd(int endLine, List<Heredoc> texts) {
        Location place = new Location(location().startLine(), endLine);
        Source moved =
                new Source(place, source.keyword(), source.original(), source.comments(), source.emptyContinuation());
        return new Statement(moved, name, flags, arguments, json, jsonMistake, texts, trigger);
    }

    /** The statement that heredocs would belong to; null where none can stand. */
    boolean mayHaveHeredocs() {
        Statement one = trigger == null ? this : trigger;
        return !json
                && !one.json
                && switch (one.name()) {
                    case "add", "copy", "run" -> true;
                    default -> false;
                };
    }
}
