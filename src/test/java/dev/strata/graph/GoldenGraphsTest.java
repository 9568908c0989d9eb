package dev.strata.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.dockerfile.Location;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Dockerfiles and the graphs they become: a folder a case, {@code request} is what is asked where it is more than the
 * last stage. {@code -Dgolden=write} writes the graphs anew.
 */
class GoldenGraphsTest {
    private static final Path FOLDER = Path.of("src/test/resources/graph");

    @TestFactory
    Stream<DynamicTest> dockerfilesBecomeTheGraphsInTheirFolders() throws IOException {
        try (Stream<Path> cases = Files.list(FOLDER)) {
            List<Path> sorted = cases.sorted().toList();
            return sorted.stream()
                    .map(folder -> DynamicTest.dynamicTest(folder.getFileName().toString(), () -> check(folder)));
        }
    }

    private static void check(Path folder) throws IOException {
        Path request = folder.resolve("request");
        String[] lines = Files.exists(request) ? Files.readAllLines(request).toArray(String[]::new) : new String[0];
        String graph = GraphText.of(Requests.graph(bases(), Files.readString(folder.resolve("Dockerfile")), lines));
        Path expected = folder.resolve("graph.txt");
        if ("write".equals(System.getProperty("golden"))) {
            Files.writeString(expected, graph);
        }
        assertThat(graph).isEqualTo(Files.readString(expected));
    }

    private static TestBases bases() {
        return new TestBases().with("parent", execution -> {
            execution.workingDir = "/app";
            execution.onBuild = List.of("COPY package.json ./", "ARG MODE=fast", "RUN install $MODE");
        });
    }

    private static void refuses(String dockerfile, String message, String... request) {
        assertThatThrownBy(() -> Requests.graph(dockerfile, request))
                .isInstanceOf(GraphException.class)
                .hasMessageContaining(message);
    }

    @Test
    void copyingFromTheStageItselfOrALaterOneIsRefused() {
        refuses("FROM scratch AS a\nCOPY --from=b / /\nFROM scratch AS b\nFROM a", "needs to be defined before");
        refuses("FROM scratch AS a\nCOPY --from=a / /\n", "needs to be defined before");
        refuses("FROM scratch AS a\nCOPY --from=1 / /\nFROM scratch\nFROM a", "needs to be defined before");
        refuses("FROM scratch\nRUN --mount=from=0,target=/x true\n", "needs to be defined before");
    }

    @Test
    void aStageThatIsNotThereIsRefusedWithTheNamesOfThoseThatAre() {
        refuses("FROM scratch\nCOPY --from=7 / /\n", "invalid stage index 7");
        assertThatThrownBy(() -> Requests.graph("FROM scratch AS build\nFROM scratch", "target bulid"))
                .isInstanceOfSatisfying(GraphException.class, e -> {
                    assertThat(e).hasMessage("there is no stage \"bulid\" to build");
                    assertThat(e.location()).isNull();
                    assertThat(e.mend()).contains("build").contains("stage-1");
                });
    }

    @Test
    void whatABuildCannotMeanIsRefusedWithItsLine() {
        refuses("FROM debian:12\nSTOPSIGNAL SIGNOPE\n", "invalid signal: SIGNOPE");
        refuses("FROM debian:12\nSTOPSIGNAL 0\n", "invalid signal: 0");
        refuses("FROM debian:12\nCOPY --chmod=999 a /\n", "invalid chmod parameter");
        refuses("FROM debian:12\nCOPY https://a.example/x /\n", "source can't be a URL for COPY");
        refuses("FROM debian:12\nCOPY git@git.example:a/b.git /\n", "source can't be a git ref for COPY");
        refuses("FROM debian:12\nADD --checksum=sha256:00 a /\n", "checksum");
        refuses("FROM debian:12\nRUN []\n", "arguments are required");
        refuses("FROM debian:12\nRUN --mount=type=cache,target=/ true\n", "mount target");
        refuses("FROM debian:12\nRUN echo\nRUN --device=vendor/class=x,required true\n", "no device can be given");
        refuses("FROM ${NOTHING}\n", "is blank");
        refuses("FROM UPPER:1\n", "UPPER");
        refuses("FROM --platform=nonsense/x/y/z debian:12\n", "platform");
        refuses("FROM --platform=nonsense debian:12\n", "unknown operating system or architecture");
        assertThatThrownBy(() -> Requests.graph("FROM debian:12\n\nRUN x\nWORKDIR ${A?no A}\n"))
                .isInstanceOfSatisfying(
                        GraphException.class, e -> assertThat(e.location()).isEqualTo(new Location(4, 4)));
    }

    @Test
    void aFolderIsTheFirstLayerOfAStageThatStandsOnItOrHasItsName() {
        BuildGraph graph = Requests.graph("FROM folder\nENV a=b\n", "context folder=folder");
        assertThat(graph.steps().getLast()).isInstanceOfSatisfying(Step.Copy.class, copy -> {
            assertThat(copy.items()).containsExactly(new Step.Item.Paths(1, "/", true));
            assertThat(copy.label().instruction()).isEqualTo("FROM folder");
        });
        graph = Requests.graph(
                "FROM debian:12 AS folder\nRUN x\nFROM scratch\nCOPY --from=folder a /\n", "context folder=folder");
        assertThat(graph.steps()).noneMatch(Step.Run.class::isInstance);
    }

    @Test
    void signalsAreTakenByNameAndNumber() {
        for (String signal : List.of("9", "SIGTERM", "term", "SIGRTMIN+3", "RTMAX-14", "SIGRTMAX")) {
            assertThat(Requests.graph("FROM scratch\nSTOPSIGNAL " + signal)
                            .product()
                            .execution()
                            .stopSignal())
                    .isEqualTo(signal);
        }
        refuses("FROM scratch\nSTOPSIGNAL RTMIN+16", "invalid signal");
    }

    @Test
    void eachBaseIsLookedUpOnceAndThoseOfSkippedStagesNever() {
        TestBases bases = new TestBases();
        Requests.graph(bases, """
                FROM golang:1 AS unused
                FROM debian:12 AS a
                RUN a
                FROM debian:12
                COPY --from=busybox /x /
                COPY --from=busybox /y /
                COPY --from=a /z /
                """);
        assertThat(bases.asked).doesNotContain("golang:1 linux/amd64").contains("debian:12 linux/amd64");
        assertThat(bases.asked.stream().filter(name -> name.startsWith("busybox")))
                .hasSize(1);
    }

    @Test
    void theChainIsWhatTheProductStandsOnBottomFirst() {
        BuildGraph graph = Requests.graph("FROM debian:12 AS a\nRUN 1\nFROM debian:12\nCOPY --from=a /x /\nRUN 2");
        assertThat(graph.chain()).hasSize(3).first().isInstanceOf(Step.Base.class);
        assertThat(graph.visible()).hasSize(5);
        graph.steps()
                .forEach(
                        step -> step.inputs().forEach(input -> assertThat(input).isLessThan(step.id())));
    }
}
