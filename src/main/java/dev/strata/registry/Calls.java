package dev.strata.registry;

import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The road of every request: a place among the requests in flight, credentials, redirects, and another attempt where
 * that may help.
 */
final class Calls {
    private static final int MOST_REDIRECTS = 10;
    private static final int MOST_ROUNDS = 12;
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final Set<Integer> SAME_METHOD = Set.of(307, 308);

    private final Connections connections;
    private final Authorization authorization;
    private final Endpoints endpoints;
    private final Credentials credentials;
    private final Retry retry;
    private final int perHost;
    private final Map<String, Semaphore> places = new ConcurrentHashMap<>();

    Calls(
            Connections connections,
            Authorization authorization,
            Endpoints endpoints,
            Credentials credentials,
            Retry retry,
            int perHost) {
        this.connections = connections;
        this.authorization = authorization;
        this.endpoints = endpoints;
        this.credentials = credentials;
        this.retry = retry;
        this.perHost = perHost;
    }

    Retry retry() {
        return retry;
    }

    /** Sends a call; an answer whose status is none of {@code wanted} is thrown as an error. */
    Answer expect(Call call, Integer... wanted) {
        Answer answer = send(call);
        if (Arrays.asList(wanted).contains(answer.status())) {
            return answer;
        }
        try (answer) {
            throw refusal(call, answer);
        }
    }

    /**
     * Sends a call for a document and reads it whole, so that an answer that breaks off is asked for again.
     *
     * @param limit in bytes; a longer document is refused
     */
    Answer document(Call call, long limit, String noun) {
        Supplier<Answer> exchange = () -> {
            Answer answer = authorized(call);
            return answer.status() == 200 ? answer.whole(limit, noun) : answer;
        };
        Answer answer = isRetried(call) ? retry.persist(exchange) : exchange.get();
        if (answer.status() == 200) {
            return answer;
        }
        try (answer) {
            throw refusal(call, answer);
        }
    }

    private static boolean isRetried(Call call) {
        return call.retried() && !call.endpoint().hasFallback();
    }

    RegistryException refusal(Call call, Answer answer) {
        List<Credential> all = authorization.candidates(call.endpoint(), call.scope());
        return Refusal.of(call, answer, all, credentials.places())
                .withRetryAfter(retry.asked(answer).orElse(null));
    }

    /** Sends a call; any answer will do. */
    Answer send(Call call) {
        return isRetried(call) ? retry.persist(() -> authorized(call)) : authorized(call);
    }

    private Answer authorized(Call call) {
        boolean own = Endpoint.origin(call.uri()).equals(call.endpoint().origin());
        for (int round = 1; ; round++) {
            Authorization.Sent sent =
                    own ? authorization.header(call.endpoint(), call.scope()) : new Authorization.Sent(null, false, 0);
            Answer answer = counted(call, sent.value());
            boolean refused = answer.status() == 401 || answer.status() == 403;
            boolean repeatable = call.body() == null || call.body().repeatable();
            if (!own
                    || !refused
                    || !repeatable
                    || round >= MOST_ROUNDS
                    || !Endpoint.origin(answer.uri()).equals(call.endpoint().origin())
                    || !authorization.another(call.endpoint(), call.scope(), sent, answer)) {
                return answer;
            }
            answer.close();
        }
    }

    private Answer counted(Call call, @Nullable String header) {
        Semaphore place = places.computeIfAbsent(call.endpoint().origin(), origin -> new Semaphore(perHost, true));
        // What streams while it is being made may last as long as a build: it must not keep others out.
        if (call.body() != null && !call.body().repeatable()) {
            return redirected(call, header);
        }
        try {
            place.acquire();
        } catch (InterruptedException e) {
            throw Retry.interrupted(e);
        }
        boolean answered = false;
        try {
            Answer answer = redirected(call, header).whenClosed(place::release);
            answered = true;
            return answer;
        } finally {
            if (!answered) {
                place.release();
            }
        }
    }

    /** Follows redirects; credentials never leave the origin that they are for. */
    private Answer redirected(Call call, @Nullable String header) {
        URI uri = call.uri();
        for (int hop = 0; ; hop++) {
            Map<String, String> headers = new TreeMap<>(call.headers());
            if (header != null && Endpoint.origin(uri).equals(call.endpoint().origin())) {
                headers.put("Authorization", header);
            }
            Answer answer = connections.send(
                    new Connections.Exchange(call.method(), uri, headers, call.body(), call.patience()));
            if (hop >= MOST_REDIRECTS || !mayFollow(call, answer)) {
                return answer;
            }
            try (answer) {
                uri = location(call.endpoint(), answer);
            }
        }
    }

    private static boolean mayFollow(Call call, Answer answer) {
        boolean reads = call.method().equals("GET") || call.method().equals("HEAD");
        boolean repeatable = call.body() == null || call.body().repeatable();
        return answer.header("Location").isPresent()
                && (reads ? REDIRECTS.contains(answer.status()) : SAME_METHOD.contains(answer.status()) && repeatable);
    }

    /** Where {@code Location} leads, never from TLS to plain HTTP unless that host was named for it. */
    URI location(Endpoint endpoint, Answer answer) {
        String text = answer.header("Location")
                .orElseThrow(() -> answer.odd(endpoint.host() + " gave no Location where it must"));
        URI target;
        try {
            target = answer.uri().resolve(text);
        } catch (IllegalArgumentException e) {
            throw answer.odd(endpoint.host() + " gave a Location that is no address");
        }
        boolean web = "https".equals(target.getScheme()) || "http".equals(target.getScheme());
        if (!web || target.getHost() == null) {
            throw answer.odd(endpoint.host() + " gave a Location that is no web address");
        }
        if ("https".equals(answer.uri().getScheme()) && "http".equals(target.getScheme())) {
            if (target.getHost().equals(answer.uri().getHost())) {
                // A registry behind a proxy that does not know that the world sees TLS.
                return URI.create("https://" + answer.uri().getRawAuthority()
                        + target.toString().substring(("http://" + target.getRawAuthority()).length()));
            }
            if (!endpoints.speaksPlainHttp(target.getRawAuthority())) {
                throw answer.odd(endpoint.host() + " leads from a secure address to the insecure "
                        + RegistryException.redact(target));
            }
        }
        return target;
    }
}
