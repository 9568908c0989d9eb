package dev.strata.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.image.Layer;
import dev.strata.layer.Change;
import dev.strata.layer.Node;
import dev.strata.layer.Tree;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every driver of {@link Snapshots} must do. */
@Tag("root")
abstract class SnapshotsContract {
    @TempDir
    Path temporary;

    final Tars tars = new Tars();
    private Path state;
    private Snapshots snapshots;
    private final List<String> warnings = new CopyOnWriteArrayList<>();

    /** The driver's own name. */
    abstract String driver();

    /** A folder in which the driver works. */
    Path place() throws IOException {
        return temporary;
    }

    @BeforeEach
    void open() throws IOException {
        state = place().resolve("state");
        snapshots = Drivers.choose(state, driver(), warnings::add);
    }

    @AfterEach
    void close() throws IOException {
        snapshots.close();
        assertThat(warnings).isEmpty();
        assertThat(Files.readString(Path.of("/proc/self/mounts"))).doesNotContain(state + "/");
    }

    private Layer base() throws IOException {
        return tars.layer(new Tars.Entries()
                .folder("etc", 0755)
                .file("etc/passwd", "root:x:0:0")
                .folder("usr", 0755)
                .folder("usr/lib", 0750)
                .file("usr/lib/a", "a")
                .link("lib", "usr/lib"));
    }

    private static String text(Tree tree, String path) throws IOException {
        try (InputStream in = tree.open(path)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static List<String> told(Differences differences) {
        List<String> told = new ArrayList<>();
        for (Change change : differences.changes()) {
            told.add(
                    switch (change) {
                        case Change.Put put -> "+" + put.path();
                        case Change.Remove remove -> "-" + remove.path();
                        case Change.Opaque opaque -> "x" + opaque.path();
                    });
        }
        return told;
    }

    @Test
    void tellsItsNameAndWhyItWasChosen() {
        assertThat(snapshots.driver()).isEqualTo(driver());
        assertThat(snapshots.reason()).isEqualTo("it was asked for");
    }

    @Test
    void theRootOfNoLayersIsEmptyAndCanBeWritten() throws IOException {
        Snapshot empty = snapshots.of(List.of(), tars);
        assertThat(empty.tree().children("")).isEmpty();
        try (Active active = snapshots.begin(empty)) {
            Files.writeString(active.root().resolve("file"), "text");
            Snapshot after = active.commit();
            assertThat(text(after.tree(), "file")).isEqualTo("text");
            assertThat(told(active.changes())).containsExactly("+file");
        }
        assertThat(empty.tree().children("")).isEmpty();
    }

    @Test
    void layersAreSeenAsOneTreeWithTheirWhiteouts() throws IOException {
        Layer second = tars.layer(new Tars.Entries()
                .folder("etc", 0755)
                .file("etc/.wh.passwd", "")
                .file("etc/group", "root:x:0:")
                .folder("usr", 0755)
                .folder("usr/lib", 0755)
                .file("usr/lib/.wh..wh..opq", "")
                .file("usr/lib/b", "b"));
        Tree tree = snapshots.of(List.of(base(), second), tars).tree();
        assertThat(tree.children("etc").keySet()).containsExactly("group");
        assertThat(tree.children("usr/lib").keySet()).containsExactly("b");
        assertThat(tree.find("lib")).isInstanceOf(Node.SymbolicLink.class);
        assertThat(text(tree, "etc/group")).isEqualTo("root:x:0:");
    }

    @Test
    void aDirectoryThatALayerDoesNotTellOfIsAsTheLayersBelowHaveIt() throws IOException {
        Layer second = tars.layer(new Tars.Entries().file("usr/lib/b", "b"));
        Tree tree = snapshots.of(List.of(base(), second), tars).tree();
        assertThat(tree.children("usr/lib").keySet()).containsExactly("a", "b");
        Node lib = tree.find("usr/lib");
        assertThat(lib).isInstanceOf(Node.Directory.class);
        assertThat(lib.metadata().mode()).isEqualTo(0750);
    }

    @Test
    void filesBelowALinkGoWhereItLeads() throws IOException {
        Layer second = tars.layer(new Tars.Entries().file("lib/b", "b"));
        for (int time = 0; time < 2; time++) {
            Tree tree = snapshots.of(List.of(base(), second), tars).tree();
            assertThat(tree.find("lib")).isInstanceOf(Node.SymbolicLink.class);
            assertThat(tree.children("usr/lib").keySet()).containsExactly("a", "b");
        }
    }

    @Test
    void aLayerThatHidesAllBelowStandsAlone() throws IOException {
        Layer second = tars.layer(new Tars.Entries().file(".wh..wh..opq", "").file("only", "this"));
        for (int time = 0; time < 2; time++) {
            Tree tree = snapshots.of(List.of(base(), second), tars).tree();
            assertThat(tree.children("").keySet()).containsExactly("only");
        }
    }

    @Test
    void twoHundredLayersAreNoneTooMany() throws IOException {
        List<Layer> chain = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            chain.add(tars.layer(new Tars.Entries().file("file" + i, "text" + i)));
        }
        Snapshot snapshot = snapshots.of(chain, tars);
        assertThat(snapshot.tree().children("")).hasSize(200);
        try (Active active = snapshots.begin(snapshot)) {
            Files.delete(active.root().resolve("file7"));
            active.commit();
            assertThat(told(active.changes())).containsExactly("-file7");
        }
    }

    @Test
    void aCommittedRootIsTheNextOnesParentAndNothingChangesBelow() throws IOException {
        Snapshot parent = snapshots.of(List.of(base()), tars);
        Snapshot first;
        try (Active active = snapshots.begin(parent)) {
            Files.writeString(active.root().resolve("etc/passwd"), "changed");
            Files.delete(active.root().resolve("usr/lib/a"));
            Files.createDirectories(active.root().resolve("new/folder"));
            first = active.commit();
            assertThat(told(active.changes())).containsExactly("+etc/passwd", "+new", "+new/folder", "-usr/lib/a");
        }
        try (Active active = snapshots.begin(first)) {
            assertThat(active.root().resolve("etc/passwd")).hasContent("changed");
            assertThat(active.root().resolve("usr/lib/a")).doesNotExist();
            Files.createLink(active.root().resolve("etc/same"), active.root().resolve("etc/passwd"));
            Snapshot second = active.commit();
            assertThat(text(second.tree(), "etc/same")).isEqualTo("changed");
        }
        assertThat(text(parent.tree(), "etc/passwd")).isEqualTo("root:x:0:0");
        assertThat(first.tree().find("etc/same")).isNull();
    }

    @Test
    void aDirectoryThatIsRemovedAndMadeAgainHidesWhatWasInIt() throws IOException {
        Snapshot parent = snapshots.of(List.of(base()), tars);
        try (Active active = snapshots.begin(parent)) {
            Files.delete(active.root().resolve("usr/lib/a"));
            Files.delete(active.root().resolve("usr/lib"));
            Files.createDirectory(active.root().resolve("usr/lib"));
            Files.writeString(active.root().resolve("usr/lib/b"), "b");
            Snapshot after = active.commit();
            assertThat(after.tree().children("usr/lib").keySet()).containsExactly("b");
            assertThat(told(active.changes())).contains("+usr/lib/b").doesNotContain("+usr/lib/a");
        }
    }

    @Test
    void theContentOfChangesIsThatOfTheFiles() throws IOException {
        try (Active active = snapshots.begin(snapshots.of(List.of(base()), tars))) {
            Files.writeString(active.root().resolve("etc/hosts"), "127.0.0.1 localhost");
            active.commit();
            Differences differences = active.changes();
            Change.Put put = (Change.Put) differences.changes().getFirst();
            try (InputStream in = differences.content().open(put)) {
                assertThat(in).hasContent("127.0.0.1 localhost");
            }
        }
    }

    @Test
    void whatIsNotCommittedIsThrownAway() throws IOException {
        Snapshot parent = snapshots.of(List.of(base()), tars);
        Path root;
        try (Active active = snapshots.begin(parent)) {
            root = active.root();
            Files.writeString(root.resolve("etc/hosts"), "x");
        }
        assertThat(root).doesNotExist();
        assertThat(parent.tree().find("etc/hosts")).isNull();
    }

    @Test
    void changesAreToldOnlyAfterTheCommitAndCommitsAreOne() throws IOException {
        try (Active active = snapshots.begin(snapshots.of(List.of(), tars))) {
            assertThatThrownBy(active::changes).isInstanceOf(IllegalStateException.class);
            active.commit();
            assertThatThrownBy(active::commit).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void layersAreUnpackedOnceForAllRuns() throws IOException {
        List<Layer> chain = List.of(base(), tars.layer(new Tars.Entries().file("usr/lib/b", "b")));
        snapshots.of(chain, tars).tree();
        int opened = tars.opened.get();
        snapshots.of(chain, tars).tree();
        snapshots.close();
        snapshots = Drivers.choose(state, driver(), warnings::add);
        assertThat(snapshots.of(chain, tars).tree().children("usr/lib").keySet())
                .containsExactly("a", "b");
        assertThat(tars.opened.get()).isEqualTo(opened);
    }

    @Test
    void aNamedCommitIsFoundByItsLayerEvenIfItsParentIsNamedLater() throws IOException {
        Layer base = base();
        Layer first = Tars.named("first".getBytes(StandardCharsets.UTF_8));
        Layer second = Tars.named("second".getBytes(StandardCharsets.UTF_8));
        Snapshot one;
        Snapshot two;
        try (Active active = snapshots.begin(snapshots.of(List.of(base), tars))) {
            Files.writeString(active.root().resolve("one"), "1");
            one = active.commit();
        }
        try (Active active = snapshots.begin(one)) {
            Files.writeString(active.root().resolve("two"), "2");
            two = active.commit();
        }
        snapshots.name(two, second);
        snapshots.name(one, first);
        snapshots.name(one, first);
        snapshots.close();
        snapshots = Drivers.choose(state, driver(), warnings::add);
        Tree tree = snapshots.of(List.of(base, first, second), tars).tree();
        assertThat(text(tree, "one") + text(tree, "two")).isEqualTo("12");
        assertThat(snapshots.of(List.of(base, first), tars).tree().find("two")).isNull();
    }

    @Test
    void aTarThatBreaksOffLeavesNothingThatIsFoundLater() throws IOException {
        byte[] whole = new Tars.Entries()
                .file("a", "a".repeat(10_000))
                .file("b", "b".repeat(10_000))
                .bytes();
        Layer layer = Tars.named(whole);
        TarSource broken = wanted -> new java.io.ByteArrayInputStream(Arrays.copyOf(whole, 11_000));
        assertThatThrownBy(() -> snapshots.of(List.of(layer), broken)).hasMessageContaining("b");
        assertThat(folders()).isEmpty();
        tars.layer(whole);
        assertThat(snapshots.of(List.of(layer), tars).tree().children("")).hasSize(2);
    }

    @Test
    void whatAKilledRunLeftIsRemovedAndWhatALivingOneDoesIsNot() throws IOException {
        snapshots.of(List.of(base()), tars).tree();
        int finished = folders().size();
        Path dead = Files.createFile(folder().resolve("runs/dead.1"));
        Files.createDirectories(folder().resolve("folders/dead.1-1/tree/some"));
        try (Active active = snapshots.begin(snapshots.of(List.of(base()), tars));
                Snapshots other = Drivers.choose(state, driver(), warnings::add)) {
            assertThat(other.driver()).isEqualTo(driver());
            assertThat(dead).doesNotExist();
            assertThat(folder().resolve("folders/dead.1-1")).doesNotExist();
            Files.writeString(active.root().resolve("etc/hosts"), "still here");
            assertThat(folders()).hasSizeGreaterThan(finished);
        }
    }

    @Test
    void buildsAtTheSameTimeDoEachOtherNoHarm() throws Exception {
        List<Layer> chain = List.of(base(), tars.layer(new Tars.Entries().file("usr/lib/b", "b")));
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<List<String>>> all = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                String name = "file" + i;
                all.add(executor.submit(() -> {
                    try (Snapshots own = Drivers.choose(state, driver(), warnings::add);
                            Active active = own.begin(own.of(chain, tars))) {
                        Files.writeString(active.root().resolve(name), name);
                        active.commit();
                        return told(active.changes());
                    }
                }));
            }
            for (int i = 0; i < 6; i++) {
                assertThat(all.get(i).get()).containsExactly("+file" + i);
            }
        }
    }

    private Path folder() throws IOException {
        try (Stream<Path> kinds = Files.list(state)) {
            return kinds.findFirst().orElseThrow();
        }
    }

    private List<String> folders() throws IOException {
        try (Stream<Path> folders = Files.list(folder().resolve("folders"))) {
            return folders.map(path -> path.getFileName().toString()).toList();
        }
    }
}
