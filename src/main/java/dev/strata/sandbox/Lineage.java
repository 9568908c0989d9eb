package dev.strata.sandbox;

import dev.strata.image.Digest;
import dev.strata.image.Layer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which layers a snapshot stands for. Those of a committed one are told when its layer has been written, which may be
 * before its parent's are known; its folder gets its name once all of them are.
 */
final class Lineage {
    private final StateFolder state;
    private final @Nullable Lineage parent;
    private final @Nullable Path folder;
    private final List<Lineage> children = new ArrayList<>();
    private @Nullable Layer layer;
    private @Nullable String chain;

    private Lineage(StateFolder state, @Nullable Lineage parent, @Nullable Path folder, @Nullable String chain) {
        this.state = state;
        this.parent = parent;
        this.folder = folder;
        this.chain = chain;
    }

    static Lineage of(StateFolder state, List<Layer> chain) {
        return new Lineage(state, null, null, chainOf(chain));
    }

    /** The name of the folder that is a chain's whole or, where each layer has a folder, its topmost part. */
    static String name(List<Layer> chain) {
        return "chain-" + chainOf(chain);
    }

    private static String chainOf(List<Layer> chain) {
        String all = "";
        for (Layer layer : chain) {
            all = above(all, layer);
        }
        return all;
    }

    /** As the OCI image specification's chain identifiers, config.md, but for the first, which is no exception here. */
    private static String above(String chain, Layer layer) {
        return Digest.sha256((chain + " " + layer.diffId()).getBytes(StandardCharsets.UTF_8))
                .hex();
    }

    Lineage child(Path ofFolder) {
        synchronized (state) {
            Lineage child = new Lineage(state, this, ofFolder, null);
            children.add(child);
            return child;
        }
    }

    void name(Layer its) throws IOException {
        synchronized (state) {
            if (parent != null && layer == null) {
                layer = its;
                settle();
            }
        }
    }

    private void settle() throws IOException {
        if (parent == null || parent.chain == null || layer == null || folder == null) {
            return;
        }
        chain = above(parent.chain, layer);
        state.name("chain-" + chain, folder);
        for (Lineage child : children) {
            child.settle();
        }
    }
}
