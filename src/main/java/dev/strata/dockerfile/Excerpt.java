package dev.strata.dockerfile;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Shows a few lines of a file with a place marked. */
public record Excerpt(List<String> lines) {
    private static final int AROUND = 2;
    private static final int LONGEST_BLOCK = 12;
    private static final int WIDEST_LINE = 160;

    public String of(Location location) {
        return of(location, null);
    }

    /** @param marked text in these lines that is pointed at where it stands first */
    String of(Location location, @Nullable String marked) {
        int first = Math.max(1, location.startLine() - AROUND);
        int last = Math.min(lines.size(), Math.min(location.endLine(), location.startLine() + LONGEST_BLOCK) + AROUND);
        int width = String.valueOf(last).length();
        StringBuilder out = new StringBuilder();
        boolean found = false;
        for (int number = first; number <= last; number++) {
            boolean inside = number >= location.startLine() && number <= location.endLine();
            String line = lines.get(number - 1).stripTrailing();
            String shown = line.length() > WIDEST_LINE ? line.substring(0, WIDEST_LINE) + "…" : line;
            out.append(inside ? ">" : " ")
                    .append(" ".repeat(width - String.valueOf(number).length() + 1));
            out.append(number).append(" | ").append(shown).append('\n');
            int at = inside && !found && marked != null && !marked.isEmpty() ? shown.indexOf(marked) : -1;
            if (at >= 0 && marked != null) {
                found = true;
                out.append(" ".repeat(width + 2)).append(" | ").append(blank(shown, at));
                out.append("^".repeat(Math.min(marked.length(), shown.length() - at)))
                        .append('\n');
            }
        }
        return out.toString();
    }

    /** As wide as the start of the line, tabs kept so that the mark stands below its place. */
    private static String blank(String line, int length) {
        StringBuilder out = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            out.append(line.charAt(i) == '\t' ? '\t' : ' ');
        }
        return out.toString();
    }
}
