package dev.strata.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A graph of any size is made, or refused before memory ends. The limits are generous for busy machines. */
@Timeout(300)
class HostileFilesTest {
    private static final int MANY = 100_000;

    private static String lines(int count, IntFunction<String> line) {
        return IntStream.range(0, count).mapToObj(line).collect(Collectors.joining("\n", "", "\n"));
    }

    private static void isTooLarge(String text) {
        assertThatThrownBy(() -> Requests.graph(text)).isInstanceOfSatisfying(GraphException.class, refused -> {
            assertThat(refused).hasMessageContaining("more than 64 MiB of memory");
            assertThat(refused.location()).isNotNull();
            assertThat(refused.mend()).isNotNull();
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"ENV v%=1", "LABEL v%=1", "ARG v%=1", "RUN echo %", "COPY a% b%", "ONBUILD RUN %"})
    void aHundredThousandInstructionsOfAKindBecomeAGraph(String line) {
        BuildGraph graph =
                Requests.graph("FROM debian:12\n" + lines(MANY, number -> line.replace("%", String.valueOf(number))));
        Product product = graph.product();
        assertThat(product.lines().size() + product.execution().onBuild().size())
                .isGreaterThanOrEqualTo(MANY);
    }

    @Test
    void valuesThatGrowFromLineToLineAreRefused() {
        String start = "FROM debian:12\nENV a=" + "x".repeat(60_000) + "\n";
        assertThatThrownBy(() -> Requests.graph(start + "ENV a=$a$a$a$a$a$a\n".repeat(5)))
                .isInstanceOf(GraphException.class)
                .hasMessageContaining("grows too long");
        isTooLarge(start + lines(3_000, number -> "ENV b" + number + "=$a"));
        isTooLarge(start + lines(3_000, number -> "COPY <<EOF b\n$a\nEOF"));
        isTooLarge("FROM debian:12\n" + "EXPOSE 1-65535\n".repeat(300));
    }

    @Test
    void variablesTimesStagesOrCommandsAreCounted() {
        String many = "FROM debian:12 AS s0\n" + lines(5_000, number -> "ENV v" + number + "=1");
        isTooLarge(many + lines(MANY / 10, number -> "FROM s0 AS t" + number) + "FROM scratch\n"
                + lines(MANY / 10, number -> "COPY --from=t" + number + " a b"));
        isTooLarge("FROM debian:12\n" + lines(MANY / 10, number -> "ENV v" + number + "=1\nRUN " + number));
    }

    @Test
    void aFolderThatGrowsWithEveryLineIsRefused() {
        assertThatThrownBy(() -> Requests.graph("FROM debian:12\n" + "WORKDIR deeper\n".repeat(MANY)))
                .isInstanceOf(GraphException.class)
                .hasMessageContaining("longer than 4096");
    }
}
