package dev.strata.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.image.Blobs;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against overlayfs itself: what it takes from unpacked layers, and what it leaves in an upper directory. */
@Tag("root")
class OverlayTest {
    @TempDir
    Path folder;

    private Path upper;
    private Path merged;
    private final List<Path> layers = new ArrayList<>();
    private boolean mounted;

    @BeforeEach
    void makeFolders() throws IOException {
        upper = Files.createDirectory(folder.resolve("upper"));
        merged = Files.createDirectory(folder.resolve("merged"));
        Files.createDirectory(folder.resolve("work"));
    }

    @AfterEach
    void unmount() throws IOException {
        if (mounted) {
            Posix.unmount(merged, Posix.DETACH);
        }
    }

    @Test
    void layersInFoldersOfTheirOwnShowWhatTheyShowOneOverTheOther() throws IOException {
        Path applied = Files.createDirectory(folder.resolve("applied"));
        for (RawTar layer : List.of(
                new RawTar()
                        .directory("etc")
                        .file("etc/removed", "1")
                        .file("etc/kept", "1")
                        .directory("emptied")
                        .file("emptied/old", "1")
                        .directory("emptied/deep")
                        .file("emptied/deep/old", "1")
                        .directory("replaced")
                        .file("replaced/old", "1")
                        .file("file", "1")
                        .symbolicLink("link", "etc"),
                new RawTar()
                        .file("etc/.wh.removed", "")
                        .file("etc/.wh.never-there", "")
                        .file("emptied/deep/new", "2")
                        .file("emptied/.wh..wh..opq", "")
                        .file(".wh.replaced", "")
                        .directory("replaced")
                        .file("replaced/new", "2")
                        .file(".wh.file", "")
                        .file("file/in-a-directory", "2")
                        .file("one", "2")
                        .hardLink("two", "one"),
                new RawTar()
                        .file("replaced/new", "3")
                        .directory("etc")
                        .file("etc/.wh..wh.plnk", "")
                        .file("link", "a file now"))) {
            unpack(layer);
            Unpack.apply(tar(layer), applied, Unpack.Whiteouts.APPLY, Bounds.NONE);
        }

        mount();

        assertThat(TreeDiff.changes(new DiskTree(applied), new DiskTree(merged)))
                .isEmpty();
        assertThat(merged.resolve("emptied/old")).doesNotExist();
        assertThat(merged.resolve("emptied/deep/old")).doesNotExist();
        assertThat(merged.resolve("emptied/deep/new")).hasContent("2");
        assertThat(merged.resolve("replaced/old")).doesNotExist();
        assertThat(merged.resolve("file/in-a-directory")).hasContent("2");
    }

    @Test
    void impliedDirectoriesAdoptWhatTheLayersBelowTell() throws IOException {
        unpack(new RawTar().named("var").mode(01777).owner(5, 6).entry('5', new byte[0]));
        Tree below = new DiskTree(layers.getLast());
        Unpacked above = unpack(new RawTar().file("var/new/file", "").directory("told"));

        assertThat(above.implied()).containsExactly("var", "var/new");
        above.adopt(below);

        mount();
        assertThat(new DiskTree(merged).find("var")).isInstanceOfSatisfying(Node.Directory.class, found -> {
            assertThat(found.metadata().mode()).isEqualTo(01777);
            assertThat(found.metadata().uid()).isEqualTo(5);
            assertThat(found.metadata().seconds()).isEqualTo(1_600_000_000);
        });
    }

    @Test
    void aLayerThatHidesAllBelowSaysSo() throws IOException {
        assertThat(unpack(new RawTar().file(".wh..wh..opq", "").file("f", "")).opaqueRoot())
                .isTrue();
    }

    @Test
    void aDeviceThatOverlayfsTakesForAWhiteoutIsNotMadeAndNoted() throws IOException {
        Unpacked unpacked = unpack(new RawTar().named("hole").entry('3', new byte[0]));

        assertThat(unpacked.notes()).singleElement().asString().contains("hole is not made");
        assertThat(layers.getLast().resolve("hole")).doesNotExist();
    }

    @Test
    void whatWasOnlyTouchedOrCopiedUpIsNoChange() throws IOException {
        unpack(new RawTar().directory("d").file("d/f", "same").file("d/g", "same"));
        mount();
        Files.setLastModifiedTime(merged.resolve("d/f"), java.nio.file.attribute.FileTime.fromMillis(0));
        try (var file = Files.newByteChannel(merged.resolve("d/g"), StandardOpenOption.WRITE)) {
            assertThat(file.size()).isEqualTo(4);
        }
        Files.writeString(merged.resolve("d/passing"), "");
        Files.delete(merged.resolve("d/passing"));

        assertThat(new DiskTree(upper).children("d")).containsKeys("f", "g");
        assertThat(changes()).isEmpty();
    }

    @Test
    void aDirectoryMadeAnewIsOpaqueAndAFileInItsPlaceIsNot() throws IOException {
        unpack(new RawTar().directory("d").file("d/f", "").directory("e").file("e/f", ""));
        mount();
        for (String name : List.of("d", "e")) {
            Files.delete(merged.resolve(name + "/f"));
            Files.delete(merged.resolve(name));
        }
        Files.createDirectory(merged.resolve("d"));
        Files.writeString(merged.resolve("d/new"), "");
        Files.writeString(merged.resolve("e"), "");

        assertThat(changes()).containsExactly("put d", "opaque d", "put d/new", "put e");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6})
    void whateverIsDoneInAnOverlayIsWhatItsLayerDoes(int seed) throws IOException {
        unpack(randomLayer(new Random(seed)));
        mount();
        Path copy = Files.createDirectory(folder.resolve("copy"));
        Unpack.apply(asTar(new DiskTree(merged)), copy, Unpack.Whiteouts.NONE, Bounds.NONE);
        Random random = new Random(seed + 100);
        for (int i = 0; i < 60; i++) {
            change(random);
        }

        List<Change> changes = UpperDirectory.changes(upper, below(), false);
        Unpack.apply(asTar(changes, Content.of(new DiskTree(upper))), copy, Unpack.Whiteouts.APPLY, Bounds.NONE);

        // In this direction: a file written anew as it was may stay linked in the copy, since overlayfs itself parts
        // the
        // names of a file that it copies up.
        assertThat(TreeDiff.changes(new DiskTree(copy), new DiskTree(merged)).stream()
                        .map(ChangeText::of))
                .isEmpty();
    }

    private static RawTar randomLayer(Random random) {
        RawTar tar = new RawTar();
        for (int i = 0; i < 4; i++) {
            tar.directory("d" + i);
            for (int j = 0; j < 4; j++) {
                tar.directory("d" + i + "/d" + j);
                tar.file("d" + i + "/f" + j, "content " + random.nextInt(3));
                tar.file("d" + i + "/d" + j + "/f", "content");
            }
            tar.hardLink("d" + i + "/linked", "d" + i + "/f0");
        }
        return tar;
    }

    /** Something that a command may do to the files, at random; much of it more than once at the same place. */
    private void change(Random random) throws IOException {
        Path parent = merged.resolve("d" + random.nextInt(4));
        Path path = parent.resolve((random.nextBoolean() ? "d" : "f") + random.nextInt(4));
        if (!Files.isDirectory(parent)) {
            Files.createDirectory(parent);
        }
        switch (random.nextInt(8)) {
            case 0, 1 -> delete(path);
            case 2 -> delete(parent);
            case 3 -> {
                delete(path);
                Files.createDirectory(path);
                Files.writeString(path.resolve("f"), "inside");
            }
            case 4 -> {
                delete(path);
                Files.writeString(path, "content " + random.nextInt(3));
            }
            case 5 -> {
                delete(path);
                Files.createSymbolicLink(path, Path.of("f" + random.nextInt(4)));
            }
            case 6 -> Files.setAttribute(parent, "unix:mode", 0700 + random.nextInt(8));
            default -> {
                Path existing = parent.resolve("linked");
                delete(path);
                if (Files.isRegularFile(existing)) {
                    Files.createLink(path, existing);
                }
            }
        }
    }

    private void delete(Path path) throws IOException {
        RootFolder root = new RootFolder(merged);
        String name = merged.relativize(path).toString();
        Posix.Status status = root.status(name);
        if (status != null) {
            root.remove(name, status);
        }
    }

    private static InputStream tar(RawTar layer) {
        return new ByteArrayInputStream(layer.ended());
    }

    private InputStream asTar(Tree tree) throws IOException {
        return asTar(TreeDiff.changes(new Nothing(), tree), Content.of(tree));
    }

    private InputStream asTar(List<Change> changes, Content content) throws IOException {
        Blobs blobs = new Blobs(folder.resolve("store"));
        Written written = LayerWriter.write(changes, content, Compression.UNCOMPRESSED, null, blobs);
        return blobs.open(written.layer().blob().digest());
    }

    private Unpacked unpack(RawTar layer) throws IOException {
        Path root = Files.createDirectory(folder.resolve("layer" + layers.size()));
        layers.add(root);
        return Unpack.apply(tar(layer), root, Unpack.Whiteouts.OVERLAY_TRUSTED, Bounds.NONE);
    }

    /** What is below the upper directory, in tests with one layer. */
    private Tree below() throws IOException {
        assertThat(layers).hasSize(1);
        return new DiskTree(layers.getFirst());
    }

    private List<String> changes() throws IOException {
        return UpperDirectory.changes(upper, below(), false).stream()
                .map(ChangeText::of)
                .toList();
    }

    private void mount() throws IOException {
        String lower = layers.reversed().stream().map(Path::toString).collect(Collectors.joining(":"));
        Posix.mount(
                "overlay",
                merged,
                "overlay",
                0,
                "lowerdir=" + lower + ",upperdir=" + upper + ",workdir=" + folder.resolve("work")
                        + ",redirect_dir=off,metacopy=off,index=off");
        mounted = true;
    }

    /** An empty tree. */
    private static final class Nothing implements Tree {
        @Override
        public @Nullable Node find(String path) {
            return null;
        }

        @Override
        public java.util.SortedMap<String, Node> children(String path) {
            return new java.util.TreeMap<>(Map.of());
        }

        @Override
        public InputStream open(String path) throws IOException {
            throw new java.nio.file.NoSuchFileException(path);
        }
    }
}
