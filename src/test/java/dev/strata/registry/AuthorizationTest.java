package dev.strata.registry;

import static dev.strata.registry.TransferTest.kind;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.MediaTypes;
import dev.strata.image.Reference;
import dev.strata.registry.RegistryException.Kind;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is let in, with what, and what never leaks. */
class AuthorizationTest {
    private static final byte[] CONTENT = "content".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path folder;

    private final MemoryRegistry server = MemoryRegistry.start();
    private final Waits waits = new Waits();
    private final Reference name = Reference.parse(server.host() + "/team/shop");
    private final Descriptor blob = new Descriptor(MediaTypes.LAYER_TAR, Digest.sha256(CONTENT), CONTENT.length);

    @AfterEach
    void close() {
        server.close();
    }

    private Registry client(String... configs) throws IOException {
        List<Path> files = new ArrayList<>();
        for (String config : configs) {
            Path file = folder.resolve("config" + files.size() + ".json");
            Files.writeString(file, config);
            files.add(file);
        }
        return waits.client(RegistryOptions.DEFAULT.withDockerConfigs(files));
    }

    private String login(String key, String user, String password) {
        String auth = Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
        return "{\"auths\":{\"" + key + "\":{\"auth\":\"" + auth + "\"}}}";
    }

    private TokenGate tokens(boolean anonymousPull) {
        TokenGate gate = new TokenGate(server.address(), "ann", "secret:with:colons", anonymousPull);
        server.guardedBy(gate);
        server.addBlob("team/shop", CONTENT);
        return gate;
    }

    @Test
    void aPasswordIsSentWhereItIsWanted() throws IOException {
        server.requireLogin("ann", "secret");
        server.addBlob("team/shop", CONTENT);
        try (Registry client = client(login(server.host(), "ann", "secret"))) {
            assertThat(client.read(name, blob)).isEqualTo(CONTENT);
            assertThat(client.read(name, blob)).isEqualTo(CONTENT);
        }
        assertThat(server.requests()).as("the challenge is remembered").hasSize(3);
    }

    @Test
    void noCredentialsIsSaidWithTheHostAndWhereTheyWereLookedFor() throws IOException {
        server.requireLogin("ann", "secret");
        try (Registry client = client("{\"auths\":{}}")) {
            assertThatThrownBy(() -> client.read(name, blob))
                    .satisfies(kind(Kind.UNAUTHORIZED))
                    .hasMessageContaining(server.host())
                    .hasMessageContaining("there are no credentials for it")
                    .hasMessageContaining("looked in " + folder.resolve("config0.json"));
        }
    }

    @Test
    void wrongCredentialsAreSaidWithTheirPlaceButNotShown() throws IOException {
        server.requireLogin("ann", "secret");
        try (Registry client = client(login(server.host(), "ann", "wrong-one"))) {
            assertThatThrownBy(() -> client.read(name, blob))
                    .satisfies(kind(Kind.UNAUTHORIZED))
                    .hasMessageContaining("does not accept the credentials")
                    .hasMessageContaining("config0.json (" + server.host() + ")")
                    .hasMessageNotContaining("wrong-one");
        }
    }

    @Test
    void theSecondOfSeveralSecretsForOneHostIsTriedWhenTheFirstIsRefused() throws IOException {
        tokens(false);
        try (Registry client =
                client(login(server.host(), "bob", "old"), login(server.host(), "ann", "secret:with:colons"))) {
            assertThat(client.read(name, blob)).isEqualTo(CONTENT);
        }
    }

    @Test
    void everybodyMayReadButPushingAsksForMore() throws IOException {
        TokenGate gate = tokens(true);
        Blobs store = new Blobs(folder.resolve("store"));
        Descriptor other = store.put(MediaTypes.LAYER_TAR, "other".getBytes(StandardCharsets.UTF_8));
        try (Registry client = client(login(server.host(), "ann", "secret:with:colons"))) {
            client.read(name, blob);
            client.push(name, other, store);
        }
        assertThat(gate.scopesAsked).containsExactly("repository:team/shop:pull", "repository:team/shop:pull,push");
    }

    @Test
    void aTokenIsFetchedOnceForManyRequests() throws IOException {
        TokenGate gate = tokens(true);
        try (Registry client = client()) {
            for (int i = 0; i < 5; i++) {
                client.read(name, blob);
            }
        }
        assertThat(gate.scopesAsked).hasSize(1);
    }

    @Test
    void aTokenWhoseTimeIsOverIsNotUsedAgain() throws IOException {
        TokenGate gate = tokens(true);
        try (Registry client = client()) {
            client.read(name, blob);
            waits.pass(Duration.ofSeconds(295));
            client.read(name, blob);
        }
        assertThat(gate.scopesAsked).hasSize(2);
        assertThat(server.count("GET /v2/.*")).isEqualTo(3);
    }

    @Test
    void aTokenThatTheRegistryNoLongerAcceptsIsReplaced() throws IOException {
        TokenGate gate = tokens(true);
        try (Registry client = client()) {
            client.read(name, blob);
            gate.expireAll();
            assertThat(client.read(name, blob)).isEqualTo(CONTENT);
        }
        assertThat(gate.scopesAsked).hasSize(2);
    }

    @Test
    void aTokenThatExpiresInTheMiddleOfAPushIsReplaced() throws IOException {
        TokenGate gate = tokens(false);
        Blobs store = new Blobs(folder.resolve("store"));
        Descriptor large = store.put(MediaTypes.LAYER_TAR, new byte[3_000_000]);
        server.failNext("PATCH .*", new Fault.CutRequest(1_000_000));
        try (Registry client = client(login(server.host(), "ann", "secret:with:colons"))) {
            client.hasBlob(name, blob.digest());
            gate.expireAll();
            client.push(name, large, store);
        }
        assertThat(server.hasBlob("team/shop", large.digest())).isTrue();
    }

    @Test
    void anIdentityTokenIsExchanged() throws IOException {
        tokens(false);
        try (Registry client =
                client("{\"auths\":{\"" + server.host() + "\":{\"identitytoken\":\"" + TokenGate.IDENTITY + "\"}}}")) {
            assertThat(client.read(name, blob)).isEqualTo(CONTENT);
        }
        assertThat(server.count("POST /token")).isEqualTo(1);
    }

    @Test
    void mountingAsksForTheOtherRepositoryToo() throws IOException {
        TokenGate gate = tokens(false);
        Blobs store = new Blobs(folder.resolve("store"));
        try (Registry client = client(login(server.host(), "ann", "secret:with:colons"))) {
            client.pull(name, blob, store);
            client.push(Reference.parse(server.host() + "/team/other"), blob, store);
        }
        assertThat(server.mounts()).isEqualTo(1);
        assertThat(gate.scopesAsked.getLast()).isEqualTo("repository:team/other:pull,push repository:team/shop:pull");
    }

    @Test
    void aMountThatIsNotAllowedDoesNotSpoilTheCredentials() throws IOException {
        tokens(false);
        Blobs store = new Blobs(folder.resolve("store"));
        server.failAlways("POST /v2/team/other/.*", Fault.error(403, "DENIED", "not from there"));
        Reference other = Reference.parse(server.host() + "/team/other");
        try (Registry client = client(login(server.host(), "ann", "secret:with:colons"))) {
            client.pull(name, blob, store);
            assertThatThrownBy(() -> client.push(other, blob, store)).satisfies(kind(Kind.DENIED));
            server.heal();
            server.withoutMounts();
            assertThat(client.push(other, blob, store)).isEqualTo(Pushed.SENT);
        }
    }

    @Test
    void credentialsDoNotFollowARedirectToAnotherHost() throws IOException {
        server.requireLogin("ann", "secret");
        server.addBlob("team/shop", CONTENT);
        try (MemoryRegistry elsewhere = MemoryRegistry.start();
                Registry client = client(login(server.host(), "ann", "secret"))) {
            elsewhere.addBlob("team/shop", CONTENT);
            server.redirectBlobsTo(URI.create(elsewhere.address()));
            assertThat(client.read(name, blob)).isEqualTo(CONTENT);
            assertThat(elsewhere.requests())
                    .hasSize(1)
                    .allSatisfy(request -> assertThat(request.headers()).doesNotContainKey("Authorization"));
        }
    }

    @Test
    void anErrorBehindARedirectDoesNotShowTheSignedAddress() throws IOException {
        server.addBlob("team/shop", CONTENT);
        try (MemoryRegistry elsewhere = MemoryRegistry.start();
                Registry client = client()) {
            server.redirectBlobsTo(URI.create(elsewhere.address()));
            assertThatThrownBy(() -> client.read(name, blob))
                    .satisfies(kind(Kind.NOT_FOUND))
                    .hasMessageContaining("signature=…")
                    .hasMessageNotContaining("secret");
        }
    }

    @Test
    void aPasswordIsNotSentToAnInsecureAddressForTokens() throws IOException {
        server.guardedBy(new TokenGate("http://tokens.example", "ann", "secret", false));
        try (Registry client = client(login(server.host(), "ann", "secret"))) {
            assertThatThrownBy(() -> client.read(name, blob))
                    .satisfies(kind(Kind.CONFIGURATION))
                    .hasMessageContaining("http://tokens.example/token, which is not secure");
        }
    }
}
