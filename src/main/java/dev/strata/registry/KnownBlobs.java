package dev.strata.registry;

import dev.strata.image.Digest;
import java.util.HashSet;
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

    private record Place(Key key, String repository) {}

    private final Map<Key, Set<String>> repositories = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Set<String>> eldest) {
            return size() > MOST;
        }
    };

    private final Set<Place> missing = new HashSet<>();

    /** The blob was seen there. */
    synchronized void add(Endpoint endpoint, String repository, Digest digest) {
        Key key = new Key(endpoint.origin(), digest);
        missing.remove(new Place(key, repository));
        repositories.computeIfAbsent(key, all -> new LinkedHashSet<>()).add(repository);
    }

    /** A manifest says that the blob is there; that is believed unless it was missed. */
    synchronized void named(Endpoint endpoint, String repository, Digest digest) {
        if (!missing.contains(new Place(new Key(endpoint.origin(), digest), repository))) {
            add(endpoint, repository, digest);
        }
    }

    /** The blob is not there, whatever names it. */
    synchronized void remove(Endpoint endpoint, String repository, Digest digest) {
        Key key = new Key(endpoint.origin(), digest);
        missing.add(new Place(key, repository));
        Set<String> known = repositories.get(key);
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
