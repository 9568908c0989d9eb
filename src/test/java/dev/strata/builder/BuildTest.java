package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.ImageConfig;
import dev.strata.image.Index;
import dev.strata.image.Json;
import dev.strata.image.Manifest;
import dev.strata.image.MediaTypes;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.layer.Compression;
import dev.strata.layer.Content;
import dev.strata.layer.DiskTree;
import dev.strata.layer.LayerWriter;
import dev.strata.plan.Event;
import dev.strata.plan.Failure;
import dev.strata.plan.Outcome;
import dev.strata.plan.Plan;
import dev.strata.registry.Fault;
import dev.strata.registry.MemoryRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole builds without commands: folders here, a registry in memory there. */
class BuildTest {
    @TempDir
    Path folder;

    private final MemoryRegistry registry = MemoryRegistry.start();
    private Workbench bench;
    private String name;

    @BeforeEach
    void begin() {
        bench = new Workbench(folder);
        name = registry.host() + "/shop:1";
    }

    @AfterEach
    void end() {
        registry.close();
    }

    /** An image with a user database and a folder behind a link, in the registry as {@code bases/small:1}. */
    private String base() {
        Workbench own = new Workbench(folder.resolve("base"));
        own.file("Dockerfile", """
                        FROM scratch
                        COPY passwd /etc/passwd
                        COPY group /etc/group
                        COPY big /usr/lib/big
                        ENV LANG=C
                        """)
                .file("passwd", "root:x:0:0::/:/bin/sh\napp:x:7:8::/:/bin/sh\n")
                .file("group", "root:x:0:\nstaff:x:50:\n")
                .file("big", "0123456789".repeat(10_000));
        String base = registry.host() + "/bases/small:1";
        own.digest(base);
        return base;
    }

    private void shop(String base) {
        bench.file("Dockerfile", "FROM " + base + "\nWORKDIR /app\nCOPY package.json ./\nCOPY --chown=app src src\n")
                .file("package.json", "{}")
                .file("src/main.js", "main")
                .file("src/deep/other.js", "other");
    }

    private ImageConfig config() throws IOException {
        return dev.strata.image.Json.read(
                blob(Workbench.manifest(registry, "shop", "1").config()), ImageConfig.class);
    }

    private byte[] blob(Descriptor descriptor) throws IOException {
        return Files.readAllBytes(bench.state()
                .resolve("store/blobs/sha256")
                .resolve(descriptor.digest().hex()));
    }

    @Test
    void theSameContextGivesTheSameDigest() {
        shop(base());
        String first = bench.digest(name);
        assertThat(bench.fresh().digest(name)).isEqualTo(first);
        bench.noCache = true;
        assertThat(bench.digest(name)).isEqualTo(first);
    }

    @Test
    void aSecondBuildIsAllCachedAndSendsNoBlob() {
        shop(base());
        String first = bench.digest(name);
        assertThat(bench.missed()).hasSize(3).containsOnly("nothing like it was built before");
        registry.forget();
        assertThat(bench.digest(name)).isEqualTo(first);
        assertThat(bench.missed()).isEmpty();
        assertThat(bench.events(Event.StepCached.class)).hasSize(3);
        assertThat(registry.blobBytes()).isZero();
        assertThat(registry.count("POST .*|PATCH .*")).isZero();
    }

    @Test
    void whatChangedIsBuiltAnewAndSaid() {
        shop(base());
        bench.digest(name);
        bench.file("src/main.js", "changed");
        bench.digest(name);
        assertThat(bench.missed()).containsExactly("src/main.js changed");
        bench.file("package.json", "{1}");
        bench.digest(name);
        assertThat(bench.missed()).containsExactly("package.json changed", "a step before it changed");
        assertThat(bench.events(Event.StepCached.class)).hasSize(1);
    }

    @Test
    void aOneFileChangeSendsThatLayerAndTheConfigurationOnly() {
        shop(base());
        bench.digest(name);
        registry.forget();
        bench.file("src/main.js", "changed");
        bench.digest(name);
        assertThat(registry.count("PUT .*/blobs/uploads/.*")).isEqualTo(2);
        assertThat(registry.blobBytes()).isLessThan(4_000);
    }

    @Test
    void aSecondTagSendsAManifestOnly() {
        shop(base());
        bench.digest(name);
        registry.forget();
        bench.digest(registry.host() + "/shop:2");
        assertThat(registry.count("PUT .*/blobs/uploads/.*")).isZero();
        assertThat(registry.count("PUT .*/manifests/.*")).isEqualTo(1);
    }

    @Test
    void theLayersOfABaseInTheSameRegistryAreMounted() {
        String base = base();
        shop(base);
        registry.forget();
        bench.digest(name);
        assertThat(registry.mounts()).isEqualTo(3);
        assertThat(registry.blobBytes()).isLessThan(6_000);
        Workbench.manifest(registry, "shop", "1")
                .layers()
                .forEach(layer ->
                        assertThat(registry.hasBlob("shop", layer.digest())).isTrue());
    }

    /** The base as docker's own tools push it: schema 2, in a list of manifests. */
    private String asDockerPushesIt(String base) {
        Manifest oci = Workbench.manifest(registry, "bases/small", "1");
        Manifest docker = new Manifest(
                2,
                MediaTypes.DOCKER_MANIFEST,
                null,
                typed(MediaTypes.DOCKER_CONFIG, oci.config()),
                oci.layers().stream()
                        .map(layer -> typed(MediaTypes.DOCKER_LAYER_GZIP, layer))
                        .toList(),
                null,
                Collections.emptySortedMap());
        byte[] image = Json.bytes(docker);
        Digest digest = registry.addManifest("bases/small", null, MediaTypes.DOCKER_MANIFEST, image);
        Index list = new Index(
                2,
                MediaTypes.DOCKER_INDEX,
                null,
                List.of(new Descriptor(MediaTypes.DOCKER_MANIFEST, digest, image.length)
                        .withPlatform(Platform.parse("linux/amd64"))),
                null,
                Collections.emptySortedMap());
        registry.addManifest("bases/small", "1", MediaTypes.DOCKER_INDEX, Json.bytes(list));
        return base;
    }

    private static Descriptor typed(String mediaType, Descriptor blob) {
        return new Descriptor(mediaType, blob.digest(), blob.size());
    }

    @Test
    void aBaseOfDockersSchema2IsBuiltOnAndTheImageIsOci() {
        shop(asDockerPushesIt(base()));
        registry.forget();
        bench.digest(name);
        Manifest made = Workbench.manifest(registry, "shop", "1");
        assertThat(made.mediaType()).isEqualTo(MediaTypes.MANIFEST);
        assertThat(made.config().mediaType()).isEqualTo(MediaTypes.CONFIG);
        assertThat(made.layers())
                .hasSize(6)
                .allSatisfy(layer -> assertThat(layer.mediaType()).isEqualTo(MediaTypes.LAYER_GZIP));
        assertThat(registry.mounts()).as("the bytes are the same").isEqualTo(3);
    }

    @Test
    void whereNothingCanBeMountedABaseIsSentOnce() {
        shop(base());
        registry.withoutMounts();
        registry.forget();
        bench.digest(name);
        assertThat(registry.count("PUT .*/blobs/uploads/.*"))
                .as("three layers of the base, three of its own, the configuration")
                .isEqualTo(7);
        registry.forget();
        bench.file("src/main.js", "changed");
        bench.digest(name);
        assertThat(registry.count("PUT .*/blobs/uploads/.*")).isEqualTo(2);
    }

    @Test
    void aBaseInAnotherRegistryIsCopiedOver() {
        shop(base());
        try (MemoryRegistry other = MemoryRegistry.start()) {
            bench.digest(other.host() + "/shop:1");
            assertThat(other.count("PUT .*/blobs/uploads/.*")).isEqualTo(7);
            other.forget();
            bench.fresh().digest(other.host() + "/shop:1");
            assertThat(other.blobBytes()).isZero();
        }
    }

    @Test
    void anotherMachineTakesFinishedStepsFromTheRegistryWithoutPullingALayer() {
        shop(base());
        bench.cache = Plan.Cache.in(Reference.parse(registry.host() + "/shop-cache"));
        String first = bench.digest(name);
        registry.forget();
        bench.fresh();
        assertThat(bench.digest(name)).isEqualTo(first);
        assertThat(bench.missed()).isEmpty();
        assertThat(registry.blobBytes()).isZero();
        Workbench.manifest(registry, "shop", "1")
                .layers()
                .forEach(layer -> assertThat(registry.count("GET .*" + layer.digest()))
                        .as("layer %s", layer)
                        .isZero());
    }

    @Test
    void anotherMachineGoesOnWhereFilesChanged() {
        shop(base());
        bench.cache = Plan.Cache.in(Reference.parse(registry.host() + "/shop-cache"));
        bench.digest(name);
        bench.fresh().file("src/main.js", "changed");
        bench.digest(name);
        assertThat(bench.missed()).containsExactly("src/main.js changed");
        assertThat(bench.events(Event.StepCached.class)).hasSize(2);
    }

    @Test
    void aStageIsNotBuiltForACopyThatIsCached() {
        bench.file("Dockerfile", """
                        FROM scratch AS build
                        COPY in /out
                        FROM scratch
                        COPY --from=build /out /app
                        COPY other /
                        """).file("in", "in").file("other", "1");
        bench.cache = Plan.Cache.in(Reference.parse(registry.host() + "/shop-cache"));
        bench.digest(name);
        int build = bench.events(Event.StepKnown.class).stream()
                .filter(step -> step.stage().equals("build"))
                .findFirst()
                .orElseThrow()
                .step();
        String early = bench.events(Event.StepLayer.class).stream()
                .filter(layer -> layer.step() == build)
                .map(layer -> layer.layer().blob().digest().toString())
                .findFirst()
                .orElseThrow();
        bench.fresh().file("other", "2");
        registry.forget();
        bench.digest(name);
        assertThat(bench.missed()).containsExactly("other changed");
        assertThat(registry.count("GET .*" + early)).isZero();
    }

    @Test
    void troubleWithTheCacheIsAWarningAndNoFailure() {
        shop(base());
        String without = bench.digest(name);
        for (Fault fault : List.of(
                Fault.error(401, "UNAUTHORIZED", "who are you"),
                Fault.error(403, "DENIED", "not you"),
                Fault.busy(503, "0"),
                new Fault.Damage())) {
            bench.fresh();
            bench.cache = Plan.Cache.in(Reference.parse(registry.host() + "/broken"));
            registry.failAlways("[A-Z]+ /v2/broken/.*", fault);
            assertThat(bench.digest(name)).as(fault.toString()).isEqualTo(without);
            registry.heal();
            if (!(fault instanceof Fault.Damage)) {
                assertThat(bench.events(Event.Warning.class))
                        .as(fault.toString())
                        .anySatisfy(warning -> assertThat(warning.message())
                                .contains("the cache does not work")
                                .contains("the build goes on without it"));
            }
        }
    }

    @Test
    void aLayerThatComesDamagedIsFetchedOnceMoreThoughItIsReadAsItComes() {
        shop(base());
        String expected = bench.digest(name);
        bench.fresh();
        for (Descriptor layer : Workbench.manifest(registry, "bases/small", "1").layers()) {
            registry.failNext("GET .*/blobs/" + layer.digest(), new Fault.Damage());
        }
        registry.forget();
        assertThat(bench.digest(name)).isEqualTo(expected);
        assertThat(registry.count("GET .*/blobs/.*"))
                .as("a configuration, and three layers twice")
                .isEqualTo(7);
    }

    @Test
    void aRecordWhoseLayerIsGoneIsNoRecord() throws IOException {
        shop(base());
        String first = bench.digest();
        try (var blobs = Files.list(bench.state().resolve("store/blobs/sha256"))) {
            for (Path blob : blobs.toList()) {
                Files.delete(blob);
            }
        }
        assertThat(bench.digest()).isEqualTo(first);
        assertThat(bench.missed()).hasSize(3).allMatch(reason -> reason.contains("gone from the cache"));
    }

    @Test
    void aDamagedRecordIsNoRecord() throws IOException {
        shop(base());
        String first = bench.digest();
        try (var records = Files.list(bench.state().resolve("records"))) {
            for (Path record : records.toList()) {
                Files.writeString(record, "{\"key\":");
            }
        }
        assertThat(bench.digest()).isEqualTo(first);
        assertThat(bench.events(Event.Warning.class)).hasSize(1);
    }

    @Test
    void contentCountsByModeKindNameAndLinkTarget() throws IOException {
        bench.file("Dockerfile", "FROM scratch\nCOPY dir /dir\n")
                .file("dir/a", "a")
                .file(".dockerignore", "");
        Path dir = bench.context.resolve("dir");
        Files.createSymbolicLink(dir.resolve("link"), Path.of("a"));
        bench.digest();
        List<Change> changes = List.of(
                () -> Files.setPosixFilePermissions(dir.resolve("a"), PosixFilePermissions.fromString("rwxr-xr-x")),
                () -> Files.move(dir.resolve("a"), dir.resolve("b")),
                () -> {
                    Files.delete(dir.resolve("link"));
                    Files.createSymbolicLink(dir.resolve("link"), Path.of("b"));
                },
                () -> Files.createDirectory(dir.resolve("empty")),
                () -> Files.setPosixFilePermissions(dir.resolve("empty"), PosixFilePermissions.fromString("rwx------")),
                () -> Files.move(dir.resolve("empty"), dir.resolve("void")),
                () -> {
                    Files.delete(dir.resolve("b"));
                    Files.createDirectory(dir.resolve("b"));
                    Files.writeString(dir.resolve("b/b"), "a");
                },
                () -> Files.writeString(bench.context.resolve(".dockerignore"), "dir/void"));
        for (int i = 0; i < changes.size(); i++) {
            changes.get(i).make();
            bench.digest();
            assertThat(bench.missed()).as("change " + i).hasSize(1);
            bench.digest();
            assertThat(bench.missed()).as("nothing changed after " + i).isEmpty();
        }
        Files.setLastModifiedTime(dir.resolve("b/b"), FileTime.from(Instant.EPOCH));
        bench.file("beside", "nobody reads this").file(".dockerignore", "dir/void\n# a comment\nbeside");
        bench.digest();
        assertThat(bench.missed()).isEmpty();
    }

    private interface Change {
        void make() throws IOException;
    }

    @Test
    void theImageTellsWhoMadeItAndHow() throws IOException {
        shop(base());
        bench.digest(name);
        ImageConfig config = config();
        assertThat(config.config().workingDir()).isEqualTo("/app");
        assertThat(config.config().env()).contains("LANG=C");
        assertThat(config.history().stream().map(ImageConfig.History::createdBy))
                .containsSequence("WORKDIR /app", "COPY package.json ./ # buildkit");
        assertThat(config.rootfs().diffIds()).hasSize(6);
        assertThat(bench.events(Event.StackLayer.class)).hasSize(6);
        assertThat(bench.events(Event.StackLayer.class).stream().filter(Event.StackLayer::base))
                .hasSize(3);
    }

    @Test
    void eventsComeInAnOrderThatAReaderCanFollow() {
        shop(base());
        Outcome outcome = bench.build(name);
        List<String> order = bench.events.stream()
                .map(event -> event.getClass().getSimpleName())
                .distinct()
                .toList();
        assertThat(order)
                .containsSubsequence(
                        "SourceReady", "BaseResolved", "Planned", "StepKnown", "StepStarted", "StackLayer", "Ended");
        assertThat(bench.events.getLast()).isEqualTo(new Event.Ended(outcome));
        assertThat(bench.events(Event.StepKnown.class).stream().map(Event.StepKnown::step))
                .containsExactly(1, 2, 3, 4);
        for (int step = 1; step <= 4; step++) {
            int wanted = step;
            List<String> own = bench.events.stream()
                    .filter(event -> switch (event) {
                        case Event.StepKnown e -> e.step() == wanted;
                        case Event.StepStarted e -> e.step() == wanted;
                        case Event.StepMissed e -> e.step() == wanted;
                        case Event.StepDone e -> e.step() == wanted;
                        case Event.StepLayer e -> e.step() == wanted;
                        default -> false;
                    })
                    .map(event -> event.getClass().getSimpleName())
                    .toList();
            assertThat(own)
                    .isEqualTo(
                            step == 1
                                    ? List.of("StepKnown", "StepStarted", "StepDone")
                                    : List.of("StepKnown", "StepStarted", "StepMissed", "StepDone", "StepLayer"));
        }
    }

    @Test
    void aBaseThatIsNotThereIsTheUsersToMend() {
        bench.file("Dockerfile", "# first\nFROM " + registry.host() + "/nothing:1\n");
        Failure failure = bench.failure();
        assertThat(failure.cause()).isEqualTo(Failure.Cause.USER);
        assertThat(failure.sentence()).contains("nothing").startsWith("Dockerfile:2: ");
        assertThat(failure.detail()).contains("> 2 | FROM ").contains("/v2/nothing/manifests/1");
        assertThat(failure.mend()).isNotBlank();
    }

    @Test
    void aRegistryThatDoesNotAnswerIsTheOutsides() {
        String address = registry.host();
        registry.close();
        bench.file("Dockerfile", "FROM " + address + "/x:1\n");
        assertThat(bench.failure().cause()).isEqualTo(Failure.Cause.OUTSIDE);
    }

    @Test
    void aSyntaxErrorIsShownWithItsLine() {
        bench.file("Dockerfile", "FROM scratch\nCOPPY a b\nRUN\n");
        Failure failure = bench.failure();
        assertThat(failure.cause()).isEqualTo(Failure.Cause.USER);
        assertThat(failure.where()).isEqualTo("Dockerfile:2");
        assertThat(failure.what() + failure.mend()).contains("COPPY").contains("COPY");
        assertThat(failure.detail()).contains("COPPY a b");
    }

    @Test
    void aSourceThatIsNotThereIsShownWithWhatWasMeant() {
        bench.file("Dockerfile", "FROM scratch\nCOPY pakage.json /\n").file("package.json", "{}");
        Failure failure = bench.failure();
        assertThat(failure.cause()).isEqualTo(Failure.Cause.USER);
        assertThat(failure.where()).isEqualTo("Dockerfile:2");
        assertThat(failure.what()).contains("pakage.json");
        assertThat(failure.mend()).contains("package.json");
        assertThat(failure.detail()).contains("COPY pakage.json /");
        assertThat(bench.events(Event.StepFailed.class)).hasSize(1);
    }

    @Test
    void aSourceThatIsLeftOutSaysByWhatRule() {
        bench.file("Dockerfile", "FROM scratch\nCOPY secret.txt /\n")
                .file("secret.txt", "x")
                .file(".dockerignore", "# keep out\n*.txt\n");
        Failure failure = bench.failure();
        assertThat(failure.cause()).isEqualTo(Failure.Cause.USER);
        assertThat(failure.mend()).contains("ignore file").contains("*.txt");
    }

    @Test
    void aStageThatIsNotThereNamesThoseThatAre() {
        bench.file("Dockerfile", "FROM scratch AS build\nCOPY a /\n").file("a", "a");
        bench.target = "bulid";
        Failure failure = bench.failure();
        assertThat(failure.cause()).isEqualTo(Failure.Cause.USER);
        assertThat(failure.what()).endsWith("expected one of build (did you mean build?)");
    }

    @Test
    void aBuildArgumentThatNoArgDeclaresIsWarnedOf() {
        bench.file("Dockerfile", "FROM scratch\nARG VERSION\nCOPY a /\n").file("a", "a");
        bench.args.put("VERSON", "1");
        bench.digest();
        assertThat(bench.events(Event.Warning.class))
                .singleElement()
                .satisfies(warning ->
                        assertThat(warning.message()).contains("VERSON").endsWith("(did you mean VERSION?)"));
    }

    @Test
    void aCommandWithoutASandboxIsRefusedWithItsLine() {
        bench.file("Dockerfile", "FROM scratch\n\nRUN make\n");
        Failure failure = bench.failure();
        assertThat(failure.cause()).isEqualTo(Failure.Cause.USER);
        assertThat(failure.where()).isEqualTo("Dockerfile:3");
    }

    @Test
    void filesOfAnOwnerWhomTheImageDoesNotKnowAreRootsAndThatIsAWarning() {
        shop(base());
        bench.file("Dockerfile", "FROM " + registry.host() + "/bases/small:1\nCOPY --chown=nobody package.json /\n");
        bench.digest(name);
        assertThat(bench.events(Event.Warning.class)).singleElement().satisfies(warning -> {
            assertThat(warning.where()).isEqualTo("Dockerfile:2");
            assertThat(warning.message()).contains("unable to find user nobody").contains("root is taken");
        });
    }

    @Test
    void aGroupThatTheImageDoesNotKnowIsTheUsersOwn() {
        bench.file("Dockerfile", "FROM scratch\nCOPY a /\nCOPY --chown=7:nobody a /b\n")
                .file("a", "a");
        bench.digest();
        assertThat(bench.events(Event.Warning.class))
                .singleElement()
                .satisfies(warning -> assertThat(warning.message())
                        .contains("unable to find group nobody")
                        .contains("the user's own is taken"));
    }

    @Test
    void onNothingAnOwnerIsANumber() {
        bench.file("Dockerfile", "FROM scratch\nCOPY --chown=nobody a /\n").file("a", "a");
        Failure failure = bench.failure();
        assertThat(failure.where()).isEqualTo("Dockerfile:2");
        assertThat(failure.what()).contains("COPY --chown=nobody").contains("/etc/passwd");
        bench.file("Dockerfile", "FROM scratch\nCOPY --chown=root:7 a /\n");
        bench.digest();
    }

    @Test
    void anOwnerBeyondAllNumbersIsTheUsersToMend() {
        shop(base());
        bench.file("Dockerfile", "FROM scratch\nCOPY --chown=4294967295 package.json /\n");
        Failure failure = bench.failure();
        assertThat(failure.cause()).isEqualTo(Failure.Cause.USER);
        assertThat(failure.where()).isEqualTo("Dockerfile:2");
        assertThat(failure.what()).contains("4294967294");
    }

    @Test
    void aLinkedCopyKnowsNoNames() {
        shop(base());
        bench.file(
                "Dockerfile", "FROM " + registry.host() + "/bases/small:1\nCOPY --link --chown=app package.json /\n");
        Failure failure = bench.failure();
        assertThat(failure.where()).isEqualTo("Dockerfile:2");
        assertThat(failure.sentence()).contains("--link").contains("give numbers");
    }

    private Path gzippedZeros(String name, int mebibytes) throws IOException {
        Path file = bench.context.resolve(name);
        Files.createDirectories(bench.context);
        Path zeros = Files.createDirectories(folder.resolve("zeros"));
        try (var out = new java.io.RandomAccessFile(zeros.resolve("zeros").toFile(), "rw")) {
            out.setLength((long) mebibytes << 20);
        }
        try (var out = Compression.GZIP.compress(Files.newOutputStream(file), 9)) {
            DiskTree tree = new DiskTree(zeros);
            LayerWriter.writeTar(TreeFiles.all(tree), Content.of(tree), out);
        }
        return file;
    }

    @Test
    void anArchiveThatUnpacksToMoreThanIsAllowedIsTheUsersToMendAtItsLine() throws IOException {
        Path bomb = gzippedZeros("bomb.tar.gz", 50);
        assertThat(Files.size(bomb)).isLessThan(100_000);
        bench.file("Dockerfile", "FROM scratch\nADD bomb.tar.gz /\n");
        bench.limits = new Plan.Limits(10 << 20, 1000);
        Failure failure = bench.failure();
        assertThat(failure.cause()).isEqualTo(Failure.Cause.USER);
        assertThat(failure.where()).isEqualTo("Dockerfile:2");
        assertThat(failure.what()).contains("bomb.tar.gz").contains("more than 10485760 bytes");
        assertThat(failure.mend()).contains("maximum.unpackedSize");
        bench.limits = null;
        bench.digest();
    }

    @Test
    void aBaseWhoseLayerUnpacksToMoreThanIsAllowedIsTheUsersToMend() throws IOException {
        Workbench own = new Workbench(folder.resolve("base"));
        own.file("Dockerfile", "FROM scratch\nCOPY big /\n").file("big", "0123456789".repeat(1000));
        own.digest(registry.host() + "/bases/big:1");
        bench.file("Dockerfile", "FROM " + registry.host() + "/bases/big:1\nWORKDIR /x\n");
        bench.limits = new Plan.Limits(1000, 1000);
        Failure failure = bench.failure();
        assertThat(failure.cause()).isEqualTo(Failure.Cause.USER);
        assertThat(failure.what()).contains("a layer is not taken: it holds more than 1000 bytes");
        assertThat(failure.mend()).contains("maximum.unpackedSize");
    }

    @Test
    void aFileThatNoLayerCanHoldIsTheUsersToMend() {
        bench.file("Dockerfile", "FROM scratch\nCOPY . /\n").file(".wh.gone", "");
        Failure failure = bench.failure();
        assertThat(failure.cause()).isEqualTo(Failure.Cause.USER);
        assertThat(failure.sentence()).contains(".wh.gone").contains("Rename the file");
    }

    @Test
    void aRegistryThatRefusesToSayWhatItHasIsPushedTo() {
        shop(base());
        registry.failAlways("HEAD /v2/shop/manifests/.*", Fault.error(401, "UNAUTHORIZED", "no such repository"));
        bench.digest(name);
        assertThat(registry.manifest("shop", "1")).isPresent();
    }

    @Test
    void aBuildThatFailsBeforeTheCacheHasAnsweredSaysNothingOfTheCache() throws IOException {
        bench.file("Dockerfile", "FROM scratch\nCOPY nothing /\n");
        try (java.net.ServerSocket silent =
                new java.net.ServerSocket(0, 50, java.net.InetAddress.getLoopbackAddress())) {
            bench.cache = Plan.Cache.in(Reference.parse("127.0.0.1:" + silent.getLocalPort() + "/cache"));
            assertThat(bench.failure().what()).contains("nothing");
            assertThat(bench.events(Event.Warning.class)).isEmpty();
            assertThat(bench.events.getLast()).isInstanceOf(Event.Ended.class);
        }
    }

    @Test
    void aLevelThatTheCompressionDoesNotHaveIsTheUsersToMend() {
        shop(base());
        bench.level = 22;
        Failure failure = bench.failure();
        assertThat(failure.cause()).isEqualTo(Failure.Cause.USER);
        assertThat(failure.what()).isEqualTo("compression level 22 is not one of gzip, which has 1 to 9");
        bench.compression = "zstd";
        bench.digest();
    }

    @Test
    void aPushThatIsRefusedIsTheUsers() {
        shop(base());
        registry.failAlways("(POST|PUT) /v2/shop/.*", Fault.error(403, "DENIED", "read only"));
        Failure failure = bench.failure(name);
        assertThat(failure.cause()).isEqualTo(Failure.Cause.USER);
        assertThat(failure.sentence()).contains("read only");
    }

    @Test
    void aDockerfileThatIsNotThereNamesThoseThatAre() {
        bench.file("web.Dockerfile", "FROM scratch\n");
        Failure failure = bench.failure();
        assertThat(failure.cause()).isEqualTo(Failure.Cause.USER);
        assertThat(failure.mend()).contains("web.Dockerfile");
    }

    @Test
    void aNameWithoutAContextOfAnImageIsKeptByItsOtherSpelling() {
        bench.file("Dockerfile", "FROM scratch\nCOPY --from=docker.io/library/assets:latest a /\n");
        bench.file("../assets/a", "from the folder");
        bench.contexts.put(
                "assets", new Plan.Source.Folder(folder.resolve("assets").toString(), false));
        assertThat(bench.build()).isInstanceOf(Outcome.Built.class);
    }
}
