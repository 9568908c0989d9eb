package dev.strata.registry;

import dev.strata.registry.RegistryException.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Asks one endpoint after the other, and leaves one that did not answer out for a while. */
final class Reading {
    private static final Duration REST = Duration.ofSeconds(60);

    private final InstantSource clock;
    private final Map<Endpoint, Instant> resting = new ConcurrentHashMap<>();

    Reading(InstantSource clock) {
        this.clock = clock;
    }

    /** A question to an endpoint. */
    interface Question<T, X extends Exception> {
        T ask(Endpoint endpoint) throws X;
    }

    <T> T first(List<Endpoint> endpoints, Question<T, RuntimeException> question) {
        return answer(endpoints, question);
    }

    <T> T firstOnDisk(List<Endpoint> endpoints, Question<T, IOException> question) throws IOException {
        try {
            return answer(endpoints, endpoint -> {
                try {
                    return question.ask(endpoint);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private <T> T answer(List<Endpoint> endpoints, Question<T, RuntimeException> question) {
        List<RegistryException> earlier = new ArrayList<>();
        for (Endpoint endpoint : endpoints) {
            if (endpoint.hasFallback() && clock.instant().isBefore(resting.getOrDefault(endpoint, Instant.MIN))) {
                continue;
            }
            try {
                return question.ask(endpoint);
            } catch (RegistryException e) {
                if (!endpoint.hasFallback() || e.kind() == Kind.INTERRUPTED) {
                    earlier.forEach(e::addSuppressed);
                    throw e;
                }
                if (e.kind() == Kind.UNREACHABLE) {
                    resting.put(endpoint, clock.instant().plus(REST));
                }
                earlier.add(e);
            }
        }
        throw new IllegalStateException("the last endpoint has a fall-back: " + endpoints);
    }
}
