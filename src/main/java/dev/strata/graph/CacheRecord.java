package dev.strata.graph;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/**
 * What is kept of a finished step.
 *
 * @param slot the step's place in its Dockerfile, by which the next build's step finds what it differs from
 * @param ingredients what the key was made of, in order, values cut to what people can read; never secrets
 * @param made the step's layer, perhaps one without entries
 * @param kept when the record was made
 */
public record CacheRecord(
        CacheKey key, String slot, SequencedMap<String, String> ingredients, FileSystem.Made made, Instant kept) {
    public CacheRecord {
        ingredients = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(ingredients));
    }
}
