package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.image.Digest;
import dev.strata.image.Json;
import dev.strata.image.MediaTypes;
import dev.strata.image.Reference;
import dev.strata.plan.Event;
import dev.strata.plan.Plan;
import dev.strata.registry.Fault;
import dev.strata.registry.MemoryRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Builds on machines that have nothing in common but a repository of a registry. */
class CacheRepositoryTest {
    @TempDir
    Path folder;

    private final MemoryRegistry registry = MemoryRegistry.start();
    private Workbench bench;
    private String name;
    private Plan.Cache cache;

    @BeforeEach
    void begin() {
        bench = new Workbench(folder);
        name = registry.host() + "/shop:1";
        cache = Plan.Cache.in(Reference.parse(registry.host() + "/shop-cache"));
        bench.cache = cache;
    }

    @AfterEach
    void end() {
        registry.close();
    }

    /** A Dockerfile with so many steps, each of which copies a file of its own. */
    private void steps(int count) {
        StringBuilder text = new StringBuilder("FROM scratch\n");
        for (int i = 1; i <= count; i++) {
            text.append("COPY f").append(i).append(" /\n");
            bench.file("f" + i, "content " + i);
        }
        bench.file("Dockerfile", text.toString());
    }

    private long cached() {
        return bench.events(Event.StepCached.class).size();
    }

    private List<String> warnings() {
        return bench.events(Event.Warning.class).stream()
                .map(Event.Warning::message)
                .toList();
    }

    private Digest layer(int step) {
        return bench.events(Event.StepLayer.class).stream()
                .filter(event -> event.step() == step)
                .findFirst()
                .orElseThrow()
                .layer()
                .blob()
                .digest();
    }

    private int roundTripsOfACachedBuild(int count) {
        steps(count);
        String first = bench.fresh().digest(name);
        registry.forget();
        assertThat(bench.fresh().digest(name)).isEqualTo(first);
        assertThat(cached()).isEqualTo(count);
        assertThat(registry.blobBytes()).isZero();
        assertThat(registry.count("GET .*/blobs/.*")).as("pulled blobs").isZero();
        return registry.requests().size();
    }

    @Test
    void aCachedBuildOnAColdMachineTakesAHandfulOfRoundTripsHoweverManyStepsItHas() {
        int few = roundTripsOfACachedBuild(3);
        int many = roundTripsOfACachedBuild(60);
        assertThat(many).as("requests of 60 cached steps").isEqualTo(few).isLessThanOrEqualTo(5);
    }

    /**
     * One after the other the base's manifest and its configuration must come, an upload of the new configuration begin and
     * end, and the manifest go: five round trips. Two more, the questions, save sending what is there.
     */
    @Test
    void aBuildOfMetadataAsksNoMoreThanTwoRoundTripsBeyondWhatItMust() {
        steps(1);
        bench.digest(registry.host() + "/base:1");
        bench.fresh().file("Dockerfile", "FROM " + registry.host() + "/base:1\nENV NAME=value\n");
        bench.cache = Plan.Cache.NONE;
        registry.forget();
        bench.digest(name);
        assertThat(registry.requests())
                .extracting(request -> request.toString().replaceAll("(sha256:|uploads/).*", "$1"))
                .containsExactlyInAnyOrder(
                        "GET /v2/base/manifests/1",
                        "GET /v2/base/blobs/sha256:",
                        "HEAD /v2/shop/manifests/sha256:",
                        "HEAD /v2/shop/blobs/sha256:", // the configuration and, at once, the layer
                        "HEAD /v2/shop/blobs/sha256:",
                        "POST /v2/shop/blobs/uploads/", // the configuration's upload and, at once, the layer's mount
                        "POST /v2/shop/blobs/uploads/",
                        "PUT /v2/shop/blobs/uploads/",
                        "PUT /v2/shop/manifests/1");
    }

    @Test
    void whatChangedIsLookedForByItselfAndAllAtOnce() {
        steps(20);
        bench.digest(name);
        bench.fresh().file("f11", "changed");
        registry.forget();
        registry.answerTogether("GET .*/manifests/step-.*", 2);
        bench.digest(name);
        assertThat(cached()).isEqualTo(10);
        assertThat(bench.missed()).startsWith("f11 changed").hasSize(10);
        assertThat(registry.count("GET .*/manifests/step-.*"))
                .as("only the steps that are not known from the last build")
                .isEqualTo(10);
        assertThat(registry.mostInFlight()).isGreaterThan(1);
    }

    @Test
    void aStepIsThereForOtherBuildsBeforeTheBuildHasEnded() {
        steps(3);
        registry.failAlways("PUT /v2/shop/manifests/.*", Fault.error(403, "DENIED", "not yet"));
        bench.failure(name);
        registry.heal();
        bench.fresh().digest(name);
        assertThat(cached()).isEqualTo(3);
    }

    @Test
    void aLayerThatTheRegistryHasLostIsMadeAnewAndTold() {
        steps(3);
        String first = bench.digest(name);
        Digest lost = layer(2);
        registry.removeBlob("shop-cache", lost);
        registry.removeBlob("shop", lost);
        assertThat(bench.fresh().digest(registry.host() + "/other:1")).isEqualTo(first);
        assertThat(warnings())
                .singleElement()
                .asString()
                .contains("the cache does not work")
                .contains(lost.toString())
                .contains("done again");
        registry.forget();
        assertThat(bench.fresh().digest(registry.host() + "/third:1")).isEqualTo(first);
        assertThat(warnings()).as("it was put back").isEmpty();
    }

    @Test
    void somebodysImageUnderTheNameOfARecordIsNoRecord() {
        steps(1);
        String first = bench.digest(name);
        for (String tag : registry.tags("shop-cache")) {
            byte[] manifest = registry.manifest("shop", "1").orElseThrow();
            registry.addManifest("shop-cache", tag, MediaTypes.MANIFEST, manifest);
        }
        assertThat(bench.fresh().digest(name)).isEqualTo(first);
        assertThat(cached()).isZero();
        assertThat(warnings()).isEmpty();
    }

    @Test
    void aRecordUnderTheTagOfAnotherKeyIsNoRecord() {
        steps(2);
        bench.digest(name);
        List<String> tags = registry.tags("shop-cache").stream()
                .filter(tag -> tag.startsWith("step-"))
                .toList();
        byte[] one = registry.manifest("shop-cache", tags.getFirst()).orElseThrow();
        byte[] other = registry.manifest("shop-cache", tags.getLast()).orElseThrow();
        registry.addManifest("shop-cache", tags.getFirst(), MediaTypes.MANIFEST, other);
        registry.addManifest("shop-cache", tags.getLast(), MediaTypes.MANIFEST, one);
        registry.tags("shop-cache").stream()
                .filter(tag -> tag.startsWith("build-"))
                .forEach(tag -> registry.addManifest(
                        "shop-cache", tag, MediaTypes.MANIFEST, "{}".getBytes(StandardCharsets.UTF_8)));
        bench.fresh().digest(name);
        assertThat(cached()).isZero();
    }

    @Test
    void aRegistryThatIsInTroubleIsNotAskedForEveryStep() {
        steps(30);
        registry.failAlways("[A-Z]+ /v2/shop-cache/.*", Fault.status(500));
        bench.digest(name);
        assertThat(warnings()).hasSize(1);
        assertThat(registry.count("[A-Z]+ /v2/shop-cache/.*"))
                .as("the look-ups that began at once, with their repetitions, and none for what came later")
                .isLessThan(31 * 6);
        registry.forget();
        bench.fresh().digest(name);
        assertThat(registry.count("P[A-Z]+ /v2/shop-cache/.*"))
                .as("nothing is sent")
                .isZero();
    }

    /** Each look at it finds it a minute later. */
    private static final class Hasty extends Clock {
        private final AtomicLong looks = new AtomicLong();

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return Instant.EPOCH.plus(Duration.ofMinutes(looks.incrementAndGet()));
        }
    }

    @Test
    void aStepThatTheRegistryWasNotReadyForIsPushedWhenItIs() {
        steps(3);
        bench.clock = new Hasty();
        registry.failNext("PUT /v2/shop-cache/manifests/step-.*", Fault.error(403, "DENIED", "not now"));
        String first = bench.digest(name);
        assertThat(warnings()).hasSize(1);
        assertThat(registry.tags("shop-cache"))
                .filteredOn(tag -> tag.startsWith("step-"))
                .hasSize(3);
        bench.clock = Clock.systemUTC();
        assertThat(bench.fresh().digest(name)).isEqualTo(first);
        assertThat(cached()).isEqualTo(3);
    }

    @Test
    void aStepIsToldAsDoneWhenAnotherMachineFindsIt() {
        steps(3);
        List<Event> told = bench.events;
        bench.watch = event -> {
            if (event instanceof Event.StepDone done && done.step() > 1) {
                long kept = registry.tags("shop-cache").stream()
                        .filter(tag -> tag.startsWith("step-"))
                        .count();
                long finished =
                        told.stream().filter(Event.StepLayer.class::isInstance).count() + 1;
                assertThat(kept).isGreaterThanOrEqualTo(finished);
            }
        };
        bench.digest(name);
        assertThat(bench.events(Event.StepLayer.class)).hasSize(3);
    }

    @Test
    void recordsThatAreTooOldAreNotTaken() {
        steps(2);
        bench.clock = at("2026-01-01T00:00:00Z");
        String first = bench.digest(name);
        bench.cache =
                new Plan.Cache(cache.repository(), null, Duration.ofDays(7).toSeconds(), null);
        bench.clock = at("2026-01-07T23:00:00Z");
        assertThat(bench.fresh().digest(name)).isEqualTo(first);
        assertThat(cached()).isEqualTo(2);
        bench.clock = at("2026-01-08T00:00:01Z");
        assertThat(bench.fresh().digest(name)).isEqualTo(first);
        assertThat(bench.missed()).hasSize(2).containsOnly("the record is older than 168h");
        bench.clock = at("2026-01-08T00:00:02Z");
        bench.digest(name);
        assertThat(cached()).as("they are young again").isEqualTo(2);
    }

    private static Clock at(String time) {
        return Clock.fixed(Instant.parse(time), ZoneOffset.UTC);
    }

    private Plan.Cache untrusted() {
        return new Plan.Cache(
                Reference.parse(registry.host() + "/shop-cache-untrusted"), cache.repository(), null, null);
    }

    @Test
    void anUntrustedBuildReadsWhatATrustedOneWroteAndNeverWritesThere() {
        steps(3);
        bench.digest(name);
        byte[] before = Json.bytes(registry.tags("shop-cache"));
        bench.fresh().file("f3", "changed by a stranger");
        bench.cache = untrusted();
        registry.forget();
        bench.digest(registry.host() + "/fork:1");
        assertThat(cached()).isEqualTo(2);
        assertThat(bench.missed()).containsExactly("f3 changed");
        assertThat(registry.count("(PUT|POST|PATCH|DELETE) /v2/shop-cache/.*")).isZero();
        assertThat(Json.bytes(registry.tags("shop-cache"))).isEqualTo(before);

        bench.fresh();
        bench.digest(registry.host() + "/fork:1");
        assertThat(cached()).as("it finds its own").isEqualTo(3);

        bench.fresh();
        bench.cache = cache;
        bench.digest(name);
        assertThat(bench.missed()).as("a trusted build does not").containsExactly("f3 changed");
    }

    @Test
    void platformsAndFilesThatShareARepositoryAreNotComparedWithEachOther() {
        steps(1);
        bench.digest(name);
        bench.fresh().platform = "linux/arm64";
        bench.digest(name);
        assertThat(bench.missed()).isSubsetOf("nothing like it was built before");
        bench.fresh().platform = "linux/amd64";
        bench.file("f1", "changed");
        bench.digest(name);
        assertThat(bench.missed()).containsExactly("f1 changed");
    }
}
