package dev.strata.graph;

import dev.strata.image.Layer;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/**
 * What is kept of a finished step.
 *
 * @param slot the step's place in its Dockerfile, by which the next build's step finds what it differs from
 * @param ingredients what the key was made of, in order, values cut to what people can read; never secrets
 * @param layer what the step made, perhaps a layer without entries
 * @param tarSize bytes of the layer's uncompressed tar
 * @param created when the step ended
 */
public record CacheRecord(
        CacheKey key,
        String slot,
        SequencedMap<String, String> ingredients,
        Layer layer,
        long tarSize,
        Instant created) {
    public CacheRecord {
        ingredients = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(ingredients));
    }
}
