package dev.strata.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.dockerfile.Dockerfile;
import dev.strata.image.Platform;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Which steps forbid to put an image on another base. */
class BaseUseTest {
    private static SequencedMap<String, String> bound(String... lines) {
        Platform linux = new Platform("linux", "amd64", null);
        Request request = new Request(
                null, new LinkedHashMap<>(), linux, linux, new TreeMap<>(), List.of(), "default", false, List.of());
        BuildGraph graph = BuildGraph.of(
                Dockerfile.parse("Dockerfile", String.join("\n", lines).getBytes(StandardCharsets.UTF_8)),
                request,
                new TestBases());
        SequencedMap<String, String> bound = new LinkedHashMap<>();
        BaseUse.of(graph)
                .forEach((base, step) -> bound.put(
                        base.name().path(),
                        step.map(each -> each.label().instruction()).orElse("")));
        return bound;
    }

    @Test
    void settingsAndLinkedCopiesDoNot() {
        assertThat(bound("FROM debian", "ENV A=b", "COPY --link a /", "LABEL c=d", "ADD --link e /f", "CMD [\"/a\"]"))
                .containsOnly(java.util.Map.entry("library/debian", ""));
    }

    @Test
    void everythingElseDoesAndTheFirstIsTold() {
        assertThat(bound("FROM debian", "COPY --link a /", "RUN make", "COPY b /"))
                .containsOnly(java.util.Map.entry("library/debian", "RUN make"));
        assertThat(bound("FROM debian", "COPY b /")).containsOnly(java.util.Map.entry("library/debian", "COPY b /"));
        assertThat(bound("FROM debian", "WORKDIR /x", "COPY --link b /"))
                .containsOnly(java.util.Map.entry("library/debian", "WORKDIR /x"));
    }

    @Test
    void whatALinkedCopyTakesFromAStageDependsOnThatStagesBase() {
        assertThat(bound("FROM golang AS build", "RUN go build", "FROM debian", "COPY --link --from=build /a /"))
                .containsEntry("library/golang", "RUN go build")
                .containsEntry("library/debian", "");
        assertThat(bound("FROM debian", "COPY --link --from=busybox /bin/sh /"))
                .containsEntry("library/debian", "")
                .containsEntry("library/busybox", "COPY --link --from=busybox /bin/sh /");
    }
}
