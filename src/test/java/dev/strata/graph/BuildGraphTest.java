package dev.strata.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.dockerfile.Dockerfile;
import dev.strata.image.Image;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What a Dockerfile without an image from elsewhere becomes. */
class BuildGraphTest {
    private static final Platform LINUX = new Platform("linux", "amd64", null);

    /** No registry is there. */
    private static final Bases NONE = new Bases() {
        @Override
        public Found find(Reference name, Platform platform) {
            throw new AssertionError("nothing is looked up, but " + name + " was");
        }

        @Override
        public Found layout(String context, Platform platform) {
            throw new AssertionError("nothing is looked up, but " + context + " was");
        }
    };

    private static BuildGraph graph(Platform platform, String... lines) {
        String text = "FROM scratch\n" + String.join("\n", lines) + "\n";
        Request request = new Request(
                null, new LinkedHashMap<>(), platform, LINUX, new TreeMap<>(), List.of(), "default", false, List.of());
        return BuildGraph.of(Dockerfile.parse("Dockerfile", text.getBytes(StandardCharsets.UTF_8)), request, NONE);
    }

    private static List<String> history(BuildGraph graph) {
        return graph.product().lines().stream().map(Product.Line::createdBy).toList();
    }

    @Test
    void portsAreToldInTheOrderOfTheirWords() {
        BuildGraph graph = graph(LINUX, "EXPOSE 8080 9-10 5000:500/udp");
        assertThat(history(graph)).containsExactly("EXPOSE [500/udp 8080/tcp 9/tcp 10/tcp]");
        assertThat(graph.product().execution().exposedPorts().keySet())
                .containsExactlyInAnyOrder("500/udp", "8080/tcp", "9/tcp", "10/tcp");
    }

    @Test
    void anAbsoluteWorkingDirectoryIsToldAsItIsWritten() {
        BuildGraph graph = graph(LINUX, "WORKDIR /a/b/", "WORKDIR c/../d");
        assertThat(history(graph)).containsExactly("WORKDIR /a/b/", "WORKDIR /a/b/d");
        assertThat(graph.product().execution().workingDir()).isEqualTo("/a/b/d");
    }

    @Test
    void theRootNeedsNoFolder() {
        BuildGraph graph = graph(LINUX, "WORKDIR /");
        assertThat(graph.visible()).isEmpty();
        assertThat(history(graph)).containsExactly("WORKDIR /");
    }

    @Test
    void aWorkingDirectoryOfWindowsHasItsSeparators() {
        BuildGraph graph = graph(new Platform("windows", "amd64", null), "WORKDIR C:/app", "WORKDIR bin", "COPY a .");
        assertThat(graph.product().execution().workingDir()).isEqualTo("\\app\\bin");
        assertThat(graph.visible().getLast())
                .isInstanceOfSatisfying(
                        Step.Copy.class, copy -> assertThat(copy.destination()).isEqualTo("/app/bin/"));
    }

    @Test
    void aScriptInAHeredocIsStartedByTheShell() {
        BuildGraph graph = graph(LINUX, "RUN <<EOF", "#!/usr/bin/python3", "print(1)", "EOF");
        assertThat(history(graph)).containsExactly("RUN /bin/sh -c /dev/pipes/EOF # buildkit");
        assertThat(graph.visible().getLast()).isInstanceOfSatisfying(Step.Run.class, run -> {
            assertThat(run.arguments()).containsExactly("/bin/sh", "-c", "/dev/pipes/EOF");
            assertThat(run.script()).isEqualTo(new Step.Script("/dev/pipes/EOF", "#!/usr/bin/python3\nprint(1)\n"));
        });
    }

    @Test
    void aContextMayMakeAnImageTheEmptyOne() {
        Request.NamedContext scratch = new Request.NamedContext.Image(Reference.parse("scratch"));
        Request request = new Request(
                null,
                new LinkedHashMap<>(),
                LINUX,
                LINUX,
                new TreeMap<>(Map.of("busybox", scratch)),
                List.of(),
                "default",
                false,
                List.of());
        byte[] text = "FROM busybox\nCOPY --from=busybox / /a\n".getBytes(StandardCharsets.UTF_8);
        BuildGraph graph = BuildGraph.of(Dockerfile.parse("Dockerfile", text), request, NONE);
        assertThat(graph.chain().getFirst()).isInstanceOf(Step.Scratch.class);
    }

    @Test
    void scratchIsEmptyButForTheUsualPath() {
        Product product = graph(LINUX, "LABEL a=b").product();
        assertThat(product.base()).isEqualTo(Image.scratch(LINUX));
        assertThat(product.execution().env()).containsExactly("PATH=" + StageDispatch.DEFAULT_PATH);
    }
}
