package dev.strata.context;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A server of the Git LFS batch API that has one file: it offers every object that is asked for, and sends that file, or
 * zeros without end. Source: git-lfs, docs/api/batch.md.
 */
public final class LfsServer implements AutoCloseable {
    private static final Pattern OBJECT = Pattern.compile("\"oid\":\"([0-9a-f]{64})\",\"size\":(\\d+)");

    private final HttpServer server;
    private final byte @Nullable [] file;
    private final boolean asksForCredentials;
    private final List<String> authorizations = new CopyOnWriteArrayList<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();

    /** @param file null sends zeros without end */
    LfsServer(byte @Nullable [] file, boolean asksForCredentials) throws IOException {
        this(InetAddress.getLoopbackAddress(), file, asksForCredentials);
    }

    /** As the other, at another address of this machine. */
    public LfsServer(InetAddress address, byte @Nullable [] file, boolean asksForCredentials) throws IOException {
        this.file = file;
        this.asksForCredentials = asksForCredentials;
        server = HttpServer.create(new InetSocketAddress(address, 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::handle);
        server.start();
    }

    public String url() {
        return "http://" + server.getAddress().getAddress().getHostAddress() + ":"
                + server.getAddress().getPort();
    }

    /** The Authorization headers that came in. */
    List<String> authorizations() {
        return authorizations;
    }

    List<String> requests() {
        return requests;
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
            String authorization = exchange.getRequestHeaders().getFirst("Authorization");
            if (authorization != null) {
                authorizations.add(authorization);
            }
            byte[] body = exchange.getRequestBody().readAllBytes();
            if (asksForCredentials) {
                exchange.getResponseHeaders().add("WWW-Authenticate", "Basic realm=\"lfs\"");
                exchange.sendResponseHeaders(401, -1);
            } else if (exchange.getRequestURI().getPath().endsWith("/objects/batch")) {
                offer(exchange, new String(body, StandardCharsets.UTF_8));
            } else {
                send(exchange);
            }
        }
    }

    private void offer(HttpExchange exchange, String asked) throws IOException {
        Matcher object = OBJECT.matcher(asked);
        if (!object.find()) {
            throw new IOException("no object in " + asked);
        }
        byte[] answer = """
                {"transfer": "basic", "objects": [{"oid": "%s", "size": %s, "authenticated": true,
                 "actions": {"download": {"href": "%s/file"}}}]}
                """.formatted(object.group(1), object.group(2), url()).getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "application/vnd.git-lfs+json");
        exchange.sendResponseHeaders(200, answer.length);
        exchange.getResponseBody().write(answer);
    }

    private void send(HttpExchange exchange) throws IOException {
        exchange.sendResponseHeaders(200, 0);
        OutputStream out = exchange.getResponseBody();
        if (file != null) {
            out.write(file);
            return;
        }
        byte[] zeros = new byte[1 << 16];
        while (true) {
            out.write(zeros); // fails when the other side has gone
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
