package dev.strata.dockerfile;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Expands variables in a value and takes its quotes and escapes away, as BuildKit's shell lexer does.
 *
 * <p>Forms: {@code $x ${x} ${x-w} ${x:-w} ${x+w} ${x:+w} ${x?w} ${x:?w} ${x#p} ${x##p} ${x%p} ${x%%p} ${x/p/r} ${x//p/r}}.
 *
 * @param escape the file's escape character, a backslash or a backtick
 */
public record Expansion(char escape) {

    /** Where values come from. */
    @FunctionalInterface
    public interface Variables {
        Variables NONE = name -> null;

        /** From {@code NAME=value} entries; of several the last counts, and one without a value is set and empty. */
        static Variables of(List<String> entries) {
            Map<String, String> values = new HashMap<>();
            for (String entry : entries) {
                int equals = entry.indexOf('=');
                values.put(
                        equals < 0 ? entry : entry.substring(0, equals), equals < 0 ? "" : entry.substring(equals + 1));
            }
            return values::get;
        }

        /** The variable's value, null where it is not set. */
        @Nullable
        String get(String name);
    }

    /**
     * A value after expansion.
     *
     * @param text the value as one word
     * @param words the value split at spaces that were not quoted
     * @param matched names of variables that were asked for and are set
     * @param unmatched names of variables that were asked for and are not set
     */
    public record Expanded(String text, List<String> words, Set<String> matched, Set<String> unmatched) {}

    /** Expands to one word. An {@link ExpansionException} says which form is wrong. */
    public Expanded word(String text, Variables variables) {
        return new ShellWord(text, escape, variables, ShellWord.Mode.EXPAND).read();
    }

    /** Expands and splits at spaces that are not quoted. */
    public List<String> words(String text, Variables variables) {
        return word(text, variables).words();
    }

    /** Expands but leaves quotes: how the text of a heredoc is expanded. It escapes as shells do, whatever the file does. */
    public Expanded heredoc(String text, Variables variables) {
        return new ShellWord(text, '\\', variables, ShellWord.Mode.HEREDOC).read();
    }
}
