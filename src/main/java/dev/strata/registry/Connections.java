package dev.strata.registry;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Single exchanges over HTTP: no redirects, no retries, no credentials; every failure in our own words. */
final class Connections implements AutoCloseable {
    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final String AGENT = "strata";

    private final Trust trust;
    private final Proxies proxies;
    private final Duration patience;
    private final Map<String, HttpClient> clients = new ConcurrentHashMap<>();

    Connections(Trust trust, Proxies proxies, Duration patience) {
        this.trust = trust;
        this.proxies = proxies;
        this.patience = patience;
    }

    /** @param patience times the usual wait for the first byte of the answer */
    record Exchange(
            String method,
            URI uri,
            Map<String, String> headers,
            @Nullable Body body,
            int patience) {}

    Answer send(Exchange exchange) {
        AtomicLong sent = new AtomicLong();
        HttpRequest.Builder request = HttpRequest.newBuilder(exchange.uri())
                .method(exchange.method(), publisher(exchange.body(), sent))
                .setHeader("User-Agent", AGENT);
        if (exchange.body() != null) {
            // One connection an upload: HTTP/2's windows make a single long stream slow.
            request.version(HttpClient.Version.HTTP_1_1);
        }
        exchange.headers().forEach(request::setHeader);
        proxies.authorization(exchange.uri()).ifPresent(value -> request.setHeader("Proxy-Authorization", value));
        CompletableFuture<HttpResponse<InputStream>> future =
                client(exchange.uri()).sendAsync(request.build(), information -> new TimedBody(patience));
        HttpResponse<InputStream> response = await(future, exchange, sent);
        return new Answer(
                exchange.method(), exchange.uri(), response.statusCode(), response.headers(), response.body());
    }

    private HttpResponse<InputStream> await(
            CompletableFuture<HttpResponse<InputStream>> future, Exchange exchange, AtomicLong sent) {
        long part = patience.toMillis() * exchange.patience() / TimedBody.PARTS_OF_A_WAIT;
        long before = sent.get();
        int silent = 0;
        try {
            while (true) {
                try {
                    return future.get(part, TimeUnit.MILLISECONDS);
                } catch (TimeoutException e) {
                    boolean idle = exchange.body() != null && exchange.body().idle();
                    silent = idle || sent.get() != before ? 0 : silent + 1;
                    if (silent == TimedBody.PARTS_OF_A_WAIT) {
                        future.cancel(true);
                        throw failure(exchange, "no byte moved for " + patience.toSeconds() + " s", null, e);
                    }
                    before = sent.get();
                }
            }
        } catch (ExecutionException e) {
            throw explain(exchange, e.getCause() == null ? e : e.getCause());
        } catch (InterruptedException e) {
            future.cancel(true);
            throw Retry.interrupted(e);
        }
    }

    private static BodyPublisher publisher(@Nullable Body body, AtomicLong sent) {
        if (body == null || body.length() == 0) {
            return BodyPublishers.noBody();
        }
        BodyPublisher stream = BodyPublishers.ofInputStream(() -> {
            try {
                return new Counted(body.open(), sent);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        return body.length() < 0 ? stream : BodyPublishers.fromPublisher(stream, body.length());
    }

    /** Counts what was read from it. */
    private static final class Counted extends InputStream {
        private final InputStream in;
        private final AtomicLong count;

        Counted(InputStream in, AtomicLong count) {
            this.in = in;
            this.count = count;
        }

        @Override
        public int read() throws IOException {
            int read = in.read();
            count.addAndGet(read < 0 ? 0 : 1);
            return read;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int read = in.read(bytes, offset, length);
            count.addAndGet(Math.max(read, 0));
            return read;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }

    private HttpClient client(URI uri) {
        boolean secure = "https".equals(uri.getScheme());
        String key = secure ? trust.identity(uri) : "plain";
        return clients.computeIfAbsent(key, name -> secure ? client(trust.context(uri)) : plainClient());
    }

    private HttpClient plainClient() {
        return builder(Trust.unused(), HttpClient.Version.HTTP_1_1).build();
    }

    private HttpClient client(SSLContext context) {
        return builder(context, HttpClient.Version.HTTP_2).build();
    }

    private HttpClient.Builder builder(SSLContext context, HttpClient.Version version) {
        return HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NEVER)
                .version(version)
                .connectTimeout(CONNECT)
                .proxy(proxies)
                .sslContext(context)
                .executor(Executors.newVirtualThreadPerTaskExecutor());
    }

    /** Has Java load what the first exchange needs, which takes longer than the exchange. */
    void warmUp() {
        plainClient().close();
    }

    private static RegistryException explain(Exchange exchange, Throwable thrown) {
        Throwable cause = thrown;
        while (cause.getCause() != null
                && !(cause instanceof SSLException || cause instanceof UnresolvedAddressException)) {
            cause = cause.getCause();
        }
        String host = exchange.uri().getHost();
        if (isHandshake(cause) || isHandshake(thrown)) {
            return Trust.explain(exchange, cause);
        }
        if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
            return failure(exchange, "there is no host named " + host, "Check the name, or this machine's DNS", thrown);
        }
        if (thrown instanceof HttpConnectTimeoutException) {
            return failure(
                    exchange,
                    host + " does not answer: no connection within " + CONNECT.toSeconds() + " s",
                    "Check the address, the network and HTTPS_PROXY",
                    thrown);
        }
        if (thrown instanceof ConnectException) {
            return failure(
                    exchange,
                    "nothing listens at " + host + ":" + port(exchange.uri()) + " (" + words(thrown) + ")",
                    "Check the address and whether the registry runs",
                    thrown);
        }
        return failure(exchange, "the connection to " + host + " broke: " + words(thrown), null, thrown);
    }

    /** Whether the two could not agree, which is no accident of the network. */
    private static boolean isHandshake(Throwable thrown) {
        String words = words(thrown);
        return thrown instanceof SSLException
                && !words.contains("terminated the handshake")
                && !words.contains("reset")
                && !words.contains("closed");
    }

    private static int port(URI uri) {
        return uri.getPort() >= 0 ? uri.getPort() : "https".equals(uri.getScheme()) ? 443 : 80;
    }

    private static RegistryException failure(
            Exchange exchange, String what, @Nullable String mend, @Nullable Throwable cause) {
        return new RegistryException(
                RegistryException.Kind.UNREACHABLE,
                new RegistryException.Called(exchange.method(), exchange.uri()),
                null,
                what,
                mend,
                cause);
    }

    /** The first words that say something in a chain of exceptions. */
    static String words(Throwable thrown) {
        for (Throwable next = thrown; next != null; next = next.getCause()) {
            String message = next.getMessage();
            if (message != null && !message.isBlank() && !message.equals(String.valueOf(next.getCause()))) {
                return message;
            }
        }
        return thrown.getClass().getSimpleName();
    }

    @Override
    public void close() {
        clients.values().forEach(HttpClient::shutdownNow);
    }
}
