package dev.strata.builder;

import dev.strata.graph.CacheKey;
import dev.strata.graph.CacheRecord;
import dev.strata.graph.Contents;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * All that one build found or made, in one document: the next build of the same place knows it by one look, however
 * many steps it has.
 *
 * @param records in the order of their keys
 * @param contents by the hexadecimal digits of the key of what they depend on
 * @param kept when the document was written; its records count as used then
 */
record BuildRecords(List<CacheRecord> records, SortedMap<String, Contents> contents, Instant kept) {
    static final BuildRecords NONE = new BuildRecords(List.of(), Collections.emptySortedMap(), Instant.EPOCH);

    BuildRecords {
        records = List.copyOf(records);
        contents = Collections.unmodifiableSortedMap(new TreeMap<>(contents));
    }

    Optional<CacheRecord> find(CacheKey key) {
        return records.stream().filter(record -> record.key().equals(key)).findFirst();
    }

    Optional<Contents> contents(CacheKey key) {
        return Optional.ofNullable(contents.get(key.hex()));
    }

    /** Whether it remembers the same, whenever that was. */
    boolean remembers(BuildRecords other) {
        return records.equals(other.records) && contents.equals(other.contents);
    }
}
