package dev.strata.dockerfile;

import java.util.ArrayList;
import java.util.List;

/** Splits at white space outside quotes; quotes and escapes stay in the words, for the expansion to take away. */
final class QuotedWords {
    private QuotedWords() {}

    static List<String> split(String text, char escape) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        char quote = 0;
        for (int at = 0; at < text.length(); at++) {
            char c = text.charAt(at);
            if (quote == 0 && Whitespace.is(c)) {
                flush(word, words);
                continue;
            }
            if (quote == 0 && (c == '\'' || c == '"')) {
                quote = c;
            } else if (quote != 0 && c == quote) {
                quote = 0;
            }
            if (c == escape && quote != '\'') {
                if (at + 1 == text.length()) {
                    break;
                }
                word.append(c);
                c = text.charAt(++at);
            }
            word.append(c);
        }
        flush(word, words);
        return words;
    }

    private static void flush(StringBuilder word, List<String> words) {
        if (!word.isEmpty()) {
            words.add(word.toString());
            word.setLength(0);
        }
    }
}
