package dev.strata.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MountTargetsTest {
    private static final FileTime TIME = FileTime.from(Instant.EPOCH);

    @TempDir
    Path folder;

    private Path root;
    private Path outside;

    @BeforeEach
    void makeRoot() throws IOException {
        root = Files.createDirectory(folder.resolve("root"));
        outside = Files.createDirectory(folder.resolve("outside"));
    }

    @Test
    void whatIsMissingIsMadeAndGoneAfterwardsWithTheTimeOfItsFolderRestored() throws IOException {
        Files.setLastModifiedTime(root, TIME);
        try (MountTargets targets = new MountTargets(root)) {
            targets.folder("/var/cache/apt");
            targets.file("/run/secrets/npm");
            assertThat(root.resolve("var/cache/apt")).isDirectory();
            assertThat(root.resolve("run/secrets/npm")).isRegularFile();
        }
        assertThat(root).isEmptyDirectory();
        assertThat(Files.getLastModifiedTime(root)).isEqualTo(TIME);
    }

    @Test
    void linksAreFollowedInsideOfTheRoot() throws IOException {
        Files.createDirectories(root.resolve("run/lock"));
        Files.createDirectory(root.resolve("var"));
        Files.createSymbolicLink(root.resolve("var/run"), Path.of("/run"));
        try (MountTargets targets = new MountTargets(root)) {
            targets.folder("/var/run/lock/build");
            assertThat(root.resolve("run/lock/build")).isDirectory();
        }
    }

    @Test
    void linksThroughOtherLinksNeverLeadOut() throws IOException {
        Files.createSymbolicLink(root.resolve("way"), Path.of("door/inner"));
        Files.createSymbolicLink(root.resolve("door"), outside);
        Files.createSymbolicLink(root.resolve("up"), Path.of("../outside"));
        try (MountTargets targets = new MountTargets(root)) {
            targets.folder("/way/deep");
            targets.file("/up/file");
            assertThat(outside).isEmptyDirectory();
            assertThat(root.resolve("outside/file")).isRegularFile();
        }
    }
}
