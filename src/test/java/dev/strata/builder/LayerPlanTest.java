package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.layer.Change;
import dev.strata.layer.Metadata;
import dev.strata.layer.Node;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class LayerPlanTest {
    private static final Metadata ROOTS = Metadata.of(0755, 0, 0, 0);

    private final LayerPlan plan = new LayerPlan(EmptyTree.INSTANCE);

    private List<String> made() {
        return plan.changes().stream()
                .map(change -> change.path() + " " + told(change))
                .toList();
    }

    private static String told(Change change) {
        return switch (change) {
            case Change.Put put -> {
                Metadata metadata = put.node().metadata();
                yield Integer.toOctalString(metadata.mode()) + " " + metadata.uid() + ":" + metadata.gid();
            }
            case Change.Remove remove -> "removed";
            case Change.Opaque opaque -> "without what is below";
        };
    }

    @Test
    void foldersAreMadeFromTheRootDown() throws IOException {
        plan.folders("/a/b/", ROOTS, false);
        assertThat(made()).containsExactly("a 755 0:0", "a/b 755 0:0");
    }

    @Test
    void whatIsThereStaysAsItIs() throws IOException {
        plan.put("a", new Node.Directory(Metadata.of(0700, 5, 6, 0)), null);
        plan.folders("/a/b", ROOTS, false);
        assertThat(made()).containsExactly("a 700 5:6", "a/b 755 0:0");
    }

    @Test
    void aLinkOnTheWayIsFollowed() throws IOException {
        plan.put("link", new Node.SymbolicLink(Metadata.of(0777, 0, 0, 0), "/real"), null);
        assertThat(plan.folders("/link/b", ROOTS, false)).isEqualTo("real/b");
        assertThat(made()).contains("real/b 755 0:0");
    }

    @Test
    void theGroupOfASetGroupIdFolderIsHandedDown() throws IOException {
        plan.put("a", new Node.Directory(Metadata.of(02755, 5, 6, 0)), null);
        plan.folders("/a/b/c", ROOTS, false);
        assertThat(made()).containsExactly("a 2755 5:6", "a/b 2755 0:6", "a/b/c 2755 0:6");
    }

    @Test
    void anOwnerThatWasAskedForGoesBeforeTheGroupOfTheFolderAbove() throws IOException {
        plan.put("a", new Node.Directory(Metadata.of(02755, 5, 6, 0)), null);
        plan.folders("/a/b", Metadata.of(0755, 7, 8, 0), true);
        assertThat(made()).containsExactly("a 2755 5:6", "a/b 2755 7:8");
    }

    @Test
    void aFolderThatIsTakenAwayTakesItsContentAlong() throws IOException {
        plan.folders("/a/b", ROOTS, false);
        LayerPlan next = new LayerPlan(plan);
        next.put("a/c", new Node.Directory(ROOTS), null);
        next.remove("a");
        assertThat(next.find("a")).isNull();
        assertThat(next.find("a/b")).isNull();
        assertThat(next.children("")).isEmpty();
        assertThat(next.changes()).isEmpty();
    }

    @Test
    void aFolderInAnothersPlaceShowsNothingOfIt() throws IOException {
        plan.folders("/a/b", ROOTS, false);
        LayerPlan next = new LayerPlan(plan);
        next.remove("a");
        next.put("a", new Node.Directory(ROOTS), null);
        assertThat(next.children("a")).isEmpty();
        assertThat(next.changes())
                .containsExactly(new Change.Put("a", new Node.Directory(ROOTS)), new Change.Opaque("a"));
    }

    @Test
    void aFileOnTheWayIsNoFolder() {
        plan.put("a", new Node.RegularFile(Metadata.of(0644, 0, 0, 0), 0, null), null);
        assertThatThrownBy(() -> plan.folders("/a/b", ROOTS, false))
                .isInstanceOf(IOException.class)
                .hasMessage("mkdir /a: not a directory");
    }
}
