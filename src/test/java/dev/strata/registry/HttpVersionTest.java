package dev.strata.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.Patience;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which version of HTTP is offered to a registry when a connection to it is made. */
class HttpVersionTest {
    @TempDir
    Path folder;

    private final List<String> offered = new CopyOnWriteArrayList<>();

    private SSLServerSocket server(KeyStore keys) throws IOException, GeneralSecurityException {
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, TestCertificates.PASSWORD);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return (SSLServerSocket)
                context.getServerSocketFactory().createServerSocket(0, 50, InetAddress.getLoopbackAddress());
    }

    /** Notes what is offered, and hangs up. */
    private void serve(SSLServerSocket server) {
        while (!server.isClosed()) {
            try (SSLSocket socket = (SSLSocket) server.accept()) {
                socket.setHandshakeApplicationProtocolSelector((own, protocols) -> {
                    offered.add(String.join(" ", protocols));
                    return "http/1.1";
                });
                socket.startHandshake();
            } catch (IOException e) {
                offered.removeIf(String::isEmpty); // the client has seen enough, or the test is over
            }
        }
    }

    private void send(URI uri, Path authority, String method, @Nullable Body body) {
        try (Connections connections =
                new Connections(new Trust(authority, null), new Proxies(Map.of()), Patience.LONG)) {
            assertThatThrownBy(() -> connections.send(new Connections.Exchange(method, uri, Map.of(), body, 1)))
                    .isInstanceOf(RegistryException.class);
        }
    }

    @Test
    void uploadsAreSentByHttp1AndTheRestMayUseHttp2()
            throws IOException, GeneralSecurityException, InterruptedException {
        KeyStore keys = TestCertificates.make(folder, "server", "-ext", "SAN=IP:127.0.0.1");
        Path authority = TestCertificates.write(keys, "server", folder.resolve("ca.pem"));
        try (SSLServerSocket server = server(keys)) {
            Thread.ofVirtual().start(() -> serve(server));
            URI uri = URI.create("https://127.0.0.1:" + server.getLocalPort() + "/v2/");
            send(uri, authority, "GET", null);
            assertThat(offered).isNotEmpty().allMatch(protocols -> protocols.contains("h2"));
            offered.clear();
            send(uri, authority, "PATCH", Body.of(new byte[100]));
            assertThat(offered).allMatch(protocols -> !protocols.contains("h2"));
        }
    }
}
