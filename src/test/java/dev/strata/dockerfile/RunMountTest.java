package dev.strata.dockerfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunMountTest {
    private static RunMount mount(String value) {
        return RunMount.parse(value, word -> word.replace("$home", "/root"));
    }

    @Test
    void aMountIsABindOfTheContextIfNothingElseIsSaid() {
        assertThat(mount("target=/src")).isEqualTo(new RunMount.Bind(null, null, "/src", true));
        assertThat(mount("type=bind,from=build,src=/out,dst=/in,rw"))
                .isEqualTo(new RunMount.Bind("build", "/out", "/in", false));
    }

    @Test
    void cachesSecretsAndTheRestKeepTheirOptions() {
        assertThat(mount("type=cache,target=$home/.m2,sharing=locked,mode=0700,uid=5"))
                .isEqualTo(new RunMount.Cache(
                        null, null, null, "/root/.m2", false, RunMount.Sharing.LOCKED, 0700, 5L, null));
        assertThat(mount("type=secret,id=npm,env=TOKEN,required"))
                .isEqualTo(new RunMount.Secret("npm", null, "TOKEN", true, null, null, null));
        assertThat(mount("type=secret,target=/run/keys/aws"))
                .isEqualTo(new RunMount.Secret("aws", "/run/keys/aws", null, false, null, null, null));
        assertThat(mount("type=ssh")).isEqualTo(new RunMount.Ssh(null, null, false, null, null, null));
        assertThat(mount("type=tmpfs,target=/t,size=64m")).isEqualTo(new RunMount.Tmpfs("/t", 64L << 20));
        assertThat(mount("type=cache,\"target=/a,b\"").target()).isEqualTo("/a,b");
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '^',
            delimiter = '|',
            value = {
                "type=cach | did you mean cache",
                "type=bind,targt=/x | did you mean target",
                "type=bind,sharing=locked | belongs to type=cache",
                "type=bind,mode=7 | do not belong to type=bind",
                "type=cache,sharing=all | shared, private or locked",
                "type=tmpfs,size=big | must look like",
                "type=secret | needs one of",
                "type=secret,id= | needs one of",
                "type=secret,id=a,src=b | not both",
                "type=cache,uid=x | must be a number",
                "type=cache,ro=maybe | true or false",
                "type=bind,oops | must be written name=value",
            })
    void wrongOptionsAreRefusedWithAWayOut(String value, String part) {
        assertThatThrownBy(() -> mount(value))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(part);
    }
}
