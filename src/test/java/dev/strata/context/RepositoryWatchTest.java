package dev.strata.context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.layer.Bounds;
import dev.strata.plan.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class RepositoryWatchTest {
    @TempDir
    Path folder;

    private void file(String name, int bytes) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, new byte[bytes]);
    }

    private void look(long bytes, long entries) {
        new RepositoryWatch(folder, new Bounds(bytes, entries), "https://git.example/shop.git").look();
    }

    private void assertTooMuch(long bytes, long entries, String words) {
        assertThatThrownBy(() -> look(bytes, entries)).isInstanceOfSatisfying(ContextException.class, refused -> {
            assertThat(refused.fault()).isEqualTo(Failure.Cause.USER);
            assertThat(refused.what()).contains("it is not taken").contains(words);
            assertThat(refused.where()).contains("git.example/shop.git");
            assertThat(refused.mend()).isNotBlank();
        });
    }

    @Test
    void filesAndGitsOwnCopyAreCountedApart() throws IOException {
        file("a", 600);
        file("library/b", 300);
        file(".git/objects/pack/x.pack", 900);
        look(1000, 4);
        file(".git/objects/pack/x.pack", 10);
        assertTooMuch(800, 4, "it holds more than 800 bytes");
        assertTooMuch(899, 3, "it holds more than 3 files");
        file(".git/modules/library/objects/y", 1200);
        assertTooMuch(1000, 10, "what git keeps of it is more than 1000 bytes");
    }

    @Test
    void aLinkCountsAsItselfAndLeadsNowhere() throws IOException {
        file("a", 10);
        Files.createSymbolicLink(folder.resolve("link"), Path.of("/"));
        Files.createSymbolicLink(folder.resolve("loop"), Path.of("."));
        look(100, 4);
    }

    @Test
    void submodulesAreCountedByWhatGitLeavesInThem() throws IOException {
        for (int number = 0; number <= RepositoryWatch.MOST_SUBMODULES; number++) {
            file("s" + number + "/.git", 1);
        }
        assertTooMuch(1 << 20, 1 << 20, "it holds more than 1000 submodules");
    }

    @Test
    @Timeout(300)
    void gitIsEndedWithItsChildrenWhenTheyWriteTooMuch() {
        Bounds bounds = new Bounds(4 << 20, 100);
        GitCommand git = new GitCommand(
                folder, folder, "", Map.of(), Map.of(), new RepositoryWatch(folder, bounds, "git.example"));
        String fill = "alias.fill=!while :; do head -c 65536 /dev/zero; done >>filler";

        assertThatThrownBy(() -> git.run("-c", fill, "fill"))
                .isInstanceOfSatisfying(
                        ContextException.class,
                        refused -> assertThat(refused.what()).contains("more than 4194304 bytes"));

        org.awaitility.Awaitility.await()
                .until(() -> ProcessHandle.current()
                        .descendants()
                        .noneMatch(process ->
                                process.info().commandLine().orElse("").contains("65536 /dev/zero")));
    }
}
