package dev.strata.graph;

import dev.strata.image.Layer;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What a step ended with. What it is made of is its {@link Worker}'s business. */
public interface FileSystem {
    /** The step's own layer, which may be complete later than the step; fails where it cannot be made. */
    CompletableFuture<Made> made();

    /**
     * @param tarSize bytes of the uncompressed tar
     * @param created the time that the image's history tells; null where nothing tells it
     */
    record Made(Layer layer, long tarSize, @Nullable Instant created) {}
}
