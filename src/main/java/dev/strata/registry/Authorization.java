package dev.strata.registry;

import com.fasterxml.jackson.databind.JsonNode;
import dev.strata.image.Json;
import dev.strata.registry.RegistryException.Kind;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What to put into {@code Authorization}: learns from each registry's challenge, keeps tokens until they expire, and
 * goes through the credentials until one is accepted.
 */
final class Authorization {
    private static final int MOST_TOKEN_BYTES = 1 << 20;
    private static final Duration DEFAULT_LIFE = Duration.ofSeconds(60);
    private static final Duration MARGIN = Duration.ofSeconds(10);

    private final Connections connections;
    private final Retry retry;
    private final Credentials credentials;
    private final Endpoints endpoints;
    private final Map<Endpoint, Challenge> challenges = new ConcurrentHashMap<>();
    private final Map<Asked, String> moreScope = new ConcurrentHashMap<>();
    private final Map<Asked, Integer> current = new ConcurrentHashMap<>();
    private final Map<TokenKey, Token> tokens = new ConcurrentHashMap<>();
    private final Map<TokenKey, Object> locks = new ConcurrentHashMap<>();

    private record Asked(Endpoint endpoint, Scope scope) {}

    private record TokenKey(Endpoint endpoint, Scope scope, int candidate) {}

    private record Token(String value, Instant until) {}

    /**
     * What was sent.
     *
     * @param value null where nothing was
     * @param fresh whether it was fetched for this call, so that a refusal is about the credentials
     * @param candidate which credentials were used, from 0
     */
    record Sent(@Nullable String value, boolean fresh, int candidate) {}

    Authorization(Connections connections, Retry retry, Credentials credentials, Endpoints endpoints) {
        this.connections = connections;
        this.retry = retry;
        this.credentials = credentials;
        this.endpoints = endpoints;
    }

    List<Credential> candidates(Endpoint endpoint, Scope scope) {
        return credentials.find(endpoint.host(), scope.repository());
    }

    /** What to send with a call; fetches a token where one is needed. */
    Sent header(Endpoint endpoint, Scope scope) {
        Challenge challenge = challenges.get(endpoint);
        if (challenge == null) {
            return new Sent(null, false, 0);
        }
        while (true) {
            int number = current.getOrDefault(new Asked(endpoint, scope), 0);
            List<Credential> all = candidates(endpoint, scope);
            Credential credential = number < all.size() ? all.get(number) : null;
            try {
                return challenge.scheme().equals("basic")
                        ? new Sent(basic(credential), true, number)
                        : bearer(endpoint, scope, challenge, credential, number);
            } catch (RegistryException e) {
                boolean refused = e.kind() == Kind.UNAUTHORIZED || e.kind() == Kind.DENIED;
                if (!refused || !next(endpoint, scope, number)) {
                    throw e;
                }
            }
        }
    }

    /** After a 401 or 403: whether it is worth the same call again, with other credentials or a new token. */
    boolean another(Endpoint endpoint, Scope scope, Sent sent, Answer refused) {
        if (refused.status() == 403) {
            return next(endpoint, scope, sent.candidate());
        }
        Optional<Challenge> wanted = preferred(Challenge.parse(refused.headers().allValues("WWW-Authenticate")));
        if (wanted.isEmpty()) {
            return false;
        }
        challenges.put(endpoint, wanted.get());
        Asked asked = new Asked(endpoint, scope);
        String before = moreScope.getOrDefault(asked, "");
        moreScope.put(asked, wanted.get().parameter("scope"));
        if (sent.value() == null) {
            return wanted.get().scheme().equals("bearer")
                    || !candidates(endpoint, scope).isEmpty();
        }
        if (!sent.fresh()) {
            tokens.keySet()
                    .removeIf(key ->
                            key.endpoint().equals(endpoint) && key.scope().equals(scope));
            return true;
        }
        boolean wantsMore = !scope.and(before).equals(scope.and(moreScope.getOrDefault(asked, "")));
        return wantsMore || next(endpoint, scope, sent.candidate());
    }

    /** Goes on to the next credentials for a scope; false where those that were refused were the last. */
    private synchronized boolean next(Endpoint endpoint, Scope scope, int refused) {
        Asked asked = new Asked(endpoint, scope);
        if (current.getOrDefault(asked, 0) > refused) {
            return true; // another thread has gone on
        }
        if (refused + 1 >= candidates(endpoint, scope).size()) {
            return false;
        }
        current.put(asked, refused + 1);
        return true;
    }

    private static Optional<Challenge> preferred(List<Challenge> challenges) {
        return Stream.of("bearer", "basic")
                .flatMap(scheme -> challenges.stream().filter(c -> c.scheme().equals(scheme)))
                .findFirst();
    }

    private static @Nullable String basic(@Nullable Credential credential) {
        return switch (credential) {
            case null -> null;
            case Credential.Password(String user, String password, String _) -> encode(user, password);
            case Credential.IdentityToken(String token, String _) -> encode(CredentialProgram.TOKEN_USER, token);
            case Credential.RegistryToken(String token, String _) -> "Bearer " + token;
        };
    }

    private static String encode(String user, String password) {
        byte[] pair = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
        return "Basic " + Base64.getEncoder().encodeToString(pair);
    }

    private Sent bearer(
            Endpoint endpoint, Scope scope, Challenge challenge, @Nullable Credential credential, int number) {
        if (credential instanceof Credential.RegistryToken(String value, String _)) {
            return new Sent("Bearer " + value, true, number);
        }
        TokenKey key = new TokenKey(endpoint, scope, number);
        // One fetch a scope, however many calls wait for it.
        synchronized (locks.computeIfAbsent(key, k -> new Object())) {
            Token known = tokens.get(key);
            if (known != null && retry.clock().instant().isBefore(known.until())) {
                return new Sent("Bearer " + known.value(), false, number);
            }
            Scope whole = scope.and(moreScope.getOrDefault(new Asked(endpoint, scope), ""));
            Token token = fetch(endpoint, whole, challenge, credential);
            tokens.put(key, token);
            return new Sent("Bearer " + token.value(), true, number);
        }
    }

    private Token fetch(Endpoint endpoint, Scope scope, Challenge challenge, @Nullable Credential credential) {
        Connections.Exchange exchange = tokenExchange(endpoint, scope, challenge, credential);
        try (Answer answer = retry.persist(() -> answer(exchange))) {
            if (answer.status() != 200) {
                Call call = new Call(
                        exchange.method(), endpoint, exchange.uri(), scope, "get a token for " + scope.repository());
                throw Refusal.of(
                        call, answer, credential == null ? List.of() : List.of(credential), credentials.places());
            }
            return token(answer);
        }
    }

    private Answer answer(Connections.Exchange exchange) {
        Answer answer = connections.send(exchange);
        return answer.status() == 200 ? answer.whole(MOST_TOKEN_BYTES, "token") : answer;
    }

    private Connections.Exchange tokenExchange(
            Endpoint endpoint, Scope scope, Challenge challenge, @Nullable Credential credential) {
        URI realm = realm(endpoint, challenge);
        if (credential != null
                && !"https".equals(realm.getScheme())
                && !endpoints.speaksPlainHttp(realm.getRawAuthority())) {
            throw RegistryException.configuration(
                    endpoint.host() + " wants its credentials sent to " + RegistryException.redact(realm)
                            + ", which is not secure",
                    "If that is right, name " + realm.getRawAuthority() + " as a plain HTTP (insecure) registry",
                    null);
        }
        String service = challenge.parameter("service");
        if (credential instanceof Credential.IdentityToken(String token, String _)) {
            String form = "grant_type=refresh_token&client_id=strata&service=" + encode(service) + "&scope="
                    + encode(scope.words()) + "&refresh_token=" + encode(token);
            return new Connections.Exchange(
                    "POST",
                    realm,
                    Map.of("Content-Type", "application/x-www-form-urlencoded"),
                    Body.of(form.getBytes(StandardCharsets.UTF_8)),
                    1);
        }
        StringBuilder query = new StringBuilder(realm.getRawQuery() == null ? "?" : "&");
        query.append("service=").append(encode(service));
        for (String word : scope.words().split(" ")) {
            query.append("&scope=").append(encode(word));
        }
        String header = basic(credential);
        return new Connections.Exchange(
                "GET",
                URI.create(realm.toString() + query),
                header == null ? Map.of() : Map.of("Authorization", header),
                null,
                1);
    }

    private static URI realm(Endpoint endpoint, Challenge challenge) {
        String text = challenge.parameter("realm");
        try {
            URI realm = endpoint.root().resolve(text);
            boolean web = "https".equals(realm.getScheme()) || "http".equals(realm.getScheme());
            if (web && realm.getHost() != null && realm.getRawFragment() == null) {
                return realm;
            }
        } catch (IllegalArgumentException e) {
            throw noRealm(endpoint, e);
        }
        throw noRealm(endpoint, null);
    }

    private static RegistryException noRealm(Endpoint endpoint, @Nullable Throwable cause) {
        return new RegistryException(
                Kind.PROTOCOL,
                null,
                null,
                endpoint.host() + " wants a token, but its challenge names no address to get one from",
                null,
                cause);
    }

    private Token token(Answer answer) {
        try {
            JsonNode json = Json.MAPPER.readTree(answer.bytes(MOST_TOKEN_BYTES, "token"));
            String value = json.path("token").asText(json.path("access_token").asText(""));
            if (!value.isEmpty()) {
                long seconds = json.path("expires_in").asLong(DEFAULT_LIFE.toSeconds());
                Duration life = Duration.ofSeconds(Math.clamp(seconds, 1, 86_400));
                Duration safe = life.compareTo(MARGIN.multipliedBy(2)) > 0 ? life.minus(MARGIN) : life.dividedBy(2);
                return new Token(value, retry.clock().instant().plus(safe));
            }
        } catch (IOException e) {
            // Said below; the text itself may be a secret.
            throw answer.odd("the answer to the question for a token is no JSON");
        }
        throw answer.odd("the answer to the question for a token holds none");
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
