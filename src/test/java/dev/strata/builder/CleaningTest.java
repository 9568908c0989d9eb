package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.builder.Retention.Cleaning;
import dev.strata.builder.Retention.Item;
import dev.strata.image.Reference;
import dev.strata.plan.Event;
import dev.strata.plan.Plan;
import dev.strata.registry.Fault;
import dev.strata.registry.MemoryRegistry;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryOptions;
import dev.strata.registry.Waits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Caches that real builds filled are cleaned up, and builds go on with what is left. */
class CleaningTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    Path folder;

    private final MemoryRegistry registry = MemoryRegistry.start();
    private final Registry client = new Waits().client(RegistryOptions.DEFAULT);
    private Workbench bench;
    private String name;
    private Reference repository;

    @BeforeEach
    void begin() {
        bench = new Workbench(folder);
        name = registry.host() + "/shop:1";
        repository = Reference.parse(registry.host() + "/shop-cache");
        bench.cache = Plan.Cache.in(repository);
        bench.file("Dockerfile", """
                FROM scratch AS build
                COPY source /out/program
                FROM scratch
                COPY base /
                COPY --from=build /out /app
                COPY changing /
                """)
                .file("source", "source")
                .file("base", "base")
                .file("changing", "0");
    }

    @AfterEach
    void end() {
        client.close();
        registry.close();
    }

    private void day(int day) {
        bench.clock = Clock.fixed(START.plus(Duration.ofDays(day)), ZoneOffset.UTC);
    }

    private static Instant instant(int day) {
        return START.plus(Duration.ofDays(day));
    }

    private List<String> tags(String kind) {
        return registry.tags("shop-cache").stream()
                .filter(tag -> tag.startsWith(kind + "-"))
                .toList();
    }

    private Cleaning prune(Retention retention, int day) throws IOException {
        return new RegistryCacheCleaner(client, repository).prune(retention, instant(day));
    }

    @Test
    void oldRecordsGoAndThoseThatTheNewestBuildNeedsStay() throws IOException {
        for (int day = 0; day < 10; day++) {
            day(day);
            bench.fresh().file("changing", "day " + day).digest(name);
        }
        assertThat(tags("step")).as("three that never change, and one a day").hasSize(13);
        Cleaning cleaning = prune(new Retention(Duration.ofDays(2), null), 10);
        assertThat(cleaning.goes().stream().filter(item -> item.kind().equals("step")))
                .hasSize(8);
        assertThat(tags("step")).hasSize(5);
        day(10);
        bench.fresh().digest(name);
        assertThat(bench.missed())
                .as("the newest is whole, its source stage too")
                .isEmpty();
        bench.fresh().file("changing", "day 3").digest(name);
        assertThat(bench.missed()).as("an old one is not").containsExactly("changing changed");
    }

    @Test
    void whatIsUsedWithoutChangeDoesNotGrowOld() throws IOException {
        for (int day = 0; day < 20; day += 2) {
            day(day);
            bench.fresh().digest(name);
        }
        prune(new Retention(Duration.ofDays(5), null), 20);
        bench.fresh().digest(name);
        assertThat(bench.missed()).isEmpty();
        prune(new Retention(Duration.ofDays(5), null), 40);
        assertThat(tags("step")).isEmpty();
        assertThat(tags("build")).isEmpty();
        bench.fresh().digest(name);
        assertThat(bench.missed()).hasSize(4).containsOnly("nothing like it was built before");
    }

    @Test
    void aByteBudgetKeepsTheNewest() throws IOException {
        for (int day = 0; day < 6; day++) {
            day(day);
            bench.fresh().file("changing", "x".repeat(20_000 + day)).digest(name);
        }
        long all = new Cleaning(List.of(), plan().stays()).freed();
        prune(new Retention(null, all / 2), 6);
        assertThat(new Cleaning(List.of(), plan().stays()).freed()).isLessThanOrEqualTo(all / 2);
        bench.fresh().digest(name);
        assertThat(bench.missed()).isEmpty();
    }

    private Cleaning plan() throws IOException {
        return new RegistryCacheCleaner(client, repository).plan(Retention.ALL, instant(100));
    }

    @Test
    void whatStrataDidNotWriteIsNeitherSeenNorRemoved() throws IOException {
        bench.digest(name);
        byte[] image = registry.manifest("shop", "1").orElseThrow();
        for (String tag : List.of("1.0", "latest", "step-1", "build-" + "a".repeat(64))) {
            registry.addManifest("shop-cache", tag, dev.strata.image.MediaTypes.MANIFEST, image);
        }
        Cleaning cleaning = prune(new Retention(Duration.ofDays(1), null), 1000);
        assertThat(cleaning.stays()).isEmpty();
        assertThat(registry.tags("shop-cache")).containsExactly("1.0", "build-" + "a".repeat(64), "latest", "step-1");
    }

    @Test
    void whatABuildBringsWhileItIsDecidedIsDecidedOfAnew() throws IOException {
        day(0);
        bench.digest(name);
        day(1);
        AtomicBoolean built = new AtomicBoolean();
        RegistryCacheCleaner cleaner = new RegistryCacheCleaner(client, repository) {
            @Override
            public Cleaning plan(Retention retention, Instant now) throws IOException {
                Cleaning cleaning = super.plan(retention, now);
                if (built.compareAndSet(false, true)) {
                    bench.fresh().file("changing", "meanwhile").digest(name);
                }
                return cleaning;
            }
        };
        cleaner.prune(new Retention(Duration.ofHours(12), null), instant(1));
        bench.fresh().digest(name);
        assertThat(bench.missed())
                .as("what the newer build took from the older one is there")
                .isEmpty();
    }

    @Test
    void buildsGoOnWhileTheirCacheIsCleanedUpUnderThem() throws Exception {
        bench.reproducible = true;
        bench.sourceDate = 1_700_000_000L;
        String wanted = bench.digest(name);
        AtomicBoolean over = new AtomicBoolean();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Integer> cleaning = threads.submit(() -> {
                int removed = 0;
                do {
                    removed += new RegistryCacheCleaner(client, repository)
                            .prune(new Retention(null, 0L), Instant.now())
                            .goes()
                            .size();
                } while (!over.get());
                return removed;
            });
            try {
                for (int round = 0; round < 20; round++) {
                    bench.fresh().file("changing", "round " + round).digest(name);
                    assertThat(bench.fresh().file("changing", "0").digest(name)).isEqualTo(wanted);
                }
            } finally {
                over.set(true);
            }
            assertThat(cleaning.get()).isPositive();
        }
        bench.fresh().digest(name);
        bench.fresh().digest(name);
        assertThat(bench.missed()).as("it is whole again").isEmpty();
    }

    @Test
    void aCacheThatWasNeverWrittenIsEmpty() throws IOException {
        assertThat(plan().stays()).isEmpty();
    }

    @Test
    void aBuildCleansUpWhenItsClassSaysSoAndNotMoreOftenThanItSays() {
        bench.cache = new Plan.Cache(
                repository,
                null,
                null,
                new Plan.CleanUp(
                        Duration.ofDays(2).toSeconds(), null, Duration.ofDays(3).toSeconds()));
        day(0);
        bench.digest(name);
        assertThat(bench.cleanUp()).as("all is new").isEmpty();
        day(2);
        bench.fresh().file("changing", "1").digest(name);
        registry.forget();
        assertThat(bench.cleanUp()).as("not yet time").isEmpty();
        assertThat(registry.requests()).as("one look tells").hasSize(1);
        day(3);
        assertThat(bench.cleanUp()).contains("records were removed from " + repository);
        assertThat(tags("step")).hasSize(4);
        registry.failAlways("DELETE .*", Fault.status(405));
        day(90);
        assertThat(bench.cleanUp()).contains("could not be cleaned up").contains("was set up not to delete anything");
    }

    @Test
    void aBuildWhoseClassSaysNothingDoesNotEvenLook() {
        bench.digest(name);
        registry.forget();
        assertThat(bench.cleanUp()).isEmpty();
        assertThat(registry.requests()).isEmpty();
    }

    private long stored() throws IOException {
        try (Stream<Path> files = Files.walk(bench.state())) {
            return files.filter(Files::isRegularFile).count();
        }
    }

    private void age(Path place, Duration age) throws IOException {
        try (Stream<Path> files = Files.walk(place)) {
            for (Path file : files.toList()) {
                Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(age)));
            }
        }
    }

    @Test
    void aStateFolderIsCleanedUpByTheTimeOfLastUse() throws IOException {
        bench.cache = Plan.Cache.NONE;
        bench.digest();
        age(bench.state(), Duration.ofDays(30));
        bench.file("changing", "1");
        String second = bench.digest();
        assertThat(bench.events(Event.StepCached.class)).hasSize(3);
        Retention week = new Retention(Duration.ofDays(7), null);
        long before = stored();
        try (StateCleaner cleaner = new StateCleaner(bench.state())) {
            Cleaning cleaning = cleaner.plan(week, Instant.now());
            assertThat(stored()).as("to plan removes nothing").isEqualTo(before);
            assertThat(cleaning.goes()).extracting(Item::kind).contains("step", "index", "blob");
            cleaner.carryOut(cleaning);
            assertThat(cleaner.plan(week, Instant.now()).goes()).isEmpty();
        }
        assertThat(stored()).isLessThan(before);
        assertThat(bench.digest()).isEqualTo(second);
        assertThat(bench.missed()).isEmpty();
        bench.file("changing", "0");
        bench.digest();
        assertThat(bench.missed()).containsExactly("changing changed");
    }

    @Test
    void whatKilledBuildsLeftIsRemoved() throws IOException {
        bench.digest();
        Path incoming = Files.writeString(bench.state().resolve("store/incoming/blob1"), "half");
        Path temporary = Files.createDirectories(bench.state().resolve("build123/contexts"));
        try (StateCleaner cleaner = new StateCleaner(bench.state())) {
            cleaner.carryOut(cleaner.plan(Retention.ALL, Instant.now()));
        }
        assertThat(incoming).doesNotExist();
        assertThat(temporary).doesNotExist();
        bench.digest();
        assertThat(bench.missed()).isEmpty();
    }

    @Test
    void aStateFolderThatABuildUsesIsLeftAlone() throws IOException {
        bench.digest();
        try (StateLock _ = StateLock.shared(bench.state())) {
            assertThatThrownBy(() -> new StateCleaner(bench.state()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("a build uses the state folder");
        }
        new StateCleaner(bench.state()).close();
    }
}
