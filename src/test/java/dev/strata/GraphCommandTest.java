package dev.strata;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.strata.image.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class GraphCommandTest {
    private static final String DOCKERFILE = """
            FROM debian:12 AS build
            RUN echo "quoted"
            FROM debian:12 AS test
            RUN test
            FROM scratch
            COPY --from=build /app /
            """;

    @TempDir
    Path context;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int graph(String dockerfile, String... arguments) throws IOException {
        Files.writeString(context.resolve("Dockerfile"), dockerfile);
        CommandLine line = new CommandLine(new GraphCommand())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .setCaseInsensitiveEnumValuesAllowed(true);
        String[] all = java.util.Arrays.copyOf(arguments, arguments.length + 2);
        all[arguments.length] = "--offline";
        all[arguments.length + 1] = context.toString();
        return line.execute(all);
    }

    @Test
    void stepsAreShownWithWhatTheyStandOn() throws IOException {
        assertThat(graph(DOCKERFILE)).isZero();
        assertThat(out.toString()).isEqualTo("""
                #0 the empty image
                #1 [build 1/2] FROM debian:12  (line 1)
                #2 [build 2/2] RUN echo "quoted"  (line 2)  <- #1
                #3 [stage-2 1/1] COPY --from=build /app /  (line 6)  <- #0, #2
                the image is #3
                left out: test (line 3): the target stage-2 takes nothing from it
                """);
    }

    @Test
    void aTargetLeavesOutWhatComesAfterIt() throws IOException {
        assertThat(graph(DOCKERFILE, "--target", "build")).isZero();
        assertThat(out.toString())
                .contains("the image is #1")
                .contains("left out: test (line 3): it comes after the target build")
                .doesNotContain("COPY");
    }

    @Test
    void programsReadItAsJson() throws IOException {
        assertThat(graph(DOCKERFILE, "--format", "json")).isZero();
        JsonNode json = Json.MAPPER.readTree(out.toString());
        assertThat(json.at("/steps/3/kind").asText()).isEqualTo("copy");
        assertThat(json.at("/steps/3/inputs").toString()).isEqualTo("[0,2]");
        assertThat(json.at("/steps/2/line").asInt()).isEqualTo(2);
        assertThat(json.at("/image").asInt()).isEqualTo(3);
        assertThat(json.at("/skipped/0/stage").asText()).isEqualTo("test");
    }

    @Test
    void contextsGivenWithTheBuildStandForWhatTheyAre() throws IOException {
        String dockerfile = """
                FROM debian:12 AS build
                FROM Base
                COPY --from=assets a b
                COPY --from=other c d
                """;
        assertThat(graph(
                        dockerfile,
                        "--build-context=Base=docker-image://alpine:3",
                        "--build-context=assets=../assets",
                        "--build-context=other=target:build"))
                .isZero();
        assertThat(out.toString())
                .contains("the context assets")
                .contains("COPY --from=assets a b")
                .contains("FROM debian:12")
                .doesNotContain("left out");
        assertThat(graph(dockerfile, "--build-context=Base=oci-layout://x")).isEqualTo(2);
    }

    @Test
    void graphvizDrawsIt() throws IOException {
        assertThat(graph(DOCKERFILE, "--format", "dot")).isZero();
        assertThat(out.toString())
                .startsWith("digraph build {")
                .contains("s2 [label=\"[build 2/2] RUN echo \\\"quoted\\\"\"];")
                .contains("s1 -> s2;")
                .contains("s2 -> s3 [style=dashed];")
                .endsWith("}\n");
    }

    @Test
    void whatCannotBeBuiltIsShownWithItsLine() throws IOException {
        assertThat(graph("FROM scratch\nSTOPSIGNAL nonsense\n")).isEqualTo(1);
        assertThat(err.toString())
                .contains("Dockerfile:2: ")
                .contains("nonsense")
                .contains("STOPSIGNAL nonsense");
        assertThat(graph("FROM scratch\nCOPPY a b\n")).isEqualTo(1);
        assertThat(err.toString()).contains("Dockerfile:2: ").contains("COPPY");
    }

    @Test
    void aFileThatIsNotThereIsNamed() throws IOException {
        assertThat(graph(DOCKERFILE, "-f", "nowhere/Dockerfile")).isEqualTo(1);
        assertThat(err.toString()).contains("nowhere/Dockerfile");
    }
}
