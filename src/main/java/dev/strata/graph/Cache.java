package dev.strata.graph;

import java.util.Optional;

/**
 * The memory of finished steps. Trouble with it never fails a build: an implementation warns and answers as if it knew
 * nothing.
 */
public interface Cache {
    /** The record of this key, if its layer can still be had. */
    Optional<CacheRecord> find(CacheKey key);

    /** The newest record of this place in a Dockerfile, to explain a miss; not a result. */
    Optional<CacheRecord> latest(String slot);

    /**
     * Whether nothing was ever kept of this place in a Dockerfile, so that a step there will hardly be found; told by what is
     * known anyway.
     */
    boolean isNew(String slot);

    /** Keeps a record whose layer is complete. */
    void put(CacheRecord record);

    /** A digest of content that was worked out before, by the key of what it depends on. */
    Optional<Contents> contents(CacheKey key);

    void putContents(CacheKey key, Contents contents);

    /** Remembers nothing. */
    Cache NONE = new Cache() {
        @Override
        public Optional<CacheRecord> find(CacheKey key) {
            return Optional.empty();
        }

        @Override
        public Optional<CacheRecord> latest(String slot) {
            return Optional.empty();
        }

        @Override
        public boolean isNew(String slot) {
            return true;
        }

        @Override
        public void put(CacheRecord record) {
            // nothing is kept
        }

        @Override
        public Optional<Contents> contents(CacheKey key) {
            return Optional.empty();
        }

        @Override
        public void putContents(CacheKey key, Contents contents) {
            // nothing is kept
        }
    };
}
