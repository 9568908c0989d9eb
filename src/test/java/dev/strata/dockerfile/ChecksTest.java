package dev.strata.dockerfile;

import static dev.strata.dockerfile.DockerfileTest.parse;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ChecksTest {
    private static List<String> errors(String text) {
        return parse(text).check(Map.of()).stream()
                .map(error -> error.location().startLine() + ": " + error.sentence())
                .toList();
    }

    @Test
    void aFileThatCanBeBuiltHasNoErrors() {
        assertThat(errors("# syntax=docker/dockerfile:1.20\nARG V=1\nFROM a:$V AS b\nFROM b\nCOPY --from=b x y\n"))
                .isEmpty();
        assertThat(errors("# syntax=registry.example/docker/dockerfile:1\nFROM a\n"))
                .isEmpty();
    }

    @Test
    void aForeignFrontEndIsRefusedByName() {
        assertThat(errors("# syntax=example/other:1\nFROM a\n"))
                .singleElement()
                .asString()
                .startsWith("1: the front end \"example/other:1\" is not supported");
    }

    @Test
    void aBlankBaseNamesTheArgThatIsNotSet() {
        assertThat(errors("ARG IMAGE\nFROM $IMAGE\nFROM --platform=$TARGETPLATFROM a\n"))
                .satisfiesExactly(
                        base -> assertThat(base).startsWith("2: the base of FROM is blank, as IMAGE is not set"),
                        platform -> assertThat(platform).contains("did you mean TARGETPLATFORM?"));
    }

    @Test
    void stagesInACircleAreFound() {
        assertThat(errors("""
                FROM a AS x
                COPY --from=z a b
                FROM a AS y
                COPY --from=x a b
                FROM a AS z
                RUN --mount=from=y,target=/y true
                """)).singleElement().asString().contains("waits for itself");
    }

    @Test
    void aLaterStageCannotBeTakenFromAndAMissingNumberIsSaid() {
        assertThat(errors("FROM a AS x\nCOPY --from=y a b\nFROM a AS y\nFROM x\nCOPY --from=7 a b\n"))
                .satisfiesExactly(
                        later -> assertThat(later).startsWith("2: the stage y is defined further down"),
                        number -> assertThat(number).startsWith("5: there is no stage number 7"));
    }

    @Test
    void copyOfAUrlIsRefused() {
        assertThat(errors("FROM a\nCOPY https://example.com/x /\n"))
                .singleElement()
                .asString()
                .contains("expected ADD");
    }
}
