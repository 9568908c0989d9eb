package dev.strata.dockerfile;

import java.util.List;

/** Takes the flags from the start of an instruction's arguments. */
final class FlagWords {
    private FlagWords() {}

    /** Adds the leading words that begin with two dashes, unquoted, and answers what follows them. */
    static String split(String line, List<String> flags) {
        int at = 0;
        while (true) {
            while (at < line.length() && Whitespace.is(line.charAt(at))) {
                at++;
            }
            if (!line.startsWith("--", at)) {
                return line.substring(at);
            }
            StringBuilder word = new StringBuilder();
            at = word(line, at, word);
            if (word.toString().equals("--")) {
                return line.substring(at);
            }
            flags.add(word.toString());
        }
    }

    private static boolean isPlain(char c) {
        return c != '\'' && c != '"' && c != '\\' && !Whitespace.is(c);
    }

    /** Reads a word up to white space outside quotes; the backslash escapes, whatever the file's escape is. */
    private static int word(String line, int start, StringBuilder word) {
        int plain = start;
        while (plain < line.length() && isPlain(line.charAt(plain))) {
            plain++;
        }
        word.append(line, start, plain);
        char quote = 0;
        for (int at = plain; at < line.length(); at++) {
            char c = line.charAt(at);
            if (quote == 0 && Whitespace.is(c)) {
                return at;
            }
            if (quote == 0 && (c == '\'' || c == '"')) {
                quote = c;
            } else if (quote != 0 && c == quote) {
                quote = 0;
            } else if (c == '\\') {
                if (++at < line.length()) {
                    word.append(line.charAt(at));
                }
            } else {
                word.append(c);
            }
        }
        return line.length();
    }
}
