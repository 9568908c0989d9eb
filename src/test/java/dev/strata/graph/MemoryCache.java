package dev.strata.graph;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A cache that forgets when told to and counts what it is asked. */
class MemoryCache implements Cache {
    final Map<CacheKey, CacheRecord> records = new ConcurrentHashMap<>();
    final Map<CacheKey, Contents> contents = new ConcurrentHashMap<>();
    final AtomicInteger finds = new AtomicInteger();
    private final Map<String, CacheRecord> latest = new ConcurrentHashMap<>();

    @Override
    public Optional<CacheRecord> find(CacheKey key) {
        finds.incrementAndGet();
        return Optional.ofNullable(records.get(key));
    }

    @Override
    public Optional<CacheRecord> latest(String slot) {
        return Optional.ofNullable(latest.get(slot));
    }

    @Override
    public boolean isNew(String slot) {
        return !latest.containsKey(slot);
    }

    @Override
    public void put(CacheRecord record) {
        records.put(record.key(), record);
        latest.put(record.slot(), record);
    }

    @Override
    public Optional<Contents> contents(CacheKey key) {
        return Optional.ofNullable(contents.get(key));
    }

    @Override
    public void putContents(CacheKey key, Contents known) {
        contents.put(key, known);
    }

    /** Forgets the step that was kept for this place. */
    void forget(String slot) {
        records.values().removeIf(record -> record.slot().equals(slot));
    }
}
