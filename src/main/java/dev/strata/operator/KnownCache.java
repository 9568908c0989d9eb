package dev.strata.operator;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.strata.image.Digest;
import dev.strata.image.Json;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A cache repository that builds of a namespace use or have used. All of a namespace are kept in one ConfigMap there, since
 * the builds themselves may be gone.
 *
 * @param repository without tag and digest
 * @param className of the build that used it last: its budget and age count
 * @param serviceAccount of that build, whose pull secrets open the repository
 * @param used when a builder was started last that writes there
 * @param cleaned when the operator last had it cleaned up; null where it never had
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record KnownCache(
        String repository,
        String className,
        String serviceAccount,
        Instant used,
        @Nullable Instant cleaned) {
    static final String CONFIG_MAP = "strata-caches";
    static final String LABEL = "strata.dev/caches";

    /** How exactly times of use are noted, so that the ConfigMap is not written for each build. */
    private static final Duration EXACT = Duration.ofMinutes(10);

    /** A ConfigMap holds a megabyte: of more repositories in a namespace those that were used longest ago are forgotten. */
    static final int MOST = 2_000;

    /** The repository's name where only letters and digits are allowed. */
    String key() {
        return Digest.sha256(repository.getBytes(StandardCharsets.UTF_8)).hex().substring(0, 16);
    }

    KnownCache cleanedAt(Instant time) {
        return new KnownCache(repository, className, serviceAccount, used, time);
    }

    /** What is known after a further use. */
    KnownCache with(KnownCache use) {
        Instant last = use.used.isAfter(used.plus(EXACT)) ? use.used : used;
        return new KnownCache(repository, use.className, use.serviceAccount, last, cleaned);
    }

    /** The namespace's repositories by their keys; what is none of ours is passed over. */
    static SortedMap<String, KnownCache> in(@Nullable ConfigMap map) {
        SortedMap<String, KnownCache> all = new TreeMap<>();
        if (map != null && map.getData() != null) {
            map.getData().forEach((key, text) -> {
                try {
                    KnownCache cache = Json.read(text.getBytes(StandardCharsets.UTF_8), KnownCache.class);
                    if (cache.key().equals(key)) {
                        all.put(key, cache);
                    }
                } catch (IOException | RuntimeException e) {
                    // Somebody else's words, or those of another version: the next use writes them anew.
                }
            });
        }
        return all;
    }

    /** Removes what is more than {@link #MOST}. */
    static void bound(SortedMap<String, KnownCache> caches) {
        caches.keySet()
                .retainAll(caches.values().stream()
                        .sorted(Comparator.comparing(KnownCache::used)
                                .reversed()
                                .thenComparing(KnownCache::repository))
                        .limit(MOST)
                        .map(KnownCache::key)
                        .collect(Collectors.toSet()));
    }

    static ConfigMap configMap(String namespace, SortedMap<String, KnownCache> caches) {
        SortedMap<String, String> data = new TreeMap<>();
        caches.forEach((key, cache) -> data.put(key, Json.text(cache)));
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withName(CONFIG_MAP)
                .withNamespace(namespace)
                .withLabels(new TreeMap<>(Map.of(PodLabels.MANAGED_BY, PodLabels.STRATA, LABEL, "true")))
                .endMetadata()
                .withData(data)
                .build();
    }
}
