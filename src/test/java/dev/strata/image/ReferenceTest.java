package dev.strata.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReferenceTest {

    @ParameterizedTest
    @CsvSource({
        "ubuntu, docker.io/library/ubuntu, ubuntu",
        "team/app:1, docker.io/team/app:1, team/app:1",
        "index.docker.io/library/redis:7, docker.io/library/redis:7, redis:7",
        "localhost/app, localhost/app, localhost/app",
        "host:5000/a/b, host:5000/a/b, host:5000/a/b",
        "[::1]:5000/a, [::1]:5000/a, [::1]:5000/a",
        "ghcr.io/a__b/c.d-e:v_1, ghcr.io/a__b/c.d-e:v_1, ghcr.io/a__b/c.d-e:v_1",
    })
    void namesAreWrittenInFullAndInShort(String written, String full, String familiar) {
        Reference reference = Reference.parse(written);
        assertThat(reference).hasToString(full);
        assertThat(reference.familiar()).isEqualTo(familiar);
        assertThat(Reference.parse(full)).isEqualTo(reference);
    }

    @ParameterizedTest
    @CsvSource({
        "'', no repository name",
        "Ubuntu, must be lower-case",
        "a/B, must be lower-case",
        "a//b, two slashes",
        "a:, the tag",
        "a:-x, the tag",
        "a@sha256:12, the digest",
        "exa_mple.com:80/a, host name",
        "a b, separated by",
        "https://a/b, host name",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef, a hash",
    })
    void theRuleThatWasBrokenIsNamed(String written, String part) {
        assertThatThrownBy(() -> Reference.parse(written))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(part);
    }
}
