package dev.strata.dockerfile;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A word that starts a heredoc: {@code <<NAME}, {@code <<-NAME} or {@code 3<<"NAME"}.
 *
 * @param expand false when any part of the name is quoted
 */
record HeredocWord(String name, boolean expand, boolean stripTabs, int fileDescriptor) {
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
        int sign = word.indexOf("<<");
        if (sign < 0 || !isDigits(word, sign)) {
            return null;
        }
        boolean stripTabs = word.startsWith("-", sign + 2);
        int start = sign + (stripTabs ? 3 : 2);
        while (start < word.length() && "\t\n\f\r ".indexOf(word.charAt(start)) >= 0) {
            start++;
        }
        String rest = word.substring(start);
        if (rest.isEmpty() || rest.indexOf('<') >= 0) {
            return null;
        }
        List<String> names = read(rest, ShellWord.Mode.NAME);
        if (names.size() != 1) {
            return null;
        }
        String written = read(rest, ShellWord.Mode.QUOTED_NAME).getFirst();
        String name = names.getFirst();
        return new HeredocWord(name, quotes(written) == quotes(name), stripTabs, descriptor(word.substring(0, sign)));
    }

    private static List<String> read(String text, ShellWord.Mode mode) {
        return new ShellWord(text, '\\', Expansion.Variables.NONE, mode).read().words();
    }

    private static boolean isDigits(String text, int end) {
        for (int i = 0; i < end; i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return true;
    }

    private static int quotes(String text) {
        int count = 0;
        for (int i = 0; i < text.length(); i++) {
            count += text.charAt(i) == '\'' || text.charAt(i) == '"' ? 1 : 0;
        }
        return count;
    }

    private static int descriptor(String digits) {
        try {
            return digits.isEmpty() ? 0 : Integer.parseInt(digits);
        } catch (NumberFormatException e) {
            return Integer.MAX_VALUE;
        }
    }
}
