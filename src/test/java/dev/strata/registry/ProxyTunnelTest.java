package dev.strata.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.JavaProcess;
import dev.strata.Patience;
import dev.strata.image.MediaTypes;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A registry behind TLS that only a proxy reaches, which wants a password. */
class ProxyTunnelTest {
    @TempDir
    Path folder;

    private final List<String> heads = new CopyOnWriteArrayList<>();

    /** The JDK reads once what passwords are allowed for, so this is a process of its own. */
    @Test
    void aTunnelIsOpenedWithThePasswordOfTheProxy() throws IOException, InterruptedException, GeneralSecurityException {
        KeyStore server = TestCertificates.make(folder, "server", "-ext", "SAN=DNS:registry.test");
        Path authority = TestCertificates.write(server, "server", folder.resolve("ca.pem"));
        try (MemoryRegistry registry = MemoryRegistry.start(context(server), false);
                ServerSocket proxy = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            registry.addManifest(
                    "shop",
                    "1",
                    MediaTypes.INDEX,
                    "{\"schemaVersion\":2,\"manifests\":[]}".getBytes(StandardCharsets.UTF_8));
            int port = Integer.parseInt(registry.host().replaceFirst(".*:", ""));
            Thread.ofVirtual().start(() -> serve(proxy, port));
            String said = layers("http://user:p%40ss@127.0.0.1:" + proxy.getLocalPort(), authority);
            assertThat(said).contains("registry.test/shop:1 is not there for").contains("names no platform");
            assertThat(heads)
                    .isNotEmpty()
                    .allSatisfy(head -> assertThat(head)
                            .startsWith("CONNECT registry.test:443 ")
                            .contains("Proxy-Authorization: Basic dXNlcjpwQHNz"));
            assertThat(registry.requests())
                    .allSatisfy(request -> assertThat(request.headers())
                            .as("the registry does not see the proxy's password")
                            .doesNotContainKey("Proxy-authorization"));
        }
    }

    private static SSLContext context(KeyStore server) throws GeneralSecurityException {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(server, TestCertificates.PASSWORD);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }

    private String layers(String proxy, Path authority) throws IOException, InterruptedException {
        Path output = folder.resolve("output");
        ProcessBuilder builder = new ProcessBuilder(
                        JavaProcess.strata("layers", "--ca-bundle", authority.toString(), "registry.test/shop:1"))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment()
                .keySet()
                .removeIf(name -> name.toLowerCase(Locale.ROOT).endsWith("_proxy"));
        builder.environment().put("HTTPS_PROXY", proxy);
        builder.environment().remove("STRATA_REGISTRY_MIRROR");
        Process process = builder.start();
        assertThat(process.waitFor(Patience.LONG)).isTrue();
        return Files.readString(output);
    }

    /** Opens a tunnel to the port, whatever name was asked for, to who has the password. */
    private void serve(ServerSocket proxy, int port) {
        while (!proxy.isClosed()) {
            try {
                Socket near = proxy.accept();
                Thread.ofVirtual().start(() -> tunnel(near, port));
            } catch (IOException e) {
                return; // the test is over
            }
        }
    }

    private void tunnel(Socket near, int port) {
        try (near;
                Socket far = new Socket(InetAddress.getLoopbackAddress(), port)) {
            String head = head(near.getInputStream());
            heads.add(head);
            boolean known = head.contains("Proxy-Authorization: ");
            OutputStream out = near.getOutputStream();
            out.write((known
                            ? "HTTP/1.1 200 Connection established\r\n\r\n"
                            : "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            out.flush();
            if (known) {
                Thread.ofVirtual().start(() -> copy(far, near));
                copy(near, far);
            }
        } catch (IOException e) {
            heads.add("broken: " + e.getMessage());
        }
    }

    private static String head(InputStream in) throws IOException {
        BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII), 1);
        List<String> lines = new ArrayList<>();
        for (String line = reader.readLine(); line != null && !line.isEmpty(); line = reader.readLine()) {
            lines.add(line);
        }
        return String.join("\n", lines);
    }

    private static void copy(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
            to.shutdownOutput();
        } catch (IOException e) {
            return; // one of the two ends is gone
        }
    }
}
