package dev.strata.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.image.Blobs;
import dev.strata.image.Digest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LayerTreeTest {
    @TempDir
    Path folder;

    private Blobs blobs;
    private final Map<Digest, Digest> blobOf = new HashMap<>();
    private final List<Digest> asked = new ArrayList<>();

    @BeforeEach
    void makeStore() throws IOException {
        blobs = new Blobs(folder.resolve("store"));
    }

    @Test
    void upperLayersHideLowerOnes() throws IOException {
        try (LayerTree tree = tree(
                layer(directory("a"), file("a/one", "1"), file("a/two", "2"), file("b", "old")),
                layer(file("a/two", "two"), new Change.Remove("b")))) {
            assertThat(tree.children("").keySet()).containsExactly("a");
            assertThat(tree.children("a").keySet()).containsExactly("one", "two");
            assertThat(content(tree, "a/one")).isEqualTo("1");
            assertThat(content(tree, "a/two")).isEqualTo("two");
            assertThat(tree.find("b")).isNull();
            assertThatThrownBy(() -> tree.open("b")).isInstanceOf(NoSuchFileException.class);
            assertThatThrownBy(() -> tree.open("a")).isInstanceOf(NoSuchFileException.class);
        }
    }

    @Test
    void opaqueDirectoriesKeepOnlyWhatTheirLayerPuts() throws IOException {
        try (LayerTree tree = tree(
                layer(directory("a"), file("a/below", "1"), directory("a/c"), file("a/c/deep", "")),
                layer(directory("a"), new Change.Opaque("a"), file("a/above", "2")))) {
            assertThat(tree.children("a").keySet()).containsExactly("above");
            assertThat(tree.find("a/c/deep")).isNull();
        }
    }

    @Test
    void aDirectoryReplacesAFileAndAFileADirectory() throws IOException {
        try (LayerTree tree = tree(
                layer(directory("d"), file("d/x", ""), file("f", "")),
                layer(file("d", "now a file"), directory("f"), file("f/y", "")))) {
            assertThat(content(tree, "d")).isEqualTo("now a file");
            assertThat(tree.find("d/x")).isNull();
            assertThat(tree.children("f").keySet()).containsExactly("y");
        }
    }

    @Test
    void aDirectoryPutAgainKeepsWhatIsInIt() throws IOException {
        try (LayerTree tree = tree(
                layer(directory("d"), file("d/x", "")),
                layer(new Change.Put("d", new Node.Directory(Metadata.of(0700, 5, 5, 9)))))) {
            assertThat(tree.children("d").keySet()).containsExactly("x");
            assertThat(Objects.requireNonNull(tree.find("d")).metadata().mode()).isEqualTo(0700);
        }
    }

    @Test
    void directoriesThatNoLayerTellsOfAreImplied() throws IOException {
        try (LayerTree tree = tree(layer(file("a/b/c", "x")))) {
            assertThat(tree.find("")).isInstanceOf(Node.Directory.class);
            assertThat(tree.find("a/b")).isEqualTo(new Node.Directory(Metadata.of(0755, 0, 0, 0)));
        }
    }

    @Test
    void entriesBehindALinkedDirectoryLandWhereItPoints() throws IOException {
        try (LayerTree tree = tree(
                layer(
                        link("bin", "usr/bin"),
                        link("loop", "loop"),
                        link("up", "no/where/../../../usr"),
                        directory("usr/bin")),
                layer(file("bin/tool", "t"), file("up/share", "s")),
                layer(new Change.Remove("bin/nothing")))) {
            assertThat(tree.find("bin")).isInstanceOf(Node.SymbolicLink.class);
            assertThat(content(tree, "usr/bin/tool")).isEqualTo("t");
            assertThat(content(tree, "usr/share")).isEqualTo("s");
            assertThat(tree.find("bin/tool")).isNull();
        }
        assertThatThrownBy(() -> tree(layer(link("loop", "loop")), layer(file("loop/x", ""))))
                .isInstanceOf(LayerException.class)
                .hasMessageContaining("round in circles");
    }

    @Test
    void aFolderThatBecomesALinkBetweenTwoOfItsEntriesIsFollowed() throws IOException {
        LayerIndex one = layer(file("a", "1"));
        LayerIndex odd = new LayerIndex(
                one.diffId(),
                one.tarSize(),
                List.of(
                        entry(directory("b")),
                        entry(directory("way/on")),
                        entry(file("a/x", "")),
                        entry(link("a", "b")),
                        entry(file("a/y", "")),
                        entry(link("detour", "none/../way")),
                        entry(file("detour/x", "")),
                        entry(link("none", "way/on")),
                        entry(file("detour/y", ""))),
                Collections.emptySortedMap());
        try (LayerTree tree = tree(odd)) {
            assertThat(tree.find("a")).isInstanceOf(Node.SymbolicLink.class);
            assertThat(tree.children("b").keySet()).containsExactly("y");
            assertThat(tree.children("way").keySet()).containsExactly("on", "way", "x");
            assertThat(tree.children("way/way").keySet()).containsExactly("y");
        }
    }

    private static LayerIndex.Entry entry(Change change) {
        return change instanceof Change.Put(String path, Node node)
                ? new LayerIndex.Entry.Present(path, node, 0)
                : new LayerIndex.Entry.Whiteout(change.path());
    }

    @Test
    void hardLinksAreOneFile() throws IOException {
        Change.Put first = new Change.Put("a", new Node.RegularFile(Metadata.of(0644, 0, 0, 0), 4, "7"));
        Change.Put second = new Change.Put("b", first.node());
        Written written = LayerWriter.write(
                List.of(first, second),
                put -> new ByteArrayInputStream("same".getBytes(StandardCharsets.US_ASCII)),
                Compression.GZIP,
                null,
                blobs);
        blobOf.put(written.layer().diffId(), written.layer().blob().digest());
        try (LayerTree tree = tree(written.index())) {
            assertThat(content(tree, "b")).isEqualTo("same");
            Node.RegularFile a = (Node.RegularFile) Objects.requireNonNull(tree.find("a"));
            assertThat(a.link()).isNotNull();
            assertThat(tree.find("b")).isEqualTo(a);
        }
    }

    @Test
    void aHardLinkMayPointIntoALayerBelow() throws IOException {
        LayerIndex upper = new LayerIndex(
                Digest.sha256(new byte[0]),
                0,
                List.of(new LayerIndex.Entry.HardLink("b", Metadata.of(0644, 0, 0, 0), "a")),
                java.util.Collections.emptySortedMap());
        try (LayerTree tree = tree(layer(file("a", "below")), upper)) {
            assertThat(content(tree, "b")).isEqualTo("below");
        }
        assertThatThrownBy(() -> tree(upper))
                .isInstanceOf(LayerException.class)
                .hasMessageContaining("b: a hard link to a");
    }

    @Test
    void aLayerIsFetchedOnceAndOnlyWhenAFileOfItIsOpened() throws IOException {
        LayerIndex lower = layer(file("etc/passwd", "root:x:0:0::/:/bin/sh\n"), file("x", "1"), file("y", "2"));
        LayerIndex upper = layer(file("z", "3"));
        try (LayerTree tree = tree(lower, upper)) {
            assertThat(tree.children("")).hasSize(4);
            assertThat(content(tree, "etc/passwd")).startsWith("root:");
            assertThat(asked).isEmpty();
            assertThat(content(tree, "x") + content(tree, "y")).isEqualTo("12");
            assertThat(asked).containsExactly(lower.diffId());
        }
        try (LayerTree tree = tree(lower, upper)) {
            assertThat(content(tree, "y")).isEqualTo("2");
            assertThat(asked).hasSize(1);
        }
    }

    @Test
    void aBlobThatIsNotWhatItsDiffIdSaysIsRefused() throws IOException {
        LayerIndex one = layer(file("a", "1"));
        LayerIndex other = layer(file("a", "2"));
        blobOf.put(one.diffId(), blobOf.get(other.diffId()));
        try (LayerTree tree = tree(one);
                var spooled = Files.newDirectoryStream(Files.createDirectories(folder.resolve("spool")))) {
            assertThatThrownBy(() -> tree.open("a"))
                    .isInstanceOf(LayerException.class)
                    .hasMessageContaining("is not what its diff ID says");
            assertThat(spooled).isEmpty();
        }
    }

    private LayerIndex layer(Change... changes) throws IOException {
        List<Change> sorted = new ArrayList<>(Arrays.asList(changes));
        sorted.sort(Comparator.comparing(Change::path, Names.ORDER));
        Map<String, byte[]> contents = new HashMap<>();
        Change[] plain = sorted.toArray(Change[]::new);
        for (int i = 0; i < plain.length; i++) {
            if (plain[i] instanceof Change.Put(String path, Node.RegularFile file) && file.link() != null) {
                byte[] bytes = file.link().getBytes(StandardCharsets.UTF_8);
                contents.put(path, bytes);
                plain[i] = new Change.Put(path, new Node.RegularFile(file.metadata(), bytes.length, null));
            }
        }
        Written written = LayerWriter.write(
                Arrays.asList(plain),
                put -> new ByteArrayInputStream(Objects.requireNonNull(contents.get(put.path()))),
                Compression.GZIP,
                null,
                blobs);
        blobOf.put(written.layer().diffId(), written.layer().blob().digest());
        return written.index();
    }

    /** The content is carried where the link would be; {@link #layer} takes it out. */
    private static Change file(String path, String content) {
        return new Change.Put(path, new Node.RegularFile(Metadata.of(0644, 0, 0, 0), 0, content));
    }

    private static Change directory(String path) {
        return new Change.Put(path, new Node.Directory(Metadata.of(0755, 0, 0, 0)));
    }

    private static Change link(String path, String target) {
        return new Change.Put(path, new Node.SymbolicLink(Metadata.of(0777, 0, 0, 0), target));
    }

    private LayerTree tree(LayerIndex... bottomFirst) {
        return new LayerTree(List.of(bottomFirst), this::open, folder.resolve("spool"));
    }

    private InputStream open(Digest diffId) throws IOException {
        asked.add(diffId);
        return blobs.open(Objects.requireNonNull(blobOf.get(diffId)));
    }

    private static String content(Tree tree, String path) throws IOException {
        try (InputStream in = tree.open(path)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
