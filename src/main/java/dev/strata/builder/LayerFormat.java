package dev.strata.builder;

import dev.strata.layer.Compression;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How layers are written.
 *
 * @param level null is the compression's default
 * @param clamp no time in a layer is later; null leaves them
 */
record LayerFormat(
        Compression compression,
        @Nullable Integer level,
        @Nullable Instant clamp) {

    /** In words, for the keys of steps; empty for what is usual. */
    String words() {
        boolean usual = compression == Compression.GZIP && level == null;
        return (usual ? "" : compression + (level == null ? "" : " " + level))
                + (clamp == null ? "" : " until " + clamp.getEpochSecond() + "." + clamp.getNano());
    }
}
