package dev.strata.context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.plan.Plan.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContextsTest {
    @TempDir
    Path folder;

    private Contexts contexts;

    @BeforeEach
    void contexts() {
        contexts = TestContexts.in(folder.resolve("work"));
    }

    /** A volume as the kubelet lays it out: the files in a folder of their own, and links to them. */
    private Path volume(String... files) throws IOException {
        Path volume = Files.createDirectory(folder.resolve("volume"));
        Path data = Files.createDirectory(volume.resolve("..2026_11_25_20_00_00.1"));
        Files.createSymbolicLink(volume.resolve("..data"), data.getFileName());
        for (String file : files) {
            Path path = data.resolve(file);
            Files.createDirectories(path.getParent());
            Files.writeString(path, "content of " + file);
            String top = file.split("/", 2)[0];
            if (!Files.isSymbolicLink(volume.resolve(top))) {
                Files.createSymbolicLink(volume.resolve(top), Path.of("..data", top));
            }
        }
        return volume;
    }

    private static List<String> files(Path root) throws IOException {
        try (Stream<Path> walk = Files.walk(root)) {
            return walk.map(path -> root.relativize(path).toString())
                    .filter(path -> !path.isEmpty())
                    .sorted()
                    .toList();
        }
    }

    @Test
    void anEmptySourceHasNoFiles() throws IOException {
        Context context = contexts.fetch(new Source.Empty(), "");
        assertThat(files(context.root())).isEmpty();
        assertThat(context.kind()).isEqualTo("empty");
    }

    @Test
    void aFolderIsUsedWhereItIs() {
        Context context = contexts.fetch(new Source.Folder(folder.toString(), false), "");
        assertThat(context.root()).isEqualTo(folder);
        assertThat(context.revision()).isEqualTo(folder.toString());
    }

    @Test
    void aFolderThatIsNotThereIsTheUsersFault() {
        assertThatThrownBy(() -> contexts.fetch(new Source.Folder("/no/such/folder", false), ""))
                .isInstanceOf(ContextException.class)
                .hasMessage("/no/such/folder: there is no such folder");
    }

    @Test
    void ofAVolumeOnlyTheUsersFilesAreContentAsPlainFiles() throws IOException {
        Path volume = volume("Dockerfile", "src/main.py", "dir__file");
        Context context = contexts.fetch(new Source.Folder(volume.toString(), true), "");

        assertThat(files(context.root())).containsExactly("Dockerfile", "dir__file", "src", "src/main.py");
        assertThat(Files.isSymbolicLink(context.root().resolve("Dockerfile"))).isFalse();
        assertThat(context.root().resolve("src/main.py")).hasContent("content of src/main.py");
    }

    @Test
    void twoMountsOfTheSameVolumeGiveTheSameRevisionAndTimes() throws IOException {
        Path volume = volume("Dockerfile", "a");
        Context first = contexts.fetch(new Source.Folder(volume.toString(), true), "");
        Files.setLastModifiedTime(volume.resolve("a"), FileTime.from(Instant.parse("2026-01-01T00:00:00Z")));
        Context second = contexts.fetch(new Source.Folder(volume.toString(), true), "");
        Files.writeString(volume.resolve("a"), "other");
        Context third = contexts.fetch(new Source.Folder(volume.toString(), true), "");

        assertThat(second.revision()).isEqualTo(first.revision()).isNotEqualTo(third.revision());
        assertThat(Files.getLastModifiedTime(second.root().resolve("a")))
                .isEqualTo(Files.getLastModifiedTime(first.root().resolve("Dockerfile")));
    }

    @Test
    void aRepositoryIsAContextWithItsCommitAndDate() throws IOException {
        GitRepository shop = new GitRepository(folder.resolve("shop.git"));
        String commit = shop.write("web/Dockerfile", "FROM scratch").commit("first");
        Context context = contexts.fetch(new Source.Git(shop.folder().toString(), "main", "web", false, null), "");

        assertThat(files(context.root())).containsExactly("Dockerfile");
        assertThat(context.kind()).isEqualTo("git");
        assertThat(context.revision()).isEqualTo(commit);
        assertThat(context.date()).isEqualTo(Instant.parse(GitRepository.DATE));
    }

    @Test
    void aStageIsNoSource() {
        assertThatThrownBy(() -> contexts.fetch(new Source.StageAlias("build"), "assets"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("assets");
    }
}
