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

    /**
     * As layers are written; null where any bytes will do that unpack to the same. Who asks for a date asks for the same
     * bytes on every machine.
     */
    @Nullable
    Integer writtenLevel() {
        return level == null && clamp != null ? Integer.valueOf(compression.usualLevel()) : level;
    }

    /** In words, for the keys of steps; empty for what is usual. */
    String words() {
        boolean usual = compression == Compression.GZIP && level == null;
        return (usual ? "" : compression + (level == null ? "" : " " + level))
                + (clamp == null ? "" : " until " + clamp.getEpochSecond() + "." + clamp.getNano());
    }
}
