package dev.strata.graph;

import dev.strata.image.Layer;
import java.util.concurrent.CompletableFuture;

/** What a step ended with. What it is made of is its {@link Worker}'s business. */
public interface FileSystem {
    /** The step's own layer, which may be complete later than the step; fails where it cannot be made. */
    CompletableFuture<Made> made();

    /** @param tarSize bytes of the uncompressed tar */
    record Made(Layer layer, long tarSize) {}
}
