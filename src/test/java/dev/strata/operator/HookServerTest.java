package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.api.ImageBuild;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(300)
class HookServerTest implements HookServer.Builds {
    private static final String BODY = "{\"ref\": \"refs/heads/main\"}";

    private final List<ResourceID> changed = new CopyOnWriteArrayList<>();
    private final HttpClient client = HttpClient.newHttpClient();
    private @Nullable URI leader;
    private HookServer server;

    @BeforeEach
    void start() throws IOException {
        server = new HookServer(0, this, () -> Optional.ofNullable(leader), changed::add);
    }

    @AfterEach
    void stop() {
        server.close();
        client.close();
    }

    @Override
    public Optional<ImageBuild> build(String namespace, String name) {
        String webhook = name.equals("shop") ? "webhook: {secretRef: {name: hook, key: token}}" : "onSourceChange: 1m";
        return namespace.equals("team-a") && !name.equals("nobody")
                ? Optional.of(Serialization.unmarshal("""
                        apiVersion: strata.dev/v1alpha1
                        kind: ImageBuild
                        metadata: {name: shop, namespace: team-a}
                        spec:
                          source: {git: {url: "https://git.example/shop.git"}}
                          rebuild: {%s}
                        """.formatted(webhook), ImageBuild.class))
                : Optional.empty();
    }

    @Override
    public Optional<Secret> secret(String namespace, String name) {
        return Optional.of(new SecretBuilder()
                .addToData("token", Base64.getEncoder().encodeToString("sesame\n".getBytes(StandardCharsets.UTF_8)))
                .build());
    }

    private static String hmac(String body) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec("sesame".getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        return HexFormat.of().formatHex(mac.doFinal(body.getBytes(StandardCharsets.UTF_8)));
    }

    private int post(String path, String header, String value) throws Exception {
        return send(HttpRequest.newBuilder(uri(path))
                .header(header, value)
                .POST(HttpRequest.BodyPublishers.ofString(BODY)));
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    private int send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString())
                .statusCode();
    }

    /** The headers as each server's manual has them. */
    @ParameterizedTest
    @CsvSource({
        "GitHub,  X-Hub-Signature-256, sha256=HMAC",
        "Gitea,   X-Gitea-Signature,   HMAC",
        "GitLab,  X-Gitlab-Token,      sesame",
        "others,  X-Strata-Signature,  sha256=HMAC"
    })
    void aRequestOfAGitServerHasTheSourceLookedUp(String who, String header, String value) throws Exception {
        assertThat(post("/hooks/team-a/shop", header, value.replace("HMAC", hmac(BODY))))
                .isEqualTo(202);
        assertThat(changed).containsExactly(new ResourceID("shop", "team-a"));
    }

    @ParameterizedTest
    @CsvSource({
        "a signature of another body,  /hooks/team-a/shop,   X-Hub-Signature-256, sha256=OTHER",
        "no hexadecimal digits,        /hooks/team-a/shop,   X-Hub-Signature-256, sha256=zz",
        "the wrong token,              /hooks/team-a/shop,   X-Gitlab-Token,      guess",
        "no signature,                 /hooks/team-a/shop,   X-Other,             x",
        "no webhook asked for,         /hooks/team-a/quiet,  X-Gitlab-Token,      sesame",
        "no such build,                /hooks/team-a/nobody, X-Gitlab-Token,      sesame",
        "no such namespace,            /hooks/team-b/shop,   X-Gitlab-Token,      sesame"
    })
    void anythingElseIsRefusedWithTheSameWords(String what, String path, String header, String value) throws Exception {
        assertThat(post(path, header, value.replace("OTHER", hmac("other")))).isEqualTo(403);
        assertThat(changed).isEmpty();
    }

    @Test
    void whatIsNoWebhookIsToldWhatOneIs() throws Exception {
        assertThat(post("/", "X", "x")).isEqualTo(404);
        assertThat(send(HttpRequest.newBuilder(uri("/hooks/team-a/shop")))).isEqualTo(405);
    }

    @Test
    void aReplicaThatDoesNotWorkTellsTheOneThatDoes() throws Exception {
        List<ResourceID> told = new CopyOnWriteArrayList<>();
        try (HookServer working = new HookServer(0, this, Optional::empty, told::add)) {
            leader = URI.create("http://127.0.0.1:" + working.port());
            assertThat(post("/hooks/team-a/shop", "X-Gitlab-Token", "sesame")).isEqualTo(202);
            assertThat(told).containsExactly(new ResourceID("shop", "team-a"));
            assertThat(post("/hooks/team-a/shop", "X-Gitlab-Token", "guess")).isEqualTo(403);
        }
        assertThat(post("/hooks/team-a/shop", "X-Gitlab-Token", "sesame"))
                .as("it does not answer")
                .isEqualTo(503);
        leader = uri("");
        assertThat(post("/hooks/team-a/shop", "X-Gitlab-Token", "sesame"))
                .as("and no request goes round in circles")
                .isEqualTo(503);
        assertThat(changed).isEmpty();
    }

    @Test
    void aBodyThatIsLongerThanAnyGitServersIsRefused() throws Exception {
        // By one byte: more of them, which nobody reads, might break the connection before the answer has come.
        byte[] much = new byte[(26 << 20) + 1];

        assertThat(send(HttpRequest.newBuilder(uri("/hooks/team-a/shop"))
                        .POST(HttpRequest.BodyPublishers.ofByteArray(much))))
                .isEqualTo(413);
    }
}
