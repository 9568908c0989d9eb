package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.image.Reference;
import dev.strata.plan.Event;
import dev.strata.plan.Plan;
import dev.strata.registry.Fault;
import dev.strata.registry.MemoryRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Builders that have a volume in common, nearer than the registry. */
class StepVolumeTest {
    private static final String CACHE = "[A-Z]+ /v2/shop-cache/.*";

    @TempDir
    Path folder;

    private final MemoryRegistry registry = MemoryRegistry.start();
    private Workbench bench;
    private String name;

    @BeforeEach
    void begin() {
        bench = new Workbench(folder.resolve("bench"));
        name = registry.host() + "/shop:1";
        keep(Long.MAX_VALUE);
        bench.file("Dockerfile", "FROM scratch\nCOPY a /\nCOPY b /\nCOPY c /\n")
                .file("a", "a".repeat(5_000))
                .file("b", "b".repeat(5_000))
                .file("c", "c".repeat(5_000));
    }

    @AfterEach
    void end() {
        registry.close();
    }

    private void keep(long bytes) {
        bench.cache = new Plan.Cache(
                Reference.parse(registry.host() + "/shop-cache"),
                null,
                null,
                null,
                new Plan.CacheVolume(volume().toString(), bytes));
    }

    private Path volume() {
        return folder.resolve("volume");
    }

    private List<Path> blobs() throws IOException {
        try (Stream<Path> all = Files.list(volume().resolve("store/blobs/sha256"))) {
            return all.toList();
        }
    }

    private long cached() {
        return bench.events(Event.StepCached.class).size();
    }

    private List<String> warnings() {
        return bench.events(Event.Warning.class).stream()
                .map(Event.Warning::message)
                .toList();
    }

    @Test
    void aBuilderThatKnowsNothingTakesStepsAndLayersFromTheVolumeWithoutTheRegistrysCache() {
        String first = bench.digest(name);
        registry.failAlways(CACHE, Fault.error(403, "DENIED", "cut off"));
        registry.forget();
        assertThat(bench.fresh().digest(registry.host() + "/other:1")).isEqualTo(first);
        assertThat(cached()).isEqualTo(3);
        assertThat(registry.count("GET .*/blobs/.*")).isZero();
    }

    @Test
    void layersOfABaseAreTakenFromItToo() {
        Workbench base = new Workbench(folder.resolve("base"));
        base.file("Dockerfile", "FROM scratch\nCOPY os /\n").file("os", "o".repeat(5_000));
        base.digest(registry.host() + "/os:1");
        bench.file("Dockerfile", "FROM " + registry.host() + "/os:1 AS os\nFROM scratch\nCOPY --from=os /os /os\n");
        bench.digest(name);
        registry.forget();
        bench.fresh()
                .file("Dockerfile", "FROM " + registry.host() + "/os:1 AS os\nFROM scratch\nCOPY --from=os /os /x\n");
        bench.noCache = true;
        bench.digest(name);
        assertThat(registry.requests())
                .filteredOn(seen -> seen.toString().contains("GET /v2/os/blobs/"))
                .as("the base's layer; its settings are read")
                .hasSizeLessThanOrEqualTo(1);
    }

    @Test
    void aLayerThatIsDamagedThereIsTakenFromTheRegistry() throws IOException {
        String first = bench.digest(name);
        for (Path blob : blobs()) {
            Files.writeString(blob, "damaged");
        }
        bench.fresh().exports.add(new Plan.Export("oci", folder.resolve("out").toString()));
        assertThat(bench.digest(name)).isEqualTo(first);
        assertThat(cached()).isEqualTo(3);
        assertThat(registry.count("GET /v2/shop-cache/blobs/.*")).isEqualTo(3);
        assertThat(warnings())
                .singleElement()
                .asString()
                .contains("the cache does not work")
                .contains("damaged");
        assertThat(bench.fresh().digest(name)).isEqualTo(first);
        assertThat(warnings()).as("it was put back").isEmpty();
    }

    @Test
    void aLayerThatIsNowhereAnyMoreIsMadeAnew() throws IOException {
        bench.cache = new Plan.Cache(null, null, null, null, new Plan.CacheVolume(volume().toString(), Long.MAX_VALUE));
        String first = bench.digest();
        for (Path blob : blobs()) {
            Files.writeString(blob, "damaged");
        }
        bench.fresh().exports.add(new Plan.Export("oci", folder.resolve("out").toString()));
        assertThat(bench.digest()).isEqualTo(first);
        assertThat(bench.events(Event.StepDone.class)).isNotEmpty();
    }

    @Test
    void whatTheRegistryGivesIsKeptOnTheVolume() throws IOException {
        bench.digest(name);
        Plan.Cache both = bench.cache;
        Files.move(volume(), folder.resolve("gone"));
        bench.fresh().exports.add(new Plan.Export("oci", folder.resolve("out").toString()));
        bench.digest(name);
        assertThat(cached()).isEqualTo(3);
        assertThat(blobs()).hasSize(3);
        bench.fresh().cache = both;
        registry.forget();
        bench.digest(name);
        assertThat(registry.count("GET /v2/shop-cache/manifests/step-.*")).isZero();
        assertThat(registry.count("GET .*/blobs/.*")).isZero();
    }

    @Test
    void theNewestStayUpToSoManyBytes() throws IOException {
        bench.clock = Clock.fixed(Instant.now().minus(Duration.ofDays(1)), java.time.ZoneOffset.UTC);
        bench.digest(name);
        try (Stream<Path> old = Files.walk(volume())) {
            for (Path file : old.filter(Files::isRegularFile).toList()) {
                Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofDays(1))));
            }
        }
        bench.clock = Clock.systemUTC();
        bench.file("c", "d".repeat(5_000));
        bench.digest(name);
        long three = Files.size(blobs().getFirst()) * 3 + 100;
        keep(three);
        assertThat(bench.cleanUp()).contains("removed from the cache's volume");
        assertThat(blobs()).hasSize(3);
        assertThat(bench.cleanUp()).isEmpty();
        registry.failAlways(CACHE, Fault.error(403, "DENIED", "cut off"));
        bench.fresh().digest(registry.host() + "/other:1");
        assertThat(cached()).as("the newer build's steps").isEqualTo(3);
    }

    @Test
    void aVolumeThatCannotBeUsedIsAWarning() throws IOException {
        Files.writeString(volume(), "no folder");
        bench.digest(name);
        assertThat(warnings()).singleElement().asString().contains("the cache does not work");
        assertThat(bench.cleanUp()).isEmpty();
    }

    @Test
    void manyBuildersAndTheirCleanUpsAtOnceGiveTheSameImages() throws Exception {
        String wanted = bench.digest(name);
        List<Callable<String>> builders = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            Workbench own = new Workbench(folder.resolve("builder-" + i));
            own.file("Dockerfile", "FROM scratch\nCOPY a /\nCOPY b /\nCOPY c /\n")
                    .file("a", "a".repeat(5_000))
                    .file("b", "b".repeat(5_000))
                    .file("c", "c".repeat(5_000));
            own.cache = new Plan.Cache(
                    Reference.parse(registry.host() + "/shop-cache"),
                    null,
                    null,
                    null,
                    new Plan.CacheVolume(volume().toString(), i % 2 == 0 ? 0 : Long.MAX_VALUE));
            String image = registry.host() + "/shop-" + i + ":1";
            builders.add(() -> {
                String last = "";
                for (int round = 0; round < 5; round++) {
                    last = own.fresh().digest(image);
                    own.cleanUp();
                }
                return last;
            });
        }
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<String> each : threads.invokeAll(builders)) {
                assertThat(each.get()).isEqualTo(wanted);
            }
        }
    }
}
