package dev.strata.operator;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildSpec;
import dev.strata.api.Source;
import io.fabric8.kubernetes.api.model.Secret;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code POST /hooks/<namespace>/<name>}: a git server tells that a build's source has changed. The request is believed
 * only as far as that it is time to look; what it says about branches and commits is not read at all.
 */
final class HookServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HookServer.class);
    private static final Pattern PATH = Pattern.compile("/hooks/([a-z0-9-]{1,63})/([a-z0-9.-]{1,253})");
    /** GitHub sends no more than 25 MB. */
    private static final long MOST_BYTES = 26L << 20;

    private static final String FORWARDED = "X-Strata-Forwarded";
    private static final int FORWARDING_MILLIS = 5_000;
    private static final String LONGEST_REQUEST_SECONDS = "30";

    static {
        System.setProperty("sun.net.httpserver.maxReqTime", LONGEST_REQUEST_SECONDS);
    }

    /** Reads a build, and the secret that its webhook names. */
    interface Builds {
        Optional<ImageBuild> build(String namespace, String name);

        Optional<Secret> secret(String namespace, String name);
    }

    /** Which replica works, and so looks things up. */
    interface Leader {
        /** The base URL of its webhooks; empty where it is this one. */
        Optional<URI> elsewhere();
    }

    private final HttpServer server;
    private final Builds builds;
    private final Leader leader;
    private final Consumer<ResourceID> changed;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    /**
     * Listens at once.
     *
     * @param port 0 takes a free one
     * @param leader asked for each request that is believed
     * @param changed told of each build whose source shall be looked up
     */
    HookServer(int port, Builds builds, Leader leader, Consumer<ResourceID> changed) throws IOException {
        this.builds = builds;
        this.leader = leader;
        this.changed = changed;
        server = HttpServer.create(new InetSocketAddress(port), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    int port() {
        return server.getAddress().getPort();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            Matcher path = PATH.matcher(exchange.getRequestURI().getPath());
            if (!path.matches()) {
                answer(exchange, 404, "POST /hooks/<namespace>/<name of the ImageBuild>");
            } else if (!exchange.getRequestMethod().equals("POST")) {
                answer(exchange, 405, "a webhook is a POST");
            } else {
                take(exchange, path.group(1), path.group(2));
            }
        }
    }

    /** One answer whatever is wrong, so that nobody can find out which builds there are. */
    private void take(HttpExchange exchange, String namespace, String name) throws IOException {
        Optional<byte[]> secret =
                builds.build(namespace, name).map(HookServer::reference).flatMap(key -> value(namespace, key));
        HookSignature signature = new HookSignature(secret.orElse(new byte[1]));
        boolean whole = read(exchange.getRequestBody(), signature);
        if (!whole) {
            answer(exchange, 413, "more than " + MOST_BYTES + " bytes");
        } else if (!signature.fits(exchange.getRequestHeaders()::getFirst) || secret.isEmpty()) {
            LOG.info("a webhook for {}/{} was refused", namespace, name);
            answer(
                    exchange,
                    403,
                    "there is no such ImageBuild with a webhook, or the signature does not fit its secret");
        } else {
            accepted(exchange, new ResourceID(name, namespace), secret.get());
        }
    }

    private void accepted(HttpExchange exchange, ResourceID build, byte[] secret) throws IOException {
        Optional<URI> elsewhere = leader.elsewhere();
        if (elsewhere.isEmpty()) {
            changed.accept(build);
            answer(exchange, 202, "the source is being looked up");
        } else if (exchange.getRequestHeaders().containsKey(FORWARDED)) {
            answer(exchange, 503, "the replica that works is changing; send it again");
        } else {
            forward(exchange, elsewhere.get().resolve(exchange.getRequestURI().getPath()), secret);
        }
    }

    /** The body was not kept, and its signature fitted: the replica that works gets an empty one, signed in the same way. */
    private static void forward(HttpExchange exchange, URI leader, byte[] secret) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) leader.toURL().openConnection();
        try {
            connection.setConnectTimeout(FORWARDING_MILLIS);
            connection.setReadTimeout(FORWARDING_MILLIS);
            connection.setRequestMethod("POST");
            connection.setRequestProperty(FORWARDED, "yes");
            connection.setRequestProperty("X-Strata-Signature", HookSignature.ofNothing(secret));
            int code = connection.getResponseCode();
            answer(exchange, code == 202 ? 202 : 503, code == 202 ? "the source is being looked up" : "send it again");
        } catch (IOException e) {
            LOG.warn("the replica that works, {}, does not take a webhook: {}", leader, e.toString());
            answer(exchange, 503, "the replica that works does not answer; send it again");
        } finally {
            connection.disconnect();
        }
    }

    private static Source.@Nullable Key reference(ImageBuild build) {
        ImageBuildSpec spec = build.getSpec();
        return spec == null || spec.rebuild() == null || spec.rebuild().webhook() == null
                ? null
                : spec.rebuild().webhook().secretRef();
    }

    private Optional<byte[]> value(String namespace, Source.Key key) {
        if (key.name() == null || key.key() == null) {
            return Optional.empty();
        }
        return builds.secret(namespace, key.name())
                .map(Secret::getData)
                .map(data -> data.get(key.key()))
                .map(text -> new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8)
                        .stripTrailing() // the line feed that editors leave
                        .getBytes(StandardCharsets.UTF_8))
                .filter(bytes -> bytes.length > 0);
    }

    private static boolean read(InputStream body, HookSignature signature) throws IOException {
        byte[] buffer = new byte[16384];
        long total = 0;
        for (int count = body.read(buffer); count >= 0; count = body.read(buffer)) {
            total += count;
            if (total > MOST_BYTES) {
                return false;
            }
            signature.update(buffer, count);
        }
        return true;
    }

    private static void answer(HttpExchange exchange, int code, String text) throws IOException {
        byte[] body = (text + "\n").getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
        exchange.sendResponseHeaders(code, body.length);
        try (OutputStream stream = exchange.getResponseBody()) {
            stream.write(body);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
