package dev.strata.dockerfile;

import static dev.strata.dockerfile.DockerfileTest.parse;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What the examples of docs/lint.md do not show. */
class LintTest {
    private static List<LintRule> rules(String text) {
        return rules(text, LintOptions.DEFAULT);
    }

    private static List<LintRule> rules(String text, LintOptions options) {
        return Lint.check(parse(text), options).stream().map(Finding::rule).toList();
    }

    @Test
    void aCommentAboveAnInstructionSwitchesARuleOffThere() {
        assertThat(rules("FROM alpine:3\n# check=skip=LegacyKeyValueFormat\nENV a b\nENV c d\n"))
                .containsExactly(LintRule.LEGACY_KEY_VALUE_FORMAT);
        assertThat(rules("# check=skip=all\nFROM alpine\nENV a b\n")).isEmpty();
    }

    @Test
    void aBuildArgumentReplacesTheFilesOwnWish() {
        Dockerfile file = parse("# check=skip=all\nFROM alpine:3\nENV a b\n");
        LintOptions options = LintOptions.DEFAULT.withBuildArgs(Map.of("BUILDKIT_DOCKERFILE_CHECK", "error=true"));
        List<Finding> findings = Lint.check(file, options);
        assertThat(findings).hasSize(1);
        assertThat(Lint.failing(file, options, findings)).isEqualTo(findings);
        assertThat(Lint.failing(file, LintOptions.DEFAULT, findings)).isEmpty();
    }

    @Test
    void anUnknownBaseMayHaveTheVariableAKnownOneHasNot() {
        String text = "FROM registry.example/base:1\nCOPY $PLACE /\n";
        assertThat(rules(text)).isEmpty();
        LintOptions known = LintOptions.DEFAULT.withBaseVariables(base -> Set.of("OTHER"));
        assertThat(rules(text, known)).containsExactly(LintRule.UNDEFINED_VAR);
    }

    @Test
    void onlyStagesThatTheTargetNeedsAreLookedAtIfAskedFor() {
        String text = "FROM alpine:3 AS unused\nENV a b\nFROM alpine:3\n";
        assertThat(rules(text)).containsExactly(LintRule.LEGACY_KEY_VALUE_FORMAT);
        assertThat(rules(text, LintOptions.DEFAULT.withTarget(null, true))).isEmpty();
    }

    @Test
    void argumentsOfOneArgSeeThoseBeforeThem() {
        assertThat(rules("FROM alpine:3\nARG A=1 B=$A\n")).isEmpty();
        assertThat(rules("FROM alpine:3\nARG B=$A A=1\n")).containsExactly(LintRule.UNDEFINED_VAR);
        assertThat(rules("FROM alpine:3\nARG B=$A\n", LintOptions.DEFAULT.withBuildArgs(Map.of("B", "given"))))
                .isEmpty();
    }

    @Test
    void emptyContinuationsAreFoundInEveryInstruction() {
        assertThat(rules("ARG A=1 \\\n\n B=2\nFROM alpine:3 \\\n\n AS x\nFROM alpine:3\nRUN a \\\n\n b\n"))
                .containsOnly(LintRule.NO_EMPTY_CONTINUATION)
                .hasSize(3);
    }

    @Test
    void aBaseThatIsAContextNeedNotBePinned() {
        String text = "FROM assets AS a\nFROM anything AS b\nFROM unknown\n";
        LintOptions options = LintOptions.DEFAULT.withContexts(Set.of("assets", "b")::contains);
        assertThat(Lint.check(parse(text), options))
                .singleElement()
                .satisfies(finding -> assertThat(finding.location().startLine()).isEqualTo(3));
    }

    @Test
    void aCommentAboveTheLaterOfTwoCommandsSpeaksForBoth() {
        assertThat(rules("FROM alpine:3\nCMD [\"a\"]\n# check=skip=MultipleInstructionsDisallowed\nCMD [\"b\"]\n"))
                .isEmpty();
    }

    @Test
    void aCacheIsLeftOnlyInLayersOfTheImage() {
        String install = "RUN apt-get update && apt-get install -y gcc\n";
        assertThat(rules("FROM debian:13\n" + install)).containsExactly(LintRule.PACKAGE_CACHE_LEFT);
        assertThat(rules("FROM debian:13 AS build\n" + install + "FROM debian:13\nCOPY --from=build /a /a\n"))
                .isEmpty();
        assertThat(rules("""
                FROM debian:13
                RUN --mount=type=cache,target=/var/lib/apt <<EOF
                apt-get update
                apt-get install -y gcc
                EOF
                """)).isEmpty();
    }

    @Test
    void aShellIsOnlyUnsafeIfItRunsTheDownload() {
        assertThat(rules("FROM alpine:3\nRUN wget -qO- https://example.com/x | sudo bash -s -- -y\n"))
                .containsExactly(LintRule.DOWNLOAD_NOT_VERIFIED);
        assertThat(rules("FROM alpine:3\nRUN bash -c \"$(curl -fsSL https://example.com/x)\"\n"))
                .containsExactly(LintRule.DOWNLOAD_NOT_VERIFIED);
        assertThat(rules("FROM alpine:3\nRUN curl https://example.com/x | sh -c 'cat > /x'\n"))
                .isEmpty();
        assertThat(rules("FROM alpine:3\nRUN curl -fsSLk https://example.com/x -o /x\n"))
                .containsExactly(LintRule.DOWNLOAD_NOT_VERIFIED);
    }

    @Test
    void aFindingNeverRepeatsASecret() {
        List<Finding> findings =
                Lint.check(parse("FROM alpine:3\nENV KEY_ID=AKIAAAAAAAAAAAAAAAAA\n"), LintOptions.DEFAULT);
        assertThat(findings).anySatisfy(finding -> assertThat(finding.rule()).isEqualTo(LintRule.SECRET_VALUE));
        assertThat(findings).noneSatisfy(finding -> assertThat(finding.detail()).contains("AKIAAAAA"));
    }
}
