package dev.strata.builder;

import dev.strata.dockerfile.Location;
import java.util.List;

/** The lines of a Dockerfile that a message is about. */
final class Excerpts {
    private static final int LONGEST = 200;

    private Excerpts() {}

    static String of(BuildFiles.DockerfileText file, Location location) {
        List<String> lines = file.text().lines().toList();
        StringBuilder text = new StringBuilder();
        int first = Math.max(1, location.startLine() - 1);
        int last = Math.min(lines.size(), Math.min(location.endLine() + 1, location.startLine() + 6));
        for (int number = first; number <= last; number++) {
            boolean marked = number >= location.startLine() && number <= location.endLine();
            String line = lines.get(number - 1);
            text.append(String.format(
                    "%4d | %s %s%n",
                    number, marked ? ">" : " ", line.length() > LONGEST ? line.substring(0, LONGEST) + "…" : line));
        }
        return text.toString().stripTrailing();
    }
}
