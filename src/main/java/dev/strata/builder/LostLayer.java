package dev.strata.builder;

import dev.strata.image.Digest;

/** A record of the cache names a layer that its place no longer has, or has damaged: its step must be done again. */
final class LostLayer extends RuntimeException {
    private final Digest digest;

    LostLayer(Digest digest, Exception cause) {
        super(cause.getMessage(), cause);
        this.digest = digest;
    }

    Digest digest() {
        return digest;
    }
}
