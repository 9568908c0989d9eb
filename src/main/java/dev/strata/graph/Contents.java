package dev.strata.graph;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a step reads of other file systems, told by content and not by where it came from.
 *
 * @param digest hexadecimal, over all of it
 * @param files single entries with their digests, to name the one that changed; folders, without what is in them, end with
 *     a slash; cut where there are too many
 */
public record Contents(String digest, SortedMap<String, String> files) {
    /** More single files than this are not kept. */
    public static final int MOST_FILES = 500;

    public Contents {
        files = Collections.unmodifiableSortedMap(new TreeMap<>(files));
    }
}
