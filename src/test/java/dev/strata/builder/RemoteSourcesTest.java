package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.context.GitAddress;
import dev.strata.dockerfile.RemoteSource;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the Dockerfile takes for a git repository is what git is asked for. */
class RemoteSourcesTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://example.com/foo.git",
                "HTTPS://example.com/foo.git#v1:a",
                "https://example.com/foo.git?branch=main",
                "https://example.com/a.git/b",
                "https://example.com/foo?x=y.git",
                "https://example.com/foo#y.git",
                "http://user@example.com/foo.git",
                "git://example.com/foo",
                "ssh://git@example.com/foo#main",
                "git+ssh://git@example.com/foo",
                "git@github.com:moby/buildkit.git#v0.1:docs",
                "someone@host:path",
                "someone@host://path",
                "a@b",
                "foo.git",
                "./foo.git",
                "github.com/moby/buildkit",
                "ftp://example.com/foo.git",
                "https://example.com/foo.tar.gz"
            })
    void bothReadAnAddressAlike(String text) {
        assertThat(RemoteSource.isGit(text)).isEqualTo(GitAddress.parse(text).isPresent());
    }
}
