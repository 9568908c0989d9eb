package dev.strata.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The rows of docs/cache.md about instructions, each worked out. */
class CachePageTest {
    private static final Contents FILES = new Contents("files", Collections.emptySortedMap());

    static Stream<Arguments> rows() throws IOException {
        List<String> page = Files.readAllLines(Path.of("docs/cache.md"));
        int table = page.indexOf("| before | after | then |");
        return page.subList(table + 2, page.size()).stream()
                .takeWhile(line -> line.startsWith("|"))
                .map(line -> line.split(" \\| ", -1))
                .map(cells -> Arguments.of(
                        code(cells[0].substring(2)),
                        code(cells[1]),
                        cells[2].replace("|", "").strip()));
    }

    private static String code(String cell) {
        return cell.strip().replaceAll("^`|`$", "").replace("<br>", "\n");
    }

    private static CacheKey key(String lines) {
        BuildGraph graph = Requests.graph("FROM debian:12\n" + lines + "\n");
        return key(graph, graph.product().step());
    }

    private static CacheKey key(BuildGraph graph, int id) {
        return graph.steps().get(id) instanceof Step.Layered step
                ? CacheKey.of(Ingredients.of(step, key(graph, step.parent()), FILES, ""))
                : Ingredients.source(graph.steps().get(id));
    }

    @ParameterizedTest(name = "{0} and {1}: {2}")
    @MethodSource("rows")
    void everyRowIsTrue(String before, String after, String then) {
        assertThat(then).isIn("new", "same");
        assertThat(key(after).equals(key(before)) ? "same" : "new").isEqualTo(then);
    }
}
