package dev.strata.dockerfile;

import static dev.strata.dockerfile.DockerfileTest.parse;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
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
                """))
                .singleElement()
                .asString()
                .contains("refers to current build block, as the stage x waits for itself");
        assertThat(errors("FROM a AS x\nCOPY --from=x a b\n"))
                .singleElement()
                .asString()
                .contains("as the stage x waits for itself");
    }

    @Test
    void aNameThatNoImageCanHaveIsRefusedInEveryStage() {
        assertThat(errors("FROM Alpine\nCOPY --from=a:b:c x y\nFROM alpine\n"))
                .satisfiesExactly(
                        base -> assertThat(base)
                                .startsWith("1: invalid reference format: \"Alpine\" is neither a stage above")
                                .endsWith("(did you mean alpine?)"),
                        from -> assertThat(from).startsWith("2: invalid reference format: \"a:b:c\""));
        assertThat(errors("FROM a AS Builder\nFROM a\nCOPY --from=buidler_ x y\n"))
                .singleElement()
                .asString()
                .endsWith("(did you mean builder?)");
        assertThat(errors("FROM a@sha256:abcdefabcdefabcdefabcdefabcdefabcdef\n"))
                .hasSize(1);
    }

    @Test
    void aContextGivenWithTheBuildNeedNoImagesName() {
        Dockerfile file = parse("FROM Assets AS a\nFROM Anything AS b\nCOPY --from=Files x y\n");
        LintOptions options = LintOptions.DEFAULT.withContexts(Set.of("Assets", "b", "Files")::contains);
        assertThat(file.check(options)).isEmpty();
        assertThat(file.check(LintOptions.DEFAULT)).hasSize(3);
    }

    @Test
    void variablesInFromOfCopyAreRefusedWithAWayOut() {
        assertThat(errors("ARG S=a\nFROM a\nARG S\nCOPY --from=$S x y\n"))
                .singleElement()
                .asString()
                .startsWith("4: --from cannot have variables");
    }

    @Test
    void whatOnlyABuildDoesIsNotAskedOfStagesThatAreNotNeeded() {
        assertThat(errors("FROM a AS x\nCOPY https://example.com/x /\nCOPY --from=y a b\nFROM a AS y\n"))
                .isEmpty();
    }

    @Test
    void aLaterStageCannotBeTakenFromAndAMissingNumberIsSaid() {
        assertThat(errors("FROM a AS x\nCOPY --from=y a b\nFROM a AS y\nFROM x\nCOPY --from=7 a b\n"))
                .satisfiesExactly(
                        later -> assertThat(later)
                                .startsWith("2: cannot copy from stage \"y\", it needs to be defined before"),
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
