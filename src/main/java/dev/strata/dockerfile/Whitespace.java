package dev.strata.dockerfile;

import java.util.ArrayList;
import java.util.List;

/** Unicode's white space, as Go's {@code unicode.IsSpace} has it; Java's own notions differ in a few characters. */
final class Whitespace {
    private Whitespace() {}

    static boolean is(char c) {
        return switch (c) {
            case ' ', '\t', '\n', '\u000b', '\f', '\r', '\u0085', '\u00a0' -> true;
            case '\u1680', '\u2028', '\u2029', '\u202f', '\u205f', '\u3000' -> true;
            default -> c >= '\u2000' && c <= '\u200a';
        };
    }

    /** What separates an instruction from its arguments and these from one another; other white space does not. */
    private static boolean separates(char c) {
        return c == ' ' || c == '\t' || c == '\u000b' || c == '\f' || c == '\r';
    }

    static String trim(String text) {
        int end = text.length();
        while (end > 0 && is(text.charAt(end - 1))) {
            end--;
        }
        return trimStart(text.substring(0, end));
    }

    static String trimStart(String text) {
        return text.substring(first(text));
    }

    /** Where the first character is that is no white space; the text's length where there is none. */
    static int first(String text) {
        int start = 0;
        while (start < text.length() && is(text.charAt(start))) {
            start++;
        }
        return start;
    }

    /** Splits at separators into at most {@code limit} parts, of which the last keeps its own separators. */
    static List<String> split(String text, int limit) {
        List<String> parts = new ArrayList<>();
        int start = 0;
        int at = 0;
        while (at < text.length() && parts.size() < limit - 1) {
            if (!separates(text.charAt(at))) {
                at++;
                continue;
            }
            parts.add(text.substring(start, at));
            while (at < text.length() && separates(text.charAt(at))) {
                at++;
            }
            start = at;
        }
        parts.add(text.substring(start));
        return parts;
    }
}
