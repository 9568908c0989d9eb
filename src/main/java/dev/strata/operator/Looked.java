package dev.strata.operator;

import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the world outside of the cluster looks like, as far as it was looked at.
 *
 * @param revision what the source's branch or tag stands for; null where nobody has looked, or it is not there
 * @param revisions all that count as that revision: an index and the images that it joins
 * @param bases by name, the digests that the base images' tags stand for
 * @param imageMissing whether the registry no longer has the last good image
 * @param strayTags tags of the output that do not stand for the last good image
 * @param failures why something cannot be looked up at the moment, each in a sentence
 */
record Looked(
        @Nullable String revision,
        Set<String> revisions,
        SortedMap<String, String> bases,
        boolean imageMissing,
        List<String> strayTags,
        List<String> failures) {
    static final Looked NOWHERE = new Looked(null, Set.of(), new TreeMap<>(), false, List.of(), List.of());

    Looked {
        revisions = Set.copyOf(revisions);
        strayTags = List.copyOf(strayTags);
        failures = List.copyOf(failures);
    }
}
