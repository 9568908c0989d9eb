package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.graph.Label;
import dev.strata.graph.Step;
import dev.strata.layer.Archive;
import dev.strata.layer.Bounds;
import dev.strata.layer.Bytes;
import dev.strata.layer.Change;
import dev.strata.layer.Content;
import dev.strata.layer.LayerWriter;
import dev.strata.layer.Metadata;
import dev.strata.layer.Node;
import dev.strata.plan.FailureException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What COPY and ADD put where: trees in memory, and the lines of the layer that comes of them. */
class CopyingTest {
    private final Fixture source = new Fixture();
    private final Fixture below = new Fixture();

    /** As another stage has it; a context's files lose their owners. */
    private boolean context = true;

    private @Nullable Instant date;

    @TempDir
    private Path folder = Path.of("");

    /** A tree of files, told line by line: {@code 755 1:2 path/} is a folder, {@code path -> target} a link. */
    private static final class Fixture {
        private final LayerPlan tree = new LayerPlan(EmptyTree.INSTANCE);

        Fixture folder(String path, int mode, int uid, int gid) {
            tree.put(path, new Node.Directory(Metadata.of(mode, uid, gid, 100)), null);
            return this;
        }

        Fixture folder(String path) {
            return folder(path, 0755, 0, 0);
        }

        Fixture file(String path) {
            return file(path, 0644, 0, 0, null);
        }

        Fixture file(String path, int mode, int uid, int gid, @Nullable String link) {
            byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
            return file(path, new Node.RegularFile(Metadata.of(mode, uid, gid, 100), bytes.length, link), bytes);
        }

        private Fixture file(String path, Node node, byte[] bytes) {
            try {
                String parent = path.substring(0, Math.max(0, path.lastIndexOf('/')));
                tree.folders(parent, Metadata.of(0755, 0, 0, 100), false);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            tree.put(path, node, () -> new ByteArrayInputStream(bytes));
            return this;
        }

        Fixture link(String path, String target) {
            return file(path, new Node.SymbolicLink(Metadata.of(0777, 0, 0, 100), target), new byte[0]);
        }
    }

    /** A step with flags as a Dockerfile has them; the last word is the destination. */
    private Step.Copy step(boolean add, List<String> flags, List<String> words) {
        String owner = null;
        String mode = null;
        boolean parents = false;
        List<String> exclude = new ArrayList<>();
        for (String flag : flags) {
            String value = flag.substring(flag.indexOf('=') + 1);
            switch (flag.replaceFirst("=.*", "")) {
                case "--chown" -> owner = value;
                case "--chmod" -> mode = value;
                case "--parents" -> parents = true;
                case "--exclude" -> exclude.add(value);
                default -> throw new IllegalArgumentException(flag);
            }
        }
        List<Step.Item> items = new ArrayList<>();
        words.subList(0, words.size() - 1).forEach(word -> items.add(new Step.Item.Paths(0, word, context)));
        Label label = new Label("stage-0", 1, 1, 1, "COPY");
        return new Step.Copy(
                1, label, 0, add, items, words.getLast(), owner, mode, false, parents, exclude, null, false);
    }

    private List<String> copied(String instruction) {
        return changes(instruction).stream().map(CopyingTest::told).toList();
    }

    private List<String> times(String instruction) {
        return changes(instruction).stream()
                .map(change -> ((Change.Put) change).node().metadata().seconds() + " "
                        + told(change).split(" ", 3)[2])
                .toList();
    }

    private Collection<Change> changes(String instruction) {
        List<String> words = new ArrayList<>(List.of(instruction.split(" ")));
        boolean add = words.removeFirst().equals("ADD");
        List<String> flags =
                words.stream().filter(word -> word.startsWith("--")).toList();
        words.removeAll(flags);
        Step.Copy step = step(add, flags, words);
        LayerPlan plan = new LayerPlan(below.tree);
        try {
            List<Piece> pieces = new ArrayList<>();
            for (Step.Item item : step.items()) {
                pieces.addAll(new SourceFiles(step).find((Step.Item.Paths) item, source.tree));
            }
            Owner owner = step.owner() == null ? null : Owner.ofFiles(step.owner(), below.tree, "COPY", text -> {});
            new Copying(step, plan, owner, date, (tree, path, number) -> archive(tree.open(path))).copy(pieces);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return plan.changes();
    }

    private dev.strata.layer.@Nullable LayerTree archive(InputStream file) throws IOException {
        byte[] bytes = file.readAllBytes();
        return Archive.isArchive(new ByteArrayInputStream(bytes))
                ? Archive.open(
                        new ByteArrayInputStream(bytes), Files.createTempDirectory(folder, "archive"), Bounds.NONE)
                : null;
    }

    private static String told(Change change) {
        if (!(change instanceof Change.Put(String path, Node node))) {
            return change.toString();
        }
        Metadata metadata = node.metadata();
        String what = Integer.toOctalString(metadata.mode()) + " " + metadata.uid() + ":" + metadata.gid() + " " + path;
        return switch (node) {
            case Node.Directory _ -> what + "/";
            case Node.RegularFile file -> what + (file.link() == null ? "" : " linked " + file.link());
            case Node.SymbolicLink link -> path + " -> " + link.target();
            case Node.Device device -> what + " device " + device.major() + "," + device.minor();
            case Node.Fifo _ -> what + " fifo";
        };
    }

    @Test
    void aFileGoesIntoAFolderAndElseBecomesTheDestination() {
        source.file("a");
        below.folder("there");
        assertThat(copied("COPY a /there")).containsExactly("644 0:0 there/a");
        assertThat(copied("COPY a /new")).containsExactly("644 0:0 new");
        assertThat(copied("COPY a /new/")).containsExactly("755 0:0 new/", "644 0:0 new/a");
        assertThat(copied("COPY a /x/y")).containsExactly("755 0:0 x/", "644 0:0 x/y");
    }

    @Test
    void ofAFolderItsContentIsCopiedAndTheDestinationKeepsItsMode() {
        source.folder("d", 0700, 0, 0).folder("d/e", 0711, 0, 0).file("d/e/f");
        below.folder("there", 0750, 5, 6).folder("there/e", 0777, 7, 8);
        assertThat(copied("COPY d /there")).containsExactly("750 5:6 there/", "711 0:0 there/e/", "644 0:0 there/e/f");
        assertThat(copied("COPY d /new"))
                .as("one that is made is a new folder and not the source's")
                .containsExactly("755 0:0 new/", "711 0:0 new/e/", "644 0:0 new/e/f");
    }

    @Test
    void theDestinationOfAFolderGetsTheFoldersTime() {
        source.folder("d").file("d/f").file("a");
        below.file("there/b").file("other/b");
        date = null;
        assertThat(times("COPY d /new/x")).containsExactly("0 new/", "100 new/x/", "100 new/x/f");
        assertThat(times("COPY d /there")).containsExactly("100 there/", "100 there/f");
        assertThat(times("COPY a /other/")).as("of a file it does not").containsExactly("100 other/a");
    }

    @Test
    void filesOfAContextAreRootsAndThoseOfAStageKeepOwnerAndAttributes() {
        TreeMap<String, Bytes> capability = new TreeMap<>();
        capability.put("security.capability", new Bytes(new byte[] {1, 0, 0, 2, (byte) 0xFF}));
        Metadata metadata = new Metadata(04755, 5, 6, 100, 7, capability);
        source.file("a", new Node.RegularFile(metadata, 0, null), new byte[0]);
        assertThat(copied("COPY a /")).containsExactly("4755 0:0 a");
        context = false;
        assertThat(copied("COPY a /")).containsExactly("4755 5:6 a");
        LayerPlan plan = new LayerPlan(EmptyTree.INSTANCE);
        plan.put("a", new Node.RegularFile(metadata, 0, null), null);
        assertThat(plan.changes())
                .singleElement()
                .satisfies(change ->
                        assertThat(((Change.Put) change).node().metadata()).isEqualTo(metadata));
    }

    @Test
    void ownerAndModeReachEveryFolderThatIsMade() {
        source.file("a");
        assertThat(copied("COPY --chown=7:8 --chmod=640 a /x/y/"))
                .containsExactly("640 7:8 x/", "640 7:8 x/y/", "640 7:8 x/y/a");
    }

    @Test
    void anOctalModeGivesMadeFoldersItsNineBitsAndASymbolicOneNothing() {
        source.file("a").folder("d", 0700, 0, 0).folder("d/e", 0700, 0, 0);
        assertThat(copied("COPY --chmod=1777 d /x/")).containsExactly("777 0:0 x/", "1777 0:0 x/e/");
        assertThat(copied("COPY --chmod=u=rwX,go= a /x/")).containsExactly("755 0:0 x/", "600 0:0 x/a");
    }

    @Test
    void linksThatAreNamedAreFollowedAndLinksInsideAreCopied() {
        source.file("d/f").link("d/l", "f").link("named", "d").link("file", "d/f");
        assertThat(copied("COPY named /x")).containsExactly("755 0:0 x/", "644 0:0 x/f", "x/l -> f");
        assertThat(copied("COPY file /")).as("under its own name").containsExactly("644 0:0 file");
    }

    @Test
    void aLinkOfAContextNeverLeadsOutOfIt() {
        source.file("etc/passwd").link("l", "../../../etc/passwd");
        assertThat(copied("COPY l /")).containsExactly("644 0:0 l");
        assertThatThrownBy(() -> copied("COPY ../../root /"))
                .hasMessageContaining("\"/root\": not found (no such file or directory)");
    }

    @Test
    void aLinkAtTheDestinationIsFollowedInsideTheImage() {
        source.file("a");
        below.folder("real").link("l", "/real").link("out", "../../../tmp");
        assertThat(copied("COPY a /l/")).containsExactly("644 0:0 real/a");
        assertThat(copied("COPY a /l")).containsExactly("644 0:0 real/a");
        assertThat(copied("COPY a /out/")).containsExactly("755 0:0 tmp/", "644 0:0 tmp/a");
    }

    @Test
    void excludedIsWhatAFolderHoldsAndNeverWhatIsNamed() {
        source.file("d/a.md").file("d/b").file("d/sub/c.md").file("a.md");
        assertThat(copied("COPY --exclude=*.md d a.md /x/"))
                .containsExactly("755 0:0 x/", "644 0:0 x/a.md", "644 0:0 x/b", "755 0:0 x/sub/", "644 0:0 x/sub/c.md");
        assertThat(copied("COPY --exclude=**/*.md d /x"))
                .containsExactly("755 0:0 x/", "644 0:0 x/b", "755 0:0 x/sub/");
        assertThat(copied("COPY --exclude=sub d /x")).containsExactly("755 0:0 x/", "644 0:0 x/a.md", "644 0:0 x/b");
    }

    @Test
    void anExceptionBringsBackWhatIsInAnExcludedFolder() {
        source.file("d/keep/a").file("d/keep/b").file("d/c");
        assertThat(copied("COPY --exclude=* --exclude=!keep/a d /x"))
                .containsExactly("755 0:0 x/", "755 0:0 x/keep/", "644 0:0 x/keep/a");
    }

    @Test
    void parentsAreMadeFromThePivotOnWithTheirOwnModes() {
        source.folder("a", 0700, 0, 0).folder("a/b", 0711, 0, 0).file("a/b/c").file("a/x/c");
        assertThat(copied("COPY --parents a/b/c /x/"))
                .containsExactly("755 0:0 x/", "700 0:0 x/a/", "711 0:0 x/a/b/", "644 0:0 x/a/b/c");
        assertThat(copied("COPY --parents a/./b/c /x/")).containsExactly("755 0:0 x/", "711 0:0 x/b/", "644 0:0 x/b/c");
        assertThat(copied("COPY --parents a/./**/c /x/"))
                .containsExactly("755 0:0 x/", "711 0:0 x/b/", "644 0:0 x/b/c", "755 0:0 x/x/", "644 0:0 x/x/c");
    }

    @Test
    void aFolderOnTheWayThatIsThereKeepsItsOwnerAndGetsTheSourcesMode() {
        source.folder("a", 0700, 0, 0).folder("a/b", 0711, 0, 0).file("a/b/c").file("a/b/d");
        below.folder("x").folder("x/a", 0777, 5, 6);
        assertThat(copied("COPY --parents a/b/c /x/"))
                .containsExactly("700 5:6 x/a/", "711 0:0 x/a/b/", "644 0:0 x/a/b/c");
        assertThat(copied("COPY --parents --chmod=640 a/b/? /y/"))
                .as("made once for all that one source matches")
                .contains("640 0:0 y/a/", "640 0:0 y/a/b/");
    }

    @Test
    void aPatternMayMatchNothingAndANameMayNot() {
        source.file("a");
        assertThat(copied("COPY nothing* /x/")).isEmpty();
        assertThat(copied("COPY --parents nothing/* /x/")).containsExactly("755 0:0 x/");
        assertThatThrownBy(() -> copied("COPY nothing /x/")).isInstanceOf(FailureException.class);
        assertThatThrownBy(() -> copied("COPY --parents nothing/a /x/")).isInstanceOf(FailureException.class);
    }

    @Test
    void patternsMatchNameByName() {
        source.file("a/f").file("b/f").file("b/sub/f").file("c");
        assertThat(copied("COPY */f /x/")).as("the second over the first").containsExactly("755 0:0 x/", "644 0:0 x/f");
        assertThat(copied("COPY [ab] /x/"))
                .containsExactly("755 0:0 x/", "644 0:0 x/f", "755 0:0 x/sub/", "644 0:0 x/sub/f");
    }

    @Test
    void beforeTheFirstWildcardIsANameAndBehindItNoLinkIsFollowed() {
        source.file("d/f").link("l", "d").file("e/f");
        assertThat(copied("COPY l/* /x/")).containsExactly("755 0:0 x/", "644 0:0 x/f");
        assertThat(copied("COPY [l]/f /x/")).isEmpty();
        assertThat(copied("COPY [le]/f /x/")).containsExactly("755 0:0 x/", "644 0:0 x/f");
        assertThat(copied("COPY d/f/* /x/")).as("a file holds nothing").isEmpty();
        assertThatThrownBy(() -> copied("COPY nothing/* /x/")).hasMessageContaining("\"/nothing\": not found");
    }

    @Test
    void aFolderIsNeverReplacedByAFileNorAFileByAFolder() {
        source.file("d/s/f").file("s");
        below.folder("x").folder("x/s").file("y/s");
        assertThatThrownBy(() -> copied("COPY s /x"))
                .hasMessageContaining("cannot replace to directory /x/s with file");
        assertThatThrownBy(() -> copied("COPY d /y")).hasMessageContaining("cannot copy to non-directory: /y/s");
        assertThatThrownBy(() -> copied("COPY d /y/s")).hasMessageContaining("cannot copy to non-directory: /y/s");
    }

    @Test
    void hardLinksOfOneSourceStayOneFileAndThoseOfTwoBecomeTwo() {
        source.file("d/a", 0644, 0, 0, "1").file("d/b", 0644, 0, 0, "1");
        assertThat(copied("COPY d /x"))
                .containsExactly("755 0:0 x/", "644 0:0 x/a linked 1 1", "644 0:0 x/b linked 1 1");
        assertThat(copied("COPY d/a d/b /x/"))
                .containsExactly("755 0:0 x/", "644 0:0 x/a linked 1 1", "644 0:0 x/b linked 2 1");
    }

    @Test
    void devicesAndPipesAreCopiedAsWhatTheyAre() {
        source.file("dev/null", new Node.Device(Metadata.of(0666, 0, 0, 0), false, 1, 3), new byte[0])
                .file("dev/pipe", new Node.Fifo(Metadata.of(0600, 0, 0, 0)), new byte[0]);
        assertThat(copied("COPY dev /x"))
                .containsExactly("755 0:0 x/", "666 0:0 x/null device 1,3", "600 0:0 x/pipe fifo");
    }

    @Test
    void timesAreTheContextsWhereItsSourceHasOne() {
        source.file("a");
        date = Instant.ofEpochSecond(5000);
        LayerPlan plan = new LayerPlan(EmptyTree.INSTANCE);
        Step.Copy step = step(false, List.of(), List.of("a", "/x/"));
        try {
            new Copying(step, plan, null, date, (tree, path, number) -> null)
                    .copy(new SourceFiles(step)
                            .find((Step.Item.Paths) step.items().getFirst(), source.tree));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        assertThat(plan.changes())
                .hasSize(2)
                .allSatisfy(change -> assertThat(
                                ((Change.Put) change).node().metadata().seconds())
                        .isEqualTo(5000));
    }

    private byte[] tar(Fixture files) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LayerWriter.writeTar(files.tree.changes(), Content.of(files.tree), out);
        return out.toByteArray();
    }

    private void putArchive() throws IOException {
        Fixture archived = new Fixture();
        archived.folder("d", 0700, 3, 4).file("d/f", 04711, 5, 6, null);
        byte[] tar = tar(archived);
        source.file("t", new Node.RegularFile(Metadata.of(0644, 0, 0, 0), tar.length, null), tar);
    }

    @Test
    void addUnpacksAnArchiveWhateverItsNameAndCopyDoesNot() throws IOException {
        putArchive();
        assertThat(copied("ADD t /x")).containsExactly("755 0:0 x/", "700 3:4 x/d/", "4711 5:6 x/d/f");
        assertThat(copied("COPY t /x")).containsExactly("644 0:0 x");
    }

    @Test
    void ofAnArchiveTheOwnerIsChangedAndTheModeIsNot() throws IOException {
        putArchive();
        assertThat(copied("ADD --chown=7:8 --chmod=600 t /x"))
                .containsExactly("755 7:8 x/", "700 7:8 x/d/", "4711 7:8 x/d/f");
    }

    @Test
    void whatAnArchiveBringsReplacesWhatIsInItsWay() throws IOException {
        putArchive();
        below.file("x/d");
        assertThat(copied("ADD t /x")).containsExactly("700 3:4 x/d/", "4711 5:6 x/d/f");
    }
}
