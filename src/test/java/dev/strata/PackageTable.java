package dev.strata;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The two tables of README.md that say which package may use what. */
record PackageTable(SequencedMap<String, Row> packages, SequencedMap<String, List<String>> libraries) {
    private static final Pattern ROW = Pattern.compile("\\| ([^|]+) \\| ([^|]+) \\| ([^|]+) \\|");

    /** @param uses packages, the row's own not among them */
    record Row(String sentence, List<String> uses) {}

    static PackageTable read() throws IOException {
        List<String> lines = Files.readAllLines(Path.of("README.md"));
        SequencedMap<String, Row> packages = new LinkedHashMap<>();
        SequencedMap<String, List<String>> libraries = new LinkedHashMap<>();
        rows(lines, "| package | one sentence |")
                .forEach((cells) ->
                        packages.put(code(cells.get(0)).getFirst(), new Row(cells.get(1), words(cells.get(2)))));
        rows(lines, "| library | in |")
                .forEach(cells -> code(cells.get(1)).forEach(prefix -> libraries.put(prefix, words(cells.get(2)))));
        return new PackageTable(packages, libraries);
    }

    private static List<List<String>> rows(List<String> lines, String head) {
        return lines.stream()
                .dropWhile(line -> !line.startsWith(head))
                .skip(2)
                .takeWhile(line -> line.startsWith("|"))
                .map(ROW::matcher)
                .peek(Matcher::matches)
                .map(row -> List.of(
                        row.group(1).strip(), row.group(2).strip(), row.group(3).strip()))
                .toList();
    }

    private static List<String> code(String cell) {
        return Pattern.compile("`([^`]+)`")
                .matcher(cell)
                .results()
                .map(found -> found.group(1))
                .toList();
    }

    private static List<String> words(String cell) {
        return switch (cell) {
            case "nothing" -> List.of();
            case "the root" -> List.of("");
            default -> Arrays.stream(cell.split(",")).map(String::strip).toList();
        };
    }

    /** The libraries that a class belongs to, each with the packages that may use it; empty for all others. */
    Map<String, List<String>> homesOf(String className) {
        return libraries.entrySet().stream()
                .filter(entry -> className.startsWith(entry.getKey() + "."))
                .collect(java.util.stream.Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }
}
