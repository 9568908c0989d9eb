package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.graph.Label;
import dev.strata.graph.Step;
import dev.strata.layer.Change;
import dev.strata.layer.DiskTree;
import dev.strata.layer.Node;
import dev.strata.layer.Tree;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RememberedTreeTest {
    @TempDir
    Path folder;

    private final List<String> looked = new ArrayList<>();

    /** Writes down which folders are looked at. */
    private final class Watched implements Tree {
        private final Tree tree;

        Watched(Tree tree) {
            this.tree = tree;
        }

        @Override
        public @Nullable Node find(String path) throws IOException {
            return tree.find(path);
        }

        @Override
        public SortedMap<String, Node> children(String path) throws IOException {
            looked.add(path);
            return tree.children(path);
        }

        @Override
        public InputStream open(String path) throws IOException {
            return tree.open(path);
        }
    }

    private Tree files() throws IOException {
        Files.createDirectories(folder.resolve("source/below"));
        Files.writeString(folder.resolve("source/a"), "a");
        Files.writeString(folder.resolve("source/below/b"), "b");
        return new Watched(new DiskTree(folder));
    }

    @Test
    void whatACopyTakesIsLookedAtOnceForItsDigestAndTheCopy() throws IOException {
        Step.Item.Paths item = new Step.Item.Paths(0, "source", true);
        Label label = new Label("stage-0", 1, 1, 1, "COPY");
        Step.Copy step = new Step.Copy(
                1, label, 0, false, List.of(item), "/to", null, null, false, false, List.of(), null, false);
        List<Piece> pieces = new SourceFiles(step).find(item, files());
        var _ = new ContentDigest().ofPieces(step, pieces);
        LayerPlan plan = new LayerPlan(EmptyTree.INSTANCE);
        new Copying(step, plan, null, null, (tree, path, number) -> null).copy(pieces);
        assertThat(plan.changes()).extracting(Change::path).containsExactly("to", "to/a", "to/below", "to/below/b");
        assertThat(looked).containsExactly("source", "source/below");
    }

    @Test
    void whatWasToldTwiceIsForgotten() throws IOException {
        Tree tree = new RememberedTree(files());
        assertThat(tree.children("source")).isEqualTo(tree.children("source")).containsOnlyKeys("a", "below");
        assertThat(looked).hasSize(1);
        Files.delete(folder.resolve("source/a"));
        assertThat(tree.children("source")).containsOnlyKeys("below");
        assertThat(looked).hasSize(2);
    }
}
