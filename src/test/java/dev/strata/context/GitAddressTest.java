package dev.strata.context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GitAddressTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            https://example.com/foo.git                     | https://example.com/foo.git    |             |
            https://example.com/foo.git#v1                  | https://example.com/foo.git    | v1          |
            https://example.com/foo.git#release/1.2:a/b     | https://example.com/foo.git    | release/1.2 | a/b
            https://example.com/foo.git#:a                  | https://example.com/foo.git    |             | a
            https://example.com/foo.git?ref=v1&subdir=a     | https://example.com/foo.git    | v1          | a
            https://example.com/foo.git?branch=main         | https://example.com/foo.git    | refs/heads/main |
            https://example.com/foo.git?tag=v1              | https://example.com/foo.git    | refs/tags/v1 |
            git://example.com/foo                           | git://example.com/foo          |             |
            ssh://git@example.com/foo#main                  | ssh://git@example.com/foo      | main        |
            git@github.com:moby/buildkit.git#v0.1:docs      | git@github.com:moby/buildkit.git | v0.1      | docs
            """)
    void gitAddressesAreTakenApart(String text, String remote, String revision, String folder) {
        assertThat(GitAddress.parse(text)).contains(new GitAddress(remote, revision, folder, null, null, null));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://example.com/foo.tar.gz",
                "https://example.com/foo.git/",
                "https://example.com/foo.git.bar?x=1",
                "./foo.git",
                "/foo.git",
                "docker.io/library/debian:12",
                "user@host",
                "ftp://example.com/foo.git"
            })
    void everythingElseIsNone(String text) {
        assertThat(GitAddress.parse(text)).isEqualTo(Optional.empty());
    }

    @Test
    void theQueryTellsChecksumSubmodulesAndWhetherGitsFolderStays() {
        GitAddress address = GitAddress.parse(
                        "https://example.com/foo.git?checksum=abcdef0&keep-git-dir=true&submodules=0")
                .orElseThrow();
        assertThat(address.commit()).isEqualTo("abcdef0");
        assertThat(address.keepGitDirectory()).isTrue();
        assertThat(address.submodules()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://example.com/foo.git?ref=a&branch=b",
                "https://example.com/foo.git?ref=a&ref=b",
                "https://example.com/foo.git?colour=red",
                "https://example.com/foo.git?submodules=perhaps",
                "https://example.com/foo.git?ref=a#b",
                "https://example.com/foo.git?ref=%zz"
            })
    void impossibleQueriesAreRefused(String text) {
        assertThatThrownBy(() -> GitAddress.parse(text)).isInstanceOf(ContextException.class);
    }
}
