package dev.strata.graph;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * What is kept of a finished step.
 *
 * @param slot the step's place in its Dockerfile, by which the next build's step finds what it differs from
 * @param ingredients what the key was made of, in order, values cut to what people can read; never secrets
 * @param needs keys of the steps that it stands on or reads: without their records this one is of no use
 * @param made the step's layer, perhaps one without entries
 * @param kept when the record was made
 */
public record CacheRecord(
        CacheKey key,
        String slot,
        SequencedMap<String, String> ingredients,
        List<CacheKey> needs,
        FileSystem.Made made,
        Instant kept) {
    public CacheRecord {
        ingredients = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(ingredients));
        needs = needs == null ? List.of() : List.copyOf(needs);
    }
}
