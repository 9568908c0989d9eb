package dev.strata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Test cases of other projects, read in place: the folder that STRATA_CORPORA names, else ../shared/corpora. Where it is
 * absent, the tests that need it are skipped and say so.
 */
public final class Corpora {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Corpora() {}

    /** The folder of one set; skips the test where it is absent. */
    public static Path set(String name) {
        String named = System.getenv("STRATA_CORPORA");
        Path folder = Path.of(named == null || named.isEmpty() ? "../shared/corpora" : named, name)
                .toAbsolutePath()
                .normalize();
        Path found = Files.isDirectory(folder) ? folder : sharedAbove(name).orElse(folder);
        assumeTrue(Files.isDirectory(found), "no corpora at " + folder + "; STRATA_CORPORA can name their folder");
        return found;
    }

    /** A working tree of git may lie deeper than the project. */
    private static Optional<Path> sharedAbove(String name) {
        return Stream.iterate(Path.of("").toAbsolutePath(), folder -> folder != null, Path::getParent)
                .map(folder -> folder.resolve("shared/corpora").resolve(name))
                .filter(Files::isDirectory)
                .findFirst();
    }

    /** All cases of the set's files, one JSON document a line. */
    public static List<JsonNode> cases(String set, String... files) {
        List<JsonNode> cases = new ArrayList<>();
        try {
            for (Path file : files.length == 0
                    ? all(set)
                    : Stream.of(files).map(set(set)::resolve).toList()) {
                for (String line : Files.readAllLines(file)) {
                    cases.add(JSON.readTree(line));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return cases;
    }

    private static List<Path> all(String set) throws IOException {
        try (Stream<Path> files = Files.list(set(set))) {
            return files.filter(file -> file.toString().endsWith(".jsonl"))
                    .sorted()
                    .toList();
        }
    }

    /**
     * Runs every case, prints one line for the set and fails unless all are right.
     *
     * @param difference the first difference of a case, null where it is right
     */
    public static void score(String name, List<JsonNode> cases, Function<JsonNode, @Nullable String> difference) {
        List<String> failures = new ArrayList<>();
        for (JsonNode one : cases) {
            String found;
            try {
                found = difference.apply(one);
            } catch (RuntimeException | StackOverflowError e) {
                found = "crashed: " + e + " at " + (e.getStackTrace().length == 0 ? "?" : e.getStackTrace()[0]);
            }
            if (found != null) {
                failures.add(one.path("id").asText() + ": " + found);
            }
        }
        System.out.println(name + ": " + (cases.size() - failures.size()) + " of " + cases.size());
        failures.forEach(failure -> System.out.println("  " + failure));
        assertThat(failures).isEmpty();
    }
}
