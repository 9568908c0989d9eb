package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.Patience;
import dev.strata.image.Blobs;
import dev.strata.image.Digest;
import dev.strata.plan.Event;
import dev.strata.plan.Plan;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A state folder whose machine lost its power: the kernel had given files their names and not yet their bytes. */
class SettledStateTest {
    private final Instant now = Instant.now();
    private final List<Thread> settling = new ArrayList<>();

    @TempDir
    Path folder;

    private Path state;

    @BeforeEach
    void aState() throws IOException {
        state = Files.createDirectories(folder.resolve("state"));
    }

    /** They still write into the folder that goes with the test. */
    @AfterEach
    void untilNobodySettles() throws InterruptedException {
        for (Thread each : settling) {
            each.join();
        }
    }

    private @Nullable Thread begin(String boot, Instant at) throws IOException {
        Thread begun = new SettledState(state, boot, Clock.fixed(at, ZoneOffset.UTC)).begin();
        if (begun != null) {
            settling.add(begun);
        }
        return begun;
    }

    private Path blob(String content, Instant written) throws IOException {
        Blobs blobs = new Blobs(state.resolve("store"));
        Digest digest = blobs.put("text/plain", content.getBytes(StandardCharsets.UTF_8))
                .digest();
        Path path = blobs.path(digest);
        Files.setLastModifiedTime(path, FileTime.from(written));
        return path;
    }

    private static void damage(Path file) throws IOException {
        FileTime time = Files.getLastModifiedTime(file);
        Files.write(file, new byte[(int) Files.size(file)], StandardOpenOption.TRUNCATE_EXISTING);
        Files.setLastModifiedTime(file, time);
    }

    private String mark() throws IOException {
        return Files.readString(state.resolve("settled")).strip();
    }

    @Test
    void whatIsNewerThanTheLastSyncIsCheckedAfterAnotherStartOfTheMachine() throws IOException {
        begin("first", now);
        Path old = blob("old", now.minusSeconds(600));
        Path whole = blob("whole", now.plusSeconds(1));
        Path zeros = blob("zeros", now.plusSeconds(1));
        Path cut = blob("cut", now.plusSeconds(1));
        for (Path damaged : List.of(old, zeros)) {
            damage(damaged);
        }
        Files.write(cut, new byte[0]);

        begin("second", now.plusSeconds(100));

        assertThat(whole).exists();
        assertThat(zeros).doesNotExist();
        assertThat(cut).doesNotExist();
        assertThat(old).as("was on the disk: it is not read again").exists();
    }

    @Test
    void inTheSameStartNothingIsRead() throws IOException {
        begin("first", now);
        Path blob = blob("content", now.plusSeconds(1));
        damage(blob);
        begin("first", now.plusSeconds(100));
        assertThat(blob).exists();
    }

    @Test
    void recordsThatAreNoDocumentsAndIndexesAreMadeAnew() throws IOException {
        begin("first", now);
        blob("any", now);
        Path records = Files.createDirectories(state.resolve("records"));
        Path whole = Files.writeString(records.resolve("step-1"), "{\"key\": \"1\"}");
        Path cut = Files.writeString(records.resolve("step-2"), "{\"key\":");
        Path zeros = Files.write(records.resolve("slot-3"), new byte[20]);
        Path empty = Files.write(records.resolve("files-4"), new byte[0]);
        Path index = Files.writeString(
                Files.createDirectories(state.resolve("indexes")).resolve("5"), "x");
        begin("second", now.plusSeconds(100));
        assertThat(whole).exists();
        assertThat(List.of(cut, zeros, empty, index)).noneMatch(Files::exists);
    }

    @Test
    void aMarkThatIsLostItselfHasEverythingChecked() throws Exception {
        Path old = blob("old", now.minusSeconds(600));
        damage(old);
        for (String mark : List.of("", "\0\0\0", "first", "first x")) {
            Files.writeString(state.resolve("settled"), mark);
            Thread settling = begin("first", now);
            assertThat(old).as("mark \"%s\"", mark).doesNotExist();
            assertThat(settling).isNotNull();
            settling.join(); // it writes a mark of its own
            damage(blob("old", now.minusSeconds(600)));
        }
    }

    @Test
    void aLaterRunSeesToItThatAllIsOnTheDiskAndThenTheMarkMoves() throws Exception {
        assertThat(begin("first", now)).as("a new folder").isNull();
        blob("content", now.plusSeconds(1));
        assertThat(begin("first", now.plusSeconds(30))).as("too soon").isNull();
        assertThat(mark()).isEqualTo("first " + now.toEpochMilli());

        Thread settling = begin("first", now.plusSeconds(90));

        assertThat(settling).isNotNull();
        assertThat(settling.join(Patience.LONG)).isTrue();
        assertThat(mark()).isEqualTo("first " + now.plusSeconds(90).toEpochMilli());
        assertThat(state.toFile().list()).noneMatch(name -> name.endsWith(".part"));
    }

    @Test
    void aRunThatIsOverMovesNoMark() throws Exception {
        begin("first", now);
        blob("content", now.plusSeconds(1));
        SettledState run = new SettledState(state, "first", Clock.fixed(now.plusSeconds(90), ZoneOffset.UTC));
        run.close();
        Thread settling = run.begin();
        assertThat(settling).isNotNull();
        settling.join();
        assertThat(mark()).isEqualTo("first " + now.toEpochMilli());
    }

    @Test
    void untilThenACheckAfterAStartIsDoneAgainAfterTheNext() throws IOException {
        begin("first", now);
        blob("content", now.plusSeconds(1));
        begin("second", now.plusSeconds(30));
        assertThat(mark()).isEqualTo("second " + now.toEpochMilli());
        Path later = blob("later", now.plusSeconds(31));
        damage(later);
        begin("third", now.plusSeconds(50));
        assertThat(later).doesNotExist();
    }

    /** A whole build that had everything damaged that it wrote, as the worst power loss would. */
    @Test
    void aBuildAfterAPowerLossGivesTheSameImageAndSaysNothingOfDamage() throws IOException {
        Workbench bench = new Workbench(folder);
        bench.reproducible = true;
        bench.sourceDate = 1_700_000_000L;
        bench.file("a/b", "text".repeat(1000));
        bench.file("Dockerfile", "FROM scratch AS one\nCOPY a /a\nFROM scratch\nCOPY --from=one /a /b\nCOPY a /c\n");
        bench.exports.add(new Plan.Export("oci", folder.resolve("image").toString()));
        String before = bench.digest();
        List<Path> written = new ArrayList<>();
        try (Stream<Path> all = Files.walk(bench.state())) {
            all.filter(Files::isRegularFile)
                    .filter(file -> !file.startsWith(bench.state().resolve("lock")))
                    .forEach(written::add);
        }
        assertThat(written).hasSizeGreaterThan(5);
        for (Path file : written) {
            damage(file);
        }
        Files.writeString(bench.state().resolve("settled"), "another-start " + now.toEpochMilli());

        assertThat(bench.digest()).isEqualTo(before);

        assertThat(bench.events(Event.Warning.class)).isEmpty();
        assertThat(bench.missed()).isNotEmpty();
        assertThat(bench.digest()).isEqualTo(before);
        assertThat(bench.missed()).as("mended").isEmpty();
    }
}
