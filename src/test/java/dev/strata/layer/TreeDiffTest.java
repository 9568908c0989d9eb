package dev.strata.layer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreeDiffTest {
    @TempDir
    Path folder;

    private Path below;
    private Path above;

    @BeforeEach
    void makeFolders() throws IOException {
        below = Files.createDirectory(folder.resolve("below"));
        above = Files.createDirectory(folder.resolve("above"));
    }

    @Test
    void equalTreesHaveNoDifferenceWhateverTheTimes() throws IOException {
        for (Path root : List.of(below, above)) {
            Files.createDirectory(root.resolve("d"));
            Files.writeString(root.resolve("d/f"), "same");
            Files.createSymbolicLink(root.resolve("l"), Path.of("d/f"));
        }
        Files.setLastModifiedTime(above.resolve("d/f"), FileTime.fromMillis(0));

        assertThat(changes()).isEmpty();
    }

    @Test
    void whatIsNewOtherOrGoneIsToldInTheOrderOfBytes() throws IOException {
        Files.createDirectory(below.resolve("gone"));
        Files.writeString(below.resolve("gone/in"), "");
        Files.createDirectory(above.resolve("a"));
        Files.writeString(above.resolve("a/f"), "");
        Files.writeString(above.resolve("a.txt"), "");
        Files.writeString(below.resolve("content"), "one");
        Files.writeString(above.resolve("content"), "two");
        Files.writeString(below.resolve("mode"), "");
        Files.writeString(above.resolve("mode"), "");
        Files.setPosixFilePermissions(above.resolve("mode"), PosixFilePermissions.fromString("rwx------"));

        assertThat(changes())
                .containsExactly("put a", "put a.txt", "put a/f", "put content", "remove gone", "put mode");
    }

    @Test
    void aDirectoryInPlaceOfAFileIsPutWithAllInItAndTheOtherWayRoundAlone() throws IOException {
        Files.writeString(below.resolve("x"), "");
        Files.createDirectory(above.resolve("x"));
        Files.writeString(above.resolve("x/f"), "");
        Files.createDirectory(below.resolve("y"));
        Files.writeString(below.resolve("y/f"), "");
        Files.writeString(above.resolve("y"), "");

        assertThat(changes()).containsExactly("put x", "put x/f", "put y");
    }

    @Test
    void allNamesOfAFileArePutWhenOneIsNew() throws IOException {
        Files.writeString(below.resolve("a"), "same");
        Files.createLink(below.resolve("b"), below.resolve("a"));
        Files.writeString(above.resolve("a"), "same");
        Files.createLink(above.resolve("b"), above.resolve("a"));
        assertThat(changes()).isEmpty();

        Files.createLink(above.resolve("c"), above.resolve("a"));

        assertThat(changes()).containsExactly("put a", "put b", "put c");
    }

    @Test
    void filesThatBecameOneArePut() throws IOException {
        Files.writeString(below.resolve("a"), "same");
        Files.writeString(below.resolve("b"), "same");
        Files.writeString(above.resolve("a"), "same");
        Files.createLink(above.resolve("b"), above.resolve("a"));

        assertThat(changes()).containsExactly("put a", "put b");
    }

    private List<String> changes() throws IOException {
        return TreeDiff.changes(new DiskTree(below), new DiskTree(above)).stream()
                .map(ChangeText::of)
                .toList();
    }
}
