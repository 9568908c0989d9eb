package dev.strata.e2e;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;

/**
 * Stands between the builders and the cluster's registry, on an address that pods reach: writes down every request, and
 * answers some of them itself, as a registry in trouble does.
 */
final class RegistryProxy implements AutoCloseable {
    /** @param path with its query */
    record Request(String method, String path) {}

    private record Trouble(Predicate<Request> which, int status, String body) {}

    /** Those that a client may not set, and those that speak of one connection only. */
    private static final Set<String> NOT_FORWARDED =
            Set.of("host", "connection", "content-length", "transfer-encoding", "expect", "upgrade", "http2-settings");

    private final String target;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final List<Trouble> troubles = new CopyOnWriteArrayList<>();

    private RegistryProxy(TestCluster cluster) throws IOException {
        target = "http://" + cluster.registry();
        server = HttpServer.create(new InetSocketAddress(cluster.address, 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    static RegistryProxy start(TestCluster cluster) {
        try {
            return new RegistryProxy(cluster);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        client.shutdownNow();
        threads.close();
    }

    /** Host and port, as image names begin. */
    String host() {
        return server.getAddress().getAddress().getHostAddress() + ":"
                + server.getAddress().getPort();
    }

    /** From now on these requests are answered with this status and a registry's error body. */
    void answer(Predicate<Request> which, int status, String code) {
        troubles.add(new Trouble(
                which, status, "{\"errors\":[{\"code\":\"%s\",\"message\":\"said by the test\"}]}".formatted(code)));
    }

    /** From now on every request is forwarded. */
    void recover() {
        troubles.clear();
    }

    List<Request> requests() {
        return List.copyOf(requests);
    }

    /** The paths with which bytes of blobs arrived: chunks and closing requests of uploads that are no mount. */
    List<String> uploads() {
        return requests().stream()
                .filter(request ->
                        request.method().equals("POST") || request.method().equals("PATCH"))
                .filter(request -> request.path().contains("/blobs/uploads"))
                .filter(request -> !request.path().contains("mount="))
                .map(Request::path)
                .toList();
    }

    void forget() {
        requests.clear();
    }

    private void handle(HttpExchange exchange) throws IOException {
        Request request = new Request(
                exchange.getRequestMethod(), exchange.getRequestURI().toString());
        requests.add(request);
        try (exchange) {
            for (Trouble trouble : troubles) {
                if (trouble.which().test(request)) {
                    refuse(exchange, trouble);
                    return;
                }
            }
            forward(exchange);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void refuse(HttpExchange exchange, Trouble trouble) throws IOException {
        exchange.getRequestBody().readAllBytes();
        if (trouble.status() == 401) {
            exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"test\"");
        }
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        byte[] body = trouble.body().getBytes(StandardCharsets.UTF_8);
        boolean head = exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(trouble.status(), head ? -1 : body.length);
        if (!head) {
            exchange.getResponseBody().write(body);
        }
    }

    private void forward(HttpExchange exchange) throws IOException, InterruptedException {
        HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create(target + exchange.getRequestURI()))
                .method(exchange.getRequestMethod(), body(exchange));
        exchange.getRequestHeaders().forEach((name, values) -> {
            if (!NOT_FORWARDED.contains(name.toLowerCase(java.util.Locale.ROOT))) {
                values.forEach(value -> builder.header(name, value));
            }
        });
        HttpResponse<InputStream> response = client.send(builder.build(), BodyHandlers.ofInputStream());
        try (InputStream content = response.body()) {
            for (Map.Entry<String, List<String>> header :
                    response.headers().map().entrySet()) {
                if (!NOT_FORWARDED.contains(header.getKey())) {
                    header.getValue()
                            .forEach(value -> exchange.getResponseHeaders()
                                    .add(header.getKey(), value.replace(target, "http://" + host())));
                }
            }
            long length = response.headers().firstValueAsLong("content-length").orElse(0);
            if (exchange.getRequestMethod().equals("HEAD")) {
                exchange.getResponseHeaders().set("Content-Length", Long.toString(length));
                exchange.sendResponseHeaders(response.statusCode(), -1);
            } else {
                exchange.sendResponseHeaders(response.statusCode(), length == 0 ? -1 : length);
                content.transferTo(exchange.getResponseBody());
            }
        }
    }

    private static HttpRequest.BodyPublisher body(HttpExchange exchange) {
        String length = exchange.getRequestHeaders().getFirst("Content-Length");
        if (length != null) {
            long bytes = Long.parseLong(length);
            return bytes == 0
                    ? BodyPublishers.noBody()
                    : BodyPublishers.fromPublisher(BodyPublishers.ofInputStream(exchange::getRequestBody), bytes);
        }
        return exchange.getRequestHeaders().containsKey("Transfer-Encoding")
                ? BodyPublishers.ofInputStream(exchange::getRequestBody)
                : BodyPublishers.noBody();
    }
}
