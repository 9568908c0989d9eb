package dev.strata.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.image.Blobs;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What holds for every tree: packed and unpacked it is the same, and what differs between two turns the one into the
 * other. The trees have hard links, holes, devices, pipes, attributes, capabilities, setuid bits, times before 1970 and to
 * the nanosecond, names in any bytes and paths of many hundred characters.
 */
@Tag("root")
class GeneratedTreesTest {
    @TempDir
    Path folder;

    private Path make(String name) throws IOException {
        return Files.createDirectory(folder.resolve(name));
    }

    private Written pack(List<Change> changes, Tree tree, Compression compression) throws IOException {
        return LayerWriter.write(changes, Content.of(tree), compression, null, new Blobs(folder.resolve("store")));
    }

    private InputStream open(Written written) throws IOException {
        return VerifiedTar.open(written.layer(), new Blobs(folder.resolve("store")));
    }

    private Tree empty() throws IOException {
        Path empty = folder.resolve("empty");
        Files.createDirectories(empty);
        return new DiskTree(empty);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void whatIsPackedAndUnpackedIsTheSame(long seed) throws IOException {
        Path before = make("before");
        new GeneratedTree(before, seed).fill();
        DiskTree tree = new DiskTree(before);
        Compression compression =
                seed % 3 == 0 ? Compression.GZIP : seed % 3 == 1 ? Compression.ZSTD : Compression.UNCOMPRESSED;
        Written written = pack(TreeDiff.changes(empty(), tree), tree, compression);
        Path after = make("after");
        try (InputStream tar = open(written)) {
            assertThat(Unpack.apply(tar, after, Unpack.Whiteouts.APPLY, Bounds.DEFAULT)
                            .notes())
                    .isEmpty();
        }

        assertThat(GeneratedTree.told(tree, true)).hasSizeGreaterThan(70);
        assertThat(GeneratedTree.told(new DiskTree(after), true)).isEqualTo(GeneratedTree.told(tree, true));
        Blobs blobs = new Blobs(folder.resolve("store"));
        try (LayerTree seen = new LayerTree(
                List.of(written.index()),
                diffId -> blobs.open(written.layer().blob().digest()),
                make("spool"))) {
            assertThat(GeneratedTree.told(seen, true))
                    .as("without being unpacked")
                    .isEqualTo(GeneratedTree.told(tree, true));
        }
        assertThat(pack(TreeDiff.changes(empty(), new DiskTree(after)), new DiskTree(after), compression)
                        .layer())
                .as("the same tree, the same bytes")
                .isEqualTo(written.layer());
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14, 15, 16, 17, 18})
    void whatDiffersTurnsTheOneIntoTheOther(long seed) throws IOException {
        Path one = make("one");
        new GeneratedTree(one, seed).fill();
        Path other = make("other");
        GeneratedTree changed = new GeneratedTree(other, seed).fill();
        assertThat(TreeDiff.changes(new DiskTree(one), new DiskTree(other)))
                .as("the same seed, the same tree")
                .isEmpty();
        changed.change();
        DiskTree above = new DiskTree(other);
        List<Change> changes = TreeDiff.changes(new DiskTree(one), above);
        assertThat(changes).isNotEmpty();

        try (InputStream tar = open(pack(changes, above, Compression.GZIP))) {
            Unpack.apply(tar, one, Unpack.Whiteouts.APPLY, Bounds.DEFAULT);
        }

        // Times of what did not change otherwise are no difference.
        assertThat(GeneratedTree.told(new DiskTree(one), false)).isEqualTo(GeneratedTree.told(above, false));
        assertThat(TreeDiff.changes(new DiskTree(one), above)).isEmpty();
    }

    @Test
    void aSocketIsInNoLayer() throws IOException {
        Path before = make("before");
        Posix.node(DiskNames.bytes(before.resolve("socket")), 0140000 | 0600, 0, 0);
        assertThat(TreeDiff.changes(empty(), new DiskTree(before))).isEmpty();
    }
}
