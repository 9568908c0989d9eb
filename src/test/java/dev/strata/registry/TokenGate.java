package dev.strata.registry;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * The guard of a {@link MemoryRegistry} that wants tokens for a scope, and gives them out at {@code /token} for a
 * password or an identity token.
 */
final class TokenGate implements MemoryRegistry.Gate {
    static final String IDENTITY = "identity-token";

    private final String realm;
    private final String user;
    private final String password;
    private final boolean anonymousPull;
    private final Map<String, String> granted = new ConcurrentHashMap<>();
    private final AtomicInteger number = new AtomicInteger();
    final List<String> scopesAsked = new CopyOnWriteArrayList<>();

    /** @param anonymousPull whether a token to read is given to everybody */
    TokenGate(String address, String user, String password, boolean anonymousPull) {
        this.realm = address + "/token";
        this.user = user;
        this.password = password;
        this.anonymousPull = anonymousPull;
    }

    static MemoryRegistry.Gate basic(String user, String password) {
        String wanted = basicHeader(user, password);
        return (exchange, request) -> {
            if (wanted.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
                return false;
            }
            exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"test, only\"");
            refuse(exchange, 401, "UNAUTHORIZED");
            return true;
        };
    }

    private static String basicHeader(String user, String password) {
        byte[] pair = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
        return "Basic " + Base64.getEncoder().encodeToString(pair);
    }

    private static void refuse(HttpExchange exchange, int status, String code) throws IOException {
        exchange.getRequestBody().readAllBytes();
        byte[] body = ("{\"errors\":[{\"code\":\"" + code + "\"}]}").getBytes(StandardCharsets.UTF_8);
        boolean head = exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(status, head ? -1 : body.length);
        if (!head) {
            exchange.getResponseBody().write(body);
        }
    }

    /** Makes all tokens invalid, as if their time were over. */
    void expireAll() {
        granted.clear();
    }

    @Override
    public boolean stops(HttpExchange exchange, MemoryRegistry.Seen request) throws IOException {
        if (request.uri().getPath().equals("/token")) {
            give(exchange);
            return true;
        }
        String name = request.uri().getPath().replaceFirst("/v2/(.*)/(?:manifests|blobs|tags|referrers)/.*", "$1");
        boolean reads = List.of("GET", "HEAD").contains(request.method());
        String needed = "repository:" + name + ":" + (reads ? "pull" : "pull,push");
        String header = exchange.getRequestHeaders().getFirst("Authorization");
        String token = header == null ? "" : header.replaceFirst("^Bearer ", "");
        String scopes = granted.getOrDefault(token, "");
        boolean allowed = Arrays.stream(scopes.split(" "))
                .anyMatch(scope -> scope.equals(needed) || scope.equals("repository:" + name + ":pull,push"));
        if (allowed) {
            return false;
        }
        exchange.getResponseHeaders()
                .set("WWW-Authenticate", "Bearer realm=\"" + realm + "\",service=\"test\",scope=\"" + needed + "\"");
        refuse(exchange, 401, "UNAUTHORIZED");
        return true;
    }

    private void give(HttpExchange exchange) throws IOException {
        boolean post = exchange.getRequestMethod().equals("POST");
        String text = post
                ? new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8)
                : exchange.getRequestURI().getRawQuery();
        List<String> scopes = Arrays.stream(text.split("&"))
                .filter(pair -> pair.startsWith("scope="))
                .map(pair -> URLDecoder.decode(pair.substring(6), StandardCharsets.UTF_8))
                .flatMap(words -> Arrays.stream(words.split(" ")))
                .toList();
        scopesAsked.add(String.join(" ", scopes));
        boolean known = post
                ? text.contains("grant_type=refresh_token") && text.contains("refresh_token=" + IDENTITY)
                : basicHeader(user, password)
                        .equals(exchange.getRequestHeaders().getFirst("Authorization"));
        boolean anonymous = !exchange.getRequestHeaders().containsKey("Authorization") && !post && anonymousPull;
        if (!known && !anonymous) {
            refuse(exchange, 401, "UNAUTHORIZED");
            return;
        }
        String token = "token-" + number.incrementAndGet();
        granted.put(
                token,
                scopes.stream()
                        .map(scope -> known ? scope : scope.replaceFirst(":[^:]*$", ":pull"))
                        .collect(Collectors.joining(" ")));
        byte[] body = ("{\"token\":\"" + token + "\",\"expires_in\":300}").getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
    }
}
