package dev.strata.registry;

import dev.strata.image.Digest;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Which repositories of a registry were seen to hold a blob, so that it can be mounted from there. */
final class KnownBlobs {
    private static final int MOST = 20_000;

    private record Key(String origin, Digest digest) {}

    private final Map<Key, Set<String>> repositories = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Set<String>> eldest) {
            return size() > MOST;
        }
    };

    synchronized void add(Endpoint endpoint, String repository, Digest digest) {
        repositories
                .computeIfAbsent(new Key(endpoint.origin(), digest), key -> new LinkedHashSet<>())
                .add(repository);
    }

    synchronized void remove(Endpoint endpoint, String repository, Digest digest) {
        Set<String> known = repositories.get(new Key(endpoint.origin(), digest));
        if (known != null) {
            known.remove(repository);
        }
    }

    synchronized boolean has(Endpoint endpoint, String repository, Digest digest) {
        return repositories
                .getOrDefault(new Key(endpoint.origin(), digest), Set.of())
                .contains(repository);
    }

    /** Another repository of the same registry that holds the blob. */
    synchronized Optional<String> elsewhere(Endpoint endpoint, String repository, Digest digest) {
        return List.copyOf(repositories.getOrDefault(new Key(endpoint.origin(), digest), Set.of())).reversed().stream()
                .filter(other -> !other.equals(repository))
                .findFirst();
    }
}
