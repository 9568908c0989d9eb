package dev.strata.context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.strata.image.Digest;
import dev.strata.plan.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HttpTest {
    private static final byte[] CONTENT = "content\n".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path folder;

    private final List<HttpServer> servers = new CopyOnWriteArrayList<>();
    private final CountDownLatch testEnds = new CountDownLatch(1);
    private final Http http = new Http(null, 1000);
    private HttpServer server;

    private interface Answer {
        void to(HttpExchange exchange) throws IOException, InterruptedException;
    }

    @BeforeEach
    void aServer() throws IOException {
        server = serve(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
    }

    @AfterEach
    void stop() {
        testEnds.countDown();
        servers.forEach(each -> each.stop(0));
    }

    private HttpServer serve(HttpServer fresh) {
        fresh.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        fresh.start();
        servers.add(fresh);
        return fresh;
    }

    private static void on(HttpServer at, String path, Answer answer) {
        at.createContext(path, exchange -> {
            try (exchange) {
                answer.to(exchange);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private static void send(HttpExchange exchange, byte[] content) throws IOException {
        exchange.sendResponseHeaders(200, content.length);
        exchange.getResponseBody().write(content);
    }

    private static String url(HttpServer at, String path) {
        return (at instanceof HttpsServer ? "https" : "http") + "://localhost:"
                + at.getAddress().getPort() + path;
    }

    private Http.Fetched fetch(String url) {
        return fetch(url, null, null);
    }

    private Http.Fetched fetch(String url, @Nullable Digest checksum, @Nullable Path credentials) {
        return http.fetch(url, checksum, credentials, folder.resolve("out"));
    }

    private ContextException failure(String url) {
        return failure(() -> fetch(url));
    }

    private static ContextException failure(Runnable action) {
        ContextException thrown = catchThrowableOfType(ContextException.class, action::run);
        assertThat(thrown).isNotNull();
        return thrown;
    }

    private Path secret(String key, String value) throws IOException {
        Path secret = Files.createDirectories(folder.resolve("secret"));
        Files.writeString(secret.resolve(key), value);
        return secret;
    }

    @Test
    void aFileHasItsNameDigestSizeAndTheServersTime() throws IOException {
        on(server, "/a/file.txt", exchange -> {
            exchange.getResponseHeaders().add("Last-Modified", "Fri, 01 Mar 2024 10:00:00 GMT");
            send(exchange, CONTENT);
        });
        Http.Fetched fetched = fetch(url(server, "/a/file.txt?token=1#part"));

        assertThat(fetched.file()).hasBinaryContent(CONTENT);
        assertThat(fetched.name()).isEqualTo("file.txt");
        assertThat(fetched.digest()).isEqualTo(Digest.sha256(CONTENT));
        assertThat(fetched.size()).isEqualTo(CONTENT.length);
        assertThat(fetched.lastModified()).isEqualTo(Instant.parse("2024-03-01T10:00:00Z"));
        assertThat(Files.getLastModifiedTime(fetched.file()).toInstant()).isEqualTo(fetched.lastModified());
    }

    @Test
    void whereTheServerTellsNoTimeItIsTheStartOf1970() throws IOException {
        on(server, "/", exchange -> send(exchange, CONTENT));
        Http.Fetched fetched = fetch(url(server, "/"));
        assertThat(fetched.name()).isEqualTo("__unnamed__");
        assertThat(fetched.lastModified()).isNull();
        assertThat(Files.getLastModifiedTime(fetched.file()).toInstant()).isEqualTo(Instant.EPOCH);
    }

    @Test
    void aChecksumIsCheckedByItsOwnAlgorithm() {
        on(server, "/f", exchange -> send(exchange, CONTENT));
        String url = url(server, "/f");
        fetch(url, Digest.sha256(CONTENT), null);

        Digest other = Digest.sha256(new byte[0]);
        ContextException failure = failure(() -> fetch(url, other, null));
        assertThat(failure.fault()).isEqualTo(Failure.Cause.USER);
        assertThat(failure.what()).contains(Digest.sha256(CONTENT).toString()).contains(other.toString());
    }

    @Test
    void redirectsAreFollowedAndCredentialsStayWithTheFirstHost() throws IOException {
        List<String> atHome = new CopyOnWriteArrayList<>();
        List<String> abroad = new CopyOnWriteArrayList<>();
        HttpServer other = serve(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
        on(server, "/start", exchange -> {
            atHome.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
            exchange.getResponseHeaders().add("Location", "/next");
            exchange.sendResponseHeaders(302, -1);
        });
        on(server, "/next", exchange -> {
            atHome.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
            exchange.getResponseHeaders().add("Location", url(other, "/end"));
            exchange.sendResponseHeaders(307, -1);
        });
        on(other, "/end", exchange -> {
            abroad.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
            send(exchange, CONTENT);
        });
        secret("username", "robot");
        Http.Fetched fetched = fetch(url(server, "/start"), null, secret("password", "right\n"));

        assertThat(fetched.name()).isEqualTo("start");
        assertThat(atHome).containsExactly(GitServer.basic("robot:right"), GitServer.basic("robot:right"));
        assertThat(abroad).containsExactly("null");
    }

    @Test
    void aTokenIsSentAsBearer() throws IOException {
        on(server, "/f", exchange -> {
            boolean right = "Bearer abc".equals(exchange.getRequestHeaders().getFirst("Authorization"));
            exchange.sendResponseHeaders(right ? 200 : 401, -1);
        });
        assertThat(fetch(url(server, "/f"), null, secret("token", "abc")).size())
                .isZero();
    }

    @Test
    void redirectsWithoutEndAreRefused() {
        on(server, "/loop", exchange -> {
            exchange.getResponseHeaders().add("Location", "/loop");
            exchange.sendResponseHeaders(301, -1);
        });
        assertThat(failure(url(server, "/loop")).what()).contains("redirects more than 10 times");
    }

    @Test
    void statusesTellWhoseFaultItIs() {
        on(
                server,
                "/status/",
                exchange -> exchange.sendResponseHeaders(
                        Integer.parseInt(exchange.getRequestURI().getPath().replace("/status/", "")), -1));
        for (int user : List.of(400, 401, 403, 404, 410)) {
            ContextException failure = failure(url(server, "/status/" + user));
            assertThat(failure.fault()).as("%s", user).isEqualTo(Failure.Cause.USER);
            assertThat(failure.what()).contains(Integer.toString(user));
        }
        for (int outside : List.of(408, 429, 500, 502, 503)) {
            assertThat(failure(url(server, "/status/" + outside)).fault())
                    .as("%s", outside)
                    .isEqualTo(Failure.Cause.OUTSIDE);
        }
    }

    @Test
    void aFileThatIsTooLargeIsRefusedWhetherItsLengthIsAnnouncedOrNot() {
        on(server, "/announced", exchange -> {
            exchange.sendResponseHeaders(200, 5_000);
            exchange.getResponseBody().flush();
            testEnds.await();
        });
        on(server, "/endless", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            for (int i = 0; i < 100_000; i++) {
                exchange.getResponseBody().write(new byte[1000]);
            }
        });
        assertThat(failure(url(server, "/announced")).what()).contains("larger than the 1000 bytes");
        assertThat(failure(url(server, "/endless")).what()).contains("larger than the 1000 bytes");
    }

    @Test
    void aServerThatFallsSilentIsTheOutsidesFault() {
        on(server, "/mute", exchange -> testEnds.await());
        on(server, "/half", exchange -> {
            exchange.sendResponseHeaders(200, 100);
            exchange.getResponseBody().write(CONTENT);
            exchange.getResponseBody().flush();
            testEnds.await();
        });
        Http impatient = new Http(null, 1000, Duration.ofSeconds(1));
        for (String path : List.of("/mute", "/half")) {
            ContextException failure = failure(() -> impatient.fetch(url(server, path), null, null, folder));
            assertThat(failure.fault()).isEqualTo(Failure.Cause.OUTSIDE);
            assertThat(failure.what()).contains("silent");
        }
    }

    @Test
    void aTransferThatIsCutIsTheOutsidesFault() {
        on(server, "/cut", exchange -> {
            exchange.sendResponseHeaders(200, 100);
            exchange.getResponseBody().write(CONTENT);
            exchange.getResponseBody().flush();
        });
        assertThat(failure(url(server, "/cut")).fault()).isEqualTo(Failure.Cause.OUTSIDE);
    }

    @Test
    void aDeadServerAndAnUnknownHostAreTheOutsidesFault() {
        String dead = url(server, "/f");
        server.stop(0);
        assertThat(failure(dead).fault()).isEqualTo(Failure.Cause.OUTSIDE);
        ContextException unknown = failure("http://no-such-host.invalid/f");
        assertThat(unknown.fault()).isEqualTo(Failure.Cause.OUTSIDE);
        assertThat(unknown.what()).contains("name is not known");
    }

    @Test
    void addressesOfOtherKindsOrWithAPasswordAreRefused() {
        for (String url : List.of("file:///etc/passwd", "ftp://host/f", "http:///f", "http://host/a b", "host/f")) {
            assertThat(failure(url).fault()).as(url).isEqualTo(Failure.Cause.USER);
        }
        ContextException password = failure("http://me:hunter2@host/f");
        assertThat(password.getMessage()).contains("password").doesNotContain("hunter2");
    }

    @Test
    void aRedirectFromHttpsToHttpNeedsAChecksumAndAnOwnAuthorityIsTrusted() throws Exception {
        HttpServer secure = serve(secureServer());
        on(server, "/plain", exchange -> send(exchange, CONTENT));
        on(secure, "/down", exchange -> {
            exchange.getResponseHeaders().add("Location", url(server, "/plain"));
            exchange.sendResponseHeaders(302, -1);
        });
        on(secure, "/f", exchange -> send(exchange, CONTENT));
        String down = url(secure, "/down");

        ContextException untrusted = failure(url(secure, "/f"));
        assertThat(untrusted.fault()).isEqualTo(Failure.Cause.USER);
        assertThat(untrusted.what()).contains("certificate is not trusted");
        assertThat(untrusted.mend()).contains("ca.crt");

        Path secret = secret("ca.crt", Files.readString(folder.resolve("server.pem")));
        assertThat(fetch(url(secure, "/f"), null, secret).file()).hasBinaryContent(CONTENT);
        assertThat(new Http(folder.resolve("server.pem"), 1000)
                        .fetch(url(secure, "/f"), null, null, folder)
                        .file())
                .hasBinaryContent(CONTENT);
        assertThat(failure(() -> fetch(down, null, secret)).what()).contains("from https to http");
        fetch(down, Digest.sha256(CONTENT), secret);
    }

    private HttpsServer secureServer() throws IOException, InterruptedException, GeneralSecurityException {
        Path store = folder.resolve("server.p12");
        String keytool = System.getProperty("java.home") + "/bin/keytool";
        run(
                keytool,
                "-genkeypair",
                "-alias",
                "s",
                "-keyalg",
                "EC",
                "-dname",
                "CN=localhost",
                "-ext",
                "san=dns:localhost",
                "-storepass",
                "changeit",
                "-keystore",
                store.toString());
        run(
                keytool,
                "-exportcert",
                "-rfc",
                "-alias",
                "s",
                "-storepass",
                "changeit",
                "-keystore",
                store.toString(),
                "-file",
                folder.resolve("server.pem").toString());
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, "changeit".toCharArray());
        }
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, "changeit".toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        HttpsServer secure = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        secure.setHttpsConfigurator(new HttpsConfigurator(context));
        return secure;
    }

    private static void run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }
}
