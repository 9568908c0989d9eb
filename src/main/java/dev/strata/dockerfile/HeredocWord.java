package dev.strata.dockerfile;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A word that starts a heredoc: {@code <<NAME}, {@code <<-NAME} or {@code 3<<"NAME"}.
 *
 * @param expand false when any part of the name is quoted
 */
record HeredocWord(String name, boolean expand, boolean stripTabs, int fileDescriptor) {
    private static final Pattern WORD = Pattern.compile("([0-9]*+)<<(-?)[\\t\\n\\f\\r ]*+([^<]*+)");

    /** The heredocs that a line starts, in order. A line whose quotes do not match has none. */
    static List<HeredocWord> inLine(String line) {
        List<String> words;
        try {
            words = new ShellWord(line, '\\', Expansion.Variables.NONE, ShellWord.Mode.RAW)
                    .read()
                    .words();
        } catch (ExpansionException e) {
            return List.of();
        }
        List<HeredocWord> found = new ArrayList<>();
        for (String word : words) {
            HeredocWord heredoc = parse(word);
            if (heredoc != null) {
                found.add(heredoc);
            }
        }
        return found;
    }

    /** Null where the word does not start a heredoc; an {@link ExpansionException} where its name is malformed. */
    static @Nullable HeredocWord parse(String word) {
        if (!word.contains("<<")) {
            return null;
        }
        Matcher matcher = WORD.matcher(word);
        if (!matcher.matches() || matcher.group(3).isEmpty()) {
            return null;
        }
        String rest = matcher.group(3);
        List<String> names = read(rest, ShellWord.Mode.NAME);
        if (names.size() != 1) {
            return null;
        }
        String written = read(rest, ShellWord.Mode.QUOTED_NAME).getFirst();
        String name = names.getFirst();
        return new HeredocWord(
                name, quotes(written) == quotes(name), !matcher.group(2).isEmpty(), descriptor(matcher.group(1)));
    }

    private static List<String> read(String text, ShellWord.Mode mode) {
        return new ShellWord(text, '\\', Expansion.Variables.NONE, mode).read().words();
    }

    private static long quotes(String text) {
        return text.chars().filter(c -> c == '\'' || c == '"').count();
    }

    private static int descriptor(String digits) {
        try {
            return digits.isEmpty() ? 0 : Integer.parseInt(digits);
        } catch (NumberFormatException e) {
            return Integer.MAX_VALUE;
        }
    }
}
