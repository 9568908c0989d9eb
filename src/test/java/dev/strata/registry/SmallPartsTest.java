package dev.strata.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.image.Platform;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The parts of the client that decide without a connection. */
class SmallPartsTest {
    @Test
    void aChallengeMayQuoteAndSeveralMayStandInOneHeader() {
        List<Challenge> found = Challenge.parse(List.of(
                "Bearer realm=\"https://auth.example/token\",service=\"a, b\",scope=\"repository:x:pull,push\", Basic"
                        + " realm=\"say \\\"hi\\\"\""));
        assertThat(found).extracting(Challenge::scheme).containsExactly("bearer", "basic");
        assertThat(found.getFirst().parameter("service")).isEqualTo("a, b");
        assertThat(found.getFirst().parameter("scope")).isEqualTo("repository:x:pull,push");
        assertThat(found.getLast().parameter("realm")).isEqualTo("say \"hi\"");
        assertThat(Challenge.parse(List.of("Negotiate", "", "===")))
                .extracting(Challenge::scheme)
                .containsExactly("negotiate");
    }

    @Test
    void scopesAreJoinedWithoutRepetition() {
        Scope push = Scope.push("a");
        assertThat(push.and("repository:a:pull").words()).isEqualTo("repository:a:pull,push");
        assertThat(push.and(Scope.pull("b").words()).words()).isEqualTo("repository:a:pull,push repository:b:pull");
        assertThat(push.and("")).isEqualTo(push);
    }

    @Test
    void addressesLoseUsersAndSecrets() {
        assertThat(RegistryException.redact(
                        URI.create("https://user:pass@r.example:5000/v2/a?digest=sha256:00&_state=abc&X-Sig=def")))
                .isEqualTo("https://r.example:5000/v2/a?digest=sha256:00&_state=…&X-Sig=…");
    }

    @Test
    void waitsGrowAndAreNeverTheSameForAll() {
        Retry retry = new Waits().retry();
        for (int attempt = 1; attempt < 6; attempt++) {
            Duration most = Duration.ofMillis(300L << (attempt - 1));
            assertThat(retry.after(attempt, Optional.empty()).orElseThrow()).isBetween(most.dividedBy(2), most);
        }
        assertThat(retry.after(6, Optional.empty())).isEmpty();
        assertThat(retry.after(1, Optional.of(Duration.ofSeconds(61)))).isEmpty();
    }

    @Test
    void platformsAreTriedFromTheBestDown() {
        assertThat(PlatformChoice.acceptable(Platform.parse("linux/arm/v7")))
                .extracting(Platform::toString)
                .containsExactly("linux/arm/v7", "linux/arm/v6", "linux/arm/v5");
        assertThat(PlatformChoice.acceptable(Platform.parse("linux/amd64/v3")))
                .extracting(Platform::toString)
                .containsExactly("linux/amd64/v3", "linux/amd64/v2", "linux/amd64", "linux/386");
        assertThat(PlatformChoice.acceptable(Platform.parse("linux/s390x")))
                .extracting(Platform::toString)
                .containsExactly("linux/s390x");
    }

    @Test
    void mirrorsMayHaveAPathAndHostsAPort() {
        Endpoints endpoints = new Endpoints(RegistryOptions.DEFAULT.withMirrors(new java.util.TreeMap<>(
                java.util.Map.of("docker.io", "https://harbor.example/v2/hub/", "*", "mirror.example:5000"))));
        assertThat(endpoints.reading("docker.io"))
                .extracting(endpoint -> endpoint.uri(endpoint.prefix() + "library/x", "manifests/1")
                        .toString())
                .containsExactly(
                        "https://harbor.example/v2/hub/library/x/manifests/1",
                        "https://registry-1.docker.io/v2/library/x/manifests/1");
        assertThat(endpoints.reading("quay.io"))
                .extracting(Endpoint::root)
                .containsExactly(URI.create("https://mirror.example:5000/"));
        assertThat(endpoints.origin("localhost:5000").root()).isEqualTo(URI.create("http://localhost:5000/"));
        assertThat(endpoints.origin("r.example").root()).isEqualTo(URI.create("https://r.example/"));
    }
}
