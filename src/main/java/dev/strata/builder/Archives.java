package dev.strata.builder;

import dev.strata.layer.LayerTree;
import dev.strata.layer.Tree;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Opens local archives for ADD. */
interface Archives {
    /**
     * The files in an archive.
     *
     * @param number tells archives of one step apart
     * @return null where the file is no tar, plain or compressed
     */
    @Nullable
    LayerTree open(Tree tree, String path, int number) throws IOException;
}
