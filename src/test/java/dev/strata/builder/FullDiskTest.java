package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.image.Reference;
import dev.strata.plan.Failure;
import dev.strata.plan.Plan;
import dev.strata.registry.MemoryRegistry;
import dev.strata.sandbox.BusyboxRoot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Builders whose state is on a file system that is too small. */
@Tag("root")
@Timeout(300)
class FullDiskTest {
    @TempDir
    Path folder;

    private final MemoryRegistry registry = MemoryRegistry.start();
    private Workbench bench;
    private Path disk;
    private String name;

    @BeforeEach
    void begin() throws IOException, InterruptedException {
        bench = new Workbench(folder);
        disk = Files.createDirectory(bench.state());
        run("mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", disk.toString());
        name = registry.host() + "/shop:1";
        bench.cache = Plan.Cache.in(Reference.parse(registry.host() + "/shop-cache"));
    }

    @AfterEach
    void end() throws IOException, InterruptedException {
        registry.close();
        run("umount", "--lazy", disk.toString());
    }

    private static void run(String... command) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor())
                .as(String.join(" ", command))
                .isZero();
    }

    private void file(String path, int size) throws IOException {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        Files.write(bench.context.resolve(path), bytes);
    }

    /** The build fails for want of room, and with room goes on after what was finished, to what it would have been. */
    private void failsAndThenGoesOn(int finished) throws IOException, InterruptedException {
        Failure failure = bench.failure(name);
        assertThat(failure.sentence()).contains("the disk is full");
        assertThat(failure.cause()).isEqualTo(Failure.Cause.LOST);
        assertThat(failure.mend()).isNotBlank();
        run("mount", "-o", "remount,size=200m", disk.toString());
        String digest = bench.digest(name);
        assertThat(bench.events(dev.strata.plan.Event.StepCached.class)).hasSize(finished);
        assertThat(bench.fresh().digest(registry.host() + "/other:1"))
                .as("on a machine that knows nothing but the cache")
                .isEqualTo(digest);
        bench.cache = Plan.Cache.NONE;
        bench.noCache = true;
        if (!bench.sandbox) {
            assertThat(bench.fresh().digest()).as("without any cache").isEqualTo(digest);
        }
    }

    @Test
    void aLayerThatDoesNotFitFailsTheBuildAndTheNextAttemptIsFine() throws IOException, InterruptedException {
        bench.file("Dockerfile", "FROM scratch\nCOPY small /\n");
        file("small", 1_000_000);
        bench.digest(name); // in one build the large layer might take the small one's room before that is written
        bench.file("Dockerfile", "FROM scratch\nCOPY small /\nCOPY large /\n");
        file("large", 20_000_000);
        failsAndThenGoesOn(1);
    }

    @Test
    void aCommandThatFillsTheDiskFailsTheBuildAndTheNextAttemptIsFine() throws IOException, InterruptedException {
        bench.sandbox = true;
        BusyboxRoot.make(bench.context.resolve("rootfs"));
        bench.file(
                "Dockerfile", "FROM scratch\nCOPY rootfs /\nRUN busybox dd if=/dev/urandom of=/large bs=1M count=20\n");
        Failure failure = bench.failure(name);
        assertThat(failure.detail()).contains("No space left on device");
        run("mount", "-o", "remount,size=200m", disk.toString());
        bench.digest(name);
        assertThat(bench.missed()).hasSize(1);
    }

    @Test
    void aBaseThatDoesNotFitFailsTheBuildAndTheNextAttemptIsFine() throws IOException, InterruptedException {
        Workbench other = new Workbench(folder.resolve("base"));
        other.file("Dockerfile", "FROM scratch\nCOPY large /\n");
        byte[] bytes = new byte[20_000_000];
        new Random(1).nextBytes(bytes);
        Files.write(other.context.resolve("large"), bytes);
        other.digest(registry.host() + "/base:1");
        bench.file(
                "Dockerfile", "FROM " + registry.host() + "/base:1 AS base\nFROM scratch\nCOPY --from=base /large /\n");
        failsAndThenGoesOn(0);
    }

    @Test
    void recordsThatCannotBeWrittenAreAWarning() throws IOException, InterruptedException {
        bench.file("Dockerfile", "FROM scratch\nCOPY small /\n").file("small", "small");
        String digest = bench.digest();
        run("mount", "-o", "remount,ro", disk.toString());
        assertThat(List.of(digest)).hasSize(1);
        Failure failure = bench.failure();
        assertThat(failure.sentence()).contains("Read-only file system");
    }
}
