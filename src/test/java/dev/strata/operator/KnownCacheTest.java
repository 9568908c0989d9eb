package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class KnownCacheTest {
    private static KnownCache used(int second) {
        return new KnownCache(
                "registry.example:5000/a-team-with-a-long-name/" + second + "-cache",
                "default",
                "builder",
                Instant.ofEpochSecond(second),
                Instant.ofEpochSecond(second));
    }

    @Test
    void ofTooManyThoseStayThatWereUsedLastAndTheyFitIntoAConfigMap() {
        SortedMap<String, KnownCache> known = new TreeMap<>();
        for (int second = 0; second < KnownCache.MOST + 500; second++) {
            known.put(used(second).key(), used(second));
        }

        KnownCache.bound(known);

        assertThat(known).hasSize(KnownCache.MOST);
        assertThat(known.values()).extracting(KnownCache::used).allMatch(used -> used.getEpochSecond() >= 500);
        int bytes = KnownCache.configMap("team-a", known).getData().values().stream()
                .mapToInt(text -> text.getBytes(StandardCharsets.UTF_8).length)
                .sum();
        assertThat(bytes).isLessThan(700_000);
    }
}
