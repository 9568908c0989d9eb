package dev.strata.dockerfile;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One FROM and all that follows it up to the next.
 *
 * @param index counted from 0
 * @param name the name after AS in lower case, as stages are found by; null where there is none
 * @param writtenName the name as written; null where there is none
 * @param base the base as written: an image, a stage or {@code scratch}, with variables unexpanded
 * @param platform the value of {@code --platform}, unexpanded; null where there is none
 */
public record Stage(
        Source source,
        int index,
        @Nullable String name,
        @Nullable String writtenName,
        String base,
        @Nullable String platform,
        List<Instruction> instructions) {
    public Stage {
        instructions = List.copyOf(instructions);
    }

    /** The word AS as it was written; null where the stage has no name. */
    @Nullable
    String as() {
        if (writtenName == null) {
            return null;
        }
        List<String> words = Whitespace.split(Whitespace.trim(source.original()), Integer.MAX_VALUE);
        return words.get(words.size() - 2);
    }

    /** What the comments above FROM say about the stage; null where they say nothing. */
    public @Nullable String comment() {
        return name == null ? null : Source.explanation(source, name);
    }

    /** The lines of FROM itself. */
    public Location location() {
        return source.location();
    }
}
