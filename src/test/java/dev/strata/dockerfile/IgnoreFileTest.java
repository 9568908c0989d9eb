package dev.strata.dockerfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class IgnoreFileTest {
    private static IgnoreFile ignore(String... lines) {
        return IgnoreFile.parse(".dockerignore", String.join("\n", lines) + "\n");
    }

    @Test
    void whatLiesInAnIgnoredFolderIsIgnoredToo() {
        IgnoreFile file = ignore("# generated", "/target/", "*.log", "**/cache");
        assertThat(file.ignores("target/classes/a.class")).isTrue();
        assertThat(file.ignores("a.log")).isTrue();
        assertThat(file.ignores("sub/a.log")).isFalse();
        assertThat(file.ignores("a/b/cache/c")).isTrue();
        assertThat(file.ignores("targets")).isFalse();
    }

    @Test
    void theLastPatternThatMatchesDecides() {
        IgnoreFile file = ignore("*", "!src", "src/*.tmp");
        assertThat(file.ignores("README.md")).isTrue();
        assertThat(file.ignores("src/a")).isFalse();
        assertThat(file.ignores("src/a.tmp")).isTrue();
    }

    @Test
    void aWalkMayLeaveOutAFolderOnlyIfNoExceptionLiesInIt() {
        assertThat(ignore("node_modules").ignoresWhole("node_modules")).isTrue();
        assertThat(ignore("docs", "!docs/README.md").ignoresWhole("docs")).isFalse();
        assertThat(ignore("docs", "!src/README.md").ignoresWhole("docs")).isTrue();
        assertThat(ignore("docs", "!**/README.md").ignoresWhole("docs")).isFalse();
    }

    @Test
    void wrongPatternsAreNamedWithTheirLines() {
        assertThatThrownBy(() -> ignore("a", "[b", "!"))
                .isInstanceOfSatisfying(
                        DockerfileException.class,
                        error -> assertThat(error.errors())
                                .extracting(one -> one.location().startLine())
                                .containsExactly(2, 3));
    }

    @Test
    void sourcesOfCopyKnowNoDoubleStar() {
        assertThat(PathPattern.ofSource("a/**/c").matches("a/b/c")).isTrue();
        assertThat(PathPattern.ofSource("a/**/c").matches("a/b/b/c")).isFalse();
        assertThat(PathPattern.ofIgnore("a/**/c").matches("a/b/b/c")).isTrue();
        assertThat(PathPattern.isPattern("a\\*b")).isFalse();
        assertThat(PathPattern.isPattern("a[b]")).isTrue();
    }
}
