package dev.strata.dockerfile;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The shell's patterns, {@code *} and {@code ?}, on a variable's value. */
final class ShellPattern {
    private ShellPattern() {}

    static String withoutPrefix(String value, String pattern, boolean longest) {
        Matcher matcher = compile(pattern, longest).matcher(value);
        return matcher.lookingAt() ? value.substring(matcher.end()) : value;
    }

    /** Turned round, a suffix is a prefix. */
    static String withoutSuffix(String value, String pattern, boolean longest) {
        String rest = withoutPrefix(reverse(value), reversePattern(pattern), longest);
        return reverse(rest);
    }

    static String replace(String value, String pattern, String replacement, boolean all) {
        Matcher matcher = compile(pattern, true).matcher(value);
        String literal = Matcher.quoteReplacement(replacement);
        return all ? matcher.replaceAll(literal) : matcher.replaceFirst(literal);
    }

    private static String reverse(String text) {
        return new StringBuilder(text).reverse().toString();
    }

    /** Escapes stay before what they escape. */
    private static String reversePattern(String pattern) {
        StringBuilder out = new StringBuilder(pattern.length());
        for (int i = 0; i < pattern.length(); i++) {
            char c = pattern.charAt(i);
            if (c == '\\' && i + 1 < pattern.length()) {
                out.insert(0, pattern.charAt(++i)).insert(0, c);
            } else {
                out.insert(0, c);
            }
        }
        return out.toString();
    }

    static Pattern compile(String pattern, boolean longest) {
        StringBuilder regex = new StringBuilder();
        for (int i = 0; i < pattern.length(); i++) {
            char c = pattern.charAt(i);
            switch (c) {
                case '*' -> regex.append(longest ? ".*" : ".*?");
                case '?' -> regex.append('.');
                case '\\' -> {
                    char next = i + 1 < pattern.length() ? pattern.charAt(i + 1) : '\0';
                    if (next == '}' || next == '/') {
                        continue;
                    }
                    if (next != '*' && next != '?' && next != '\\') {
                        throw new ExpansionException(
                                "pattern \"" + pattern + "\": a backslash may stand before * ? \\ / and } only");
                    }
                    i++;
                    regex.append(Pattern.quote(String.valueOf(next)));
                }
                default -> regex.append(Pattern.quote(String.valueOf(c)));
            }
        }
        return Pattern.compile(regex.toString());
    }
}
