package dev.strata.registry;

import static dev.strata.registry.TransferTest.kind;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.image.Reference;
import dev.strata.registry.RegistryException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Secure connections to a registry with a certificate of its own. */
class TrustTest {
    @TempDir
    static Path folder;

    private static KeyStore server;
    private static KeyStore client;

    private @Nullable MemoryRegistry started;

    @BeforeAll
    static void makeCertificates() throws IOException, InterruptedException, GeneralSecurityException {
        server = TestCertificates.make(folder, "server", "-ext", "SAN=IP:127.0.0.1");
        client = TestCertificates.make(folder, "client");
    }

    private void start(boolean wantsClientCertificate) throws IOException, GeneralSecurityException {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(server, TestCertificates.PASSWORD);
        KeyStore known = KeyStore.getInstance("PKCS12");
        known.load(null, TestCertificates.PASSWORD);
        known.setCertificateEntry("client", client.getCertificate("client"));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(known);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        started = MemoryRegistry.start(context, wantsClientCertificate);
        registry()
                .addManifest(
                        "shop",
                        "latest",
                        dev.strata.image.MediaTypes.INDEX,
                        "{\"schemaVersion\":2,\"manifests\":[]}".getBytes(StandardCharsets.UTF_8));
    }

    @AfterEach
    void close() {
        if (started != null) {
            started.close();
        }
    }

    private MemoryRegistry registry() {
        return Objects.requireNonNull(started);
    }

    private void resolve(RegistryOptions options) {
        RegistryOptions secure =
                options.withMirrors(new TreeMap<>(Map.of("*", registry().address())));
        try (Registry asking = new Waits().client(secure)) {
            asking.resolve(Reference.parse(registry().host() + "/shop"));
        }
    }

    private static RegistryOptions trusting(Path bundle) {
        return new RegistryOptions(new TreeMap<>(), java.util.List.of(), java.util.List.of(), bundle);
    }

    @Test
    void anUnknownAuthorityIsSaidAsSuch() throws IOException, GeneralSecurityException {
        start(false);
        assertThatThrownBy(() -> resolve(RegistryOptions.DEFAULT))
                .satisfies(kind(Kind.TLS))
                .hasMessageContaining("signed by an authority that is not known here")
                .hasMessageContaining("CA bundle");
    }

    @Test
    void aBundleMakesAnAuthorityKnown() throws IOException, GeneralSecurityException {
        start(false);
        resolve(trusting(TestCertificates.write(server, "server", folder.resolve("bundle/ca.pem"))));
        assertThat(registry().requests()).hasSize(1);
    }

    @Test
    void aBundleThatHoldsNoCertificateIsRefused() throws IOException, GeneralSecurityException {
        start(false);
        Path empty = Files.writeString(folder.resolve("empty.pem"), "");
        assertThatThrownBy(() -> resolve(trusting(empty)))
                .satisfies(kind(Kind.CONFIGURATION))
                .hasMessageContaining("empty.pem");
    }

    @Test
    void aClientCertificateComesFromTheFolderOfTheHost() throws IOException, GeneralSecurityException {
        start(true);
        Path own = folder.resolve("certs.d").resolve(registry().host());
        TestCertificates.write(server, "server", own.resolve("ca.crt"));
        assertThatThrownBy(() -> resolve(RegistryOptions.DEFAULT.withCertificates(own.getParent())))
                .isInstanceOf(RegistryException.class);
        TestCertificates.write(client, "client", own.resolve("client.cert"));
        Files.writeString(
                own.resolve("client.key"),
                TestCertificates.pem(
                        "PRIVATE KEY",
                        client.getKey("client", TestCertificates.PASSWORD).getEncoded()));
        resolve(RegistryOptions.DEFAULT.withCertificates(own.getParent()));
        assertThat(registry().requests()).hasSize(1);
    }

    @Test
    void aKeyOfAnOldFormIsRefusedWithTheWayToANewOne() throws IOException, GeneralSecurityException {
        start(false);
        Path own = folder.resolve("old.d").resolve(registry().host());
        TestCertificates.write(client, "client", own.resolve("client.cert"));
        Files.writeString(own.resolve("client.key"), "-----BEGIN EC PRIVATE KEY-----\n");
        assertThatThrownBy(() -> resolve(RegistryOptions.DEFAULT.withCertificates(own.getParent())))
                .satisfies(kind(Kind.CONFIGURATION))
                .hasMessageContaining("openssl pkcs8 -topk8 -nocrypt");
    }
}
