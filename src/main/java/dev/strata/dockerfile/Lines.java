package dev.strata.dockerfile;

import java.util.ArrayList;
import java.util.List;

/** Splits a text into lines. */
final class Lines {
    private Lines() {}

    /** Each line keeps its end; a text that ends with a line feed has no empty line after it. */
    static List<String> split(String text) {
        return first(text, Integer.MAX_VALUE);
    }

    /** A text's lines without their ends. */
    static List<String> withoutEnds(List<String> lines) {
        List<String> bare = new ArrayList<>(lines.size());
        for (String line : lines) {
            bare.add(withoutEnd(line));
        }
        return bare;
    }

    static List<String> first(String text, int most) {
        List<String> lines = new ArrayList<>();
        int start = 0;
        while (start < text.length() && lines.size() < most) {
            int end = text.indexOf('\n', start);
            int stop = end < 0 ? text.length() : end + 1;
            lines.add(text.substring(start, stop));
            start = stop;
        }
        return lines;
    }

    /** A line without all carriage returns and line feeds at its end. */
    static String withoutEnd(String line) {
        int end = line.length();
        while (end > 0 && (line.charAt(end - 1) == '\n' || line.charAt(end - 1) == '\r')) {
            end--;
        }
        return line.substring(0, end);
    }
}
