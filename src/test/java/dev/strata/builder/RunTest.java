package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.image.Reference;
import dev.strata.layer.Compression;
import dev.strata.plan.Event;
import dev.strata.plan.Failure;
import dev.strata.plan.Outcome;
import dev.strata.plan.Plan;
import dev.strata.registry.Fault;
import dev.strata.registry.MemoryRegistry;
import dev.strata.sandbox.BusyboxRoot;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whole builds whose commands run. */
@Tag("root")
@Timeout(300)
final class RunTest {
    @TempDir
    Path folder;

    private Workbench bench;

    @BeforeEach
    void begin() throws IOException {
        bench = new Workbench(folder);
        bench.sandbox = true;
        BusyboxRoot.make(bench.context.resolve("rootfs"));
    }

    /** Builds a Dockerfile whose stages may begin with the stage {@code base}, which has busybox. */
    private RunTest dockerfile(String text) {
        bench.file("Dockerfile", "FROM scratch AS base\nCOPY rootfs /\n" + text);
        return this;
    }

    private List<String> output() {
        String digest = bench.digest();
        assertThat(digest).startsWith("sha256:");
        return said();
    }

    private List<String> said() {
        return bench.events(Event.StepOutput.class).stream()
                .map(Event.StepOutput::text)
                .toList();
    }

    @Test
    void whatACommandTookOfMemoryIsTold() {
        dockerfile("FROM base\nRUN dd if=/dev/zero of=/dev/null bs=100M count=1\n")
                .output();
        assertThat(bench.events(Event.StepMemory.class))
                .singleElement()
                .satisfies(told -> assertThat(told.peak()).isBetween(100L << 20, 140L << 20));
    }

    @Test
    void aFailureTellsItsMemoryToo() {
        Failure failure = dockerfile("FROM base\nRUN dd if=/dev/zero of=/dev/null bs=100M count=1 && exit 7\n")
                .bench
                .failure();
        assertThat(failure.what()).endsWith("exit code 7");
        assertThat(bench.events(Event.StepMemory.class)).hasSize(1);
    }

    @Test
    void cachesLiveOnBetweenBuildsAndEachIdHasItsOwn() {
        String script = "echo x >>/c/count; cat /c/count | wc -l";
        String mount = "--mount=type=cache,target=/c,id=";
        dockerfile("FROM base\nRUN " + mount + "one " + script + "\n").output();
        assertThat(said()).containsExactly("1");
        assertThat(dockerfile("FROM base\nRUN " + mount + "one true; " + script + "\n")
                        .output())
                .containsExactly("2");
        assertThat(dockerfile("FROM base\nRUN " + mount + "two " + script + "\n")
                        .output())
                .containsExactly("1");
        assertThat(dockerfile("FROM base\nRUN ls /c || echo gone\n").output())
                .last()
                .isEqualTo("gone");
    }

    /** A build in a pod of its own, so to say: nothing of the last one's folder is there. */
    private List<String> counted(String name, Plan.CacheMounts kept, @Nullable Reference repository) {
        bench.fresh();
        bench.cacheMounts = kept;
        bench.cache = repository == null ? Plan.Cache.NONE : Plan.Cache.in(repository);
        return dockerfile(
                        "FROM base\nRUN --mount=type=cache,target=/c,uid=7,mode=0750 true " + name
                                + "; echo x >>/c/count; ln -f /c/count /c/same; cat /c/count | wc -l; stat -c %u:%a:%h /c /c/count\n")
                .output();
    }

    @Test
    void cachesSurviveAPodInTheRepositoryOfTheCache() {
        try (MemoryRegistry registry = MemoryRegistry.start()) {
            Reference repository = Reference.parse(registry.host() + "/shop-cache");
            Plan.CacheMounts kept = new Plan.CacheMounts.Repository("team-a", 1 << 20);
            assertThat(counted("first", kept, repository)).startsWith("1");
            assertThat(counted("second", kept, repository)).containsExactly("2", "7:750:2", "0:644:2");
            assertThat(counted("third", new Plan.CacheMounts.Repository("team-b", 1 << 20), repository))
                    .as("another's trust is another cache")
                    .startsWith("1");
            assertThat(counted("fourth", kept, repository)).startsWith("3");
            registry.forget();
            bench.fresh();
            dockerfile("FROM base\nRUN --mount=type=cache,target=/c,uid=7,mode=0750 cat /c/count\n")
                    .output();
            assertThat(registry.blobBytes()).as("nothing has changed").isLessThan(4_000);
            assertThat(registry.count("PUT .*/manifests/mount-.*"))
                    .as("its last use is noted")
                    .isEqualTo(1);
        }
    }

    @Test
    void aCacheSurvivesABuildThatFails() {
        try (MemoryRegistry registry = MemoryRegistry.start()) {
            Reference repository = Reference.parse(registry.host() + "/shop-cache");
            bench.cacheMounts = new Plan.CacheMounts.Repository("team-a", 1 << 20);
            bench.cache = Plan.Cache.in(repository);
            String mount = "FROM base\nRUN --mount=type=cache,target=/c ";
            dockerfile(mount + "echo made >/c/file; exit 1\n").bench.failure();
            bench.fresh();
            assertThat(dockerfile(mount + "cat /c/file\n").output()).containsExactly("made");
        }
    }

    @Test
    void aCacheThatIsTooLargeOrOutOfReachIsAWarningAndNoFailure() {
        try (MemoryRegistry registry = MemoryRegistry.start()) {
            Reference repository = Reference.parse(registry.host() + "/shop-cache");
            bench.cacheMounts = new Plan.CacheMounts.Repository("team-a", 1 << 20);
            bench.cache = Plan.Cache.in(repository);
            dockerfile("FROM base\nRUN --mount=type=cache,id=big,target=/c dd if=/dev/zero of=/c/x bs=1M count=2\n")
                    .output();
            assertThat(bench.events(Event.Warning.class))
                    .extracting(Event.Warning::message)
                    .singleElement()
                    .asString()
                    .contains("the cache mount \"big\" is not kept")
                    .contains("allows 1048576");
            registry.failAlways("[A-Z]+ /v2/shop-cache/manifests/mount-.*", Fault.error(403, "DENIED", "not you"));
            assertThat(counted("again", Objects.requireNonNull(bench.cacheMounts), repository))
                    .startsWith("1");
            assertThat(bench.events(Event.Warning.class))
                    .extracting(Event.Warning::message)
                    .anyMatch(message -> message.contains("begins empty") && message.contains("not you"))
                    .anyMatch(message -> message.contains("cannot be kept"));
        }
    }

    @Test
    void aCacheThatUnpacksToMoreThanIsAllowedBeginsEmpty() {
        try (MemoryRegistry registry = MemoryRegistry.start()) {
            Reference repository = Reference.parse(registry.host() + "/shop-cache");
            String mount = "FROM base\nRUN --mount=type=cache,target=/c ";
            bench.cache = Plan.Cache.in(repository);
            bench.cacheMounts = new Plan.CacheMounts.Repository("team-a", 64 << 20);
            dockerfile(mount + "dd if=/dev/zero of=/c/bomb bs=1M count=16\n").output();
            bench.fresh();
            bench.cacheMounts = new Plan.CacheMounts.Repository("team-a", 8 << 20);
            assertThat(dockerfile(mount + "ls /c; echo empty\n").output()).containsExactly("empty");
            assertThat(bench.events(Event.Warning.class))
                    .extracting(Event.Warning::message)
                    .anyMatch(message -> message.contains("larger than the build class allows"));
        }
    }

    @Test
    void cachesSurviveAPodInAVolume() throws IOException {
        Plan.CacheMounts kept = new Plan.CacheMounts.Volume(
                Files.createDirectories(folder.resolve("volume")).toString());
        assertThat(counted("first", kept, null)).startsWith("1");
        assertThat(counted("second", kept, null)).startsWith("2");
    }

    @Test
    void aLockedCacheIsForOneCommandAtATime() {
        StringBuilder stages = new StringBuilder();
        StringBuilder copies = new StringBuilder("FROM scratch\n");
        for (String stage : List.of("a", "b", "c")) {
            stages.append("FROM base AS ")
                    .append(stage)
                    .append(
                            "\nRUN --mount=type=cache,target=/c,sharing=locked mkdir /c/here && sleep 0.3 && rm -r /c/here"
                                    + " && touch /done-")
                    .append(stage)
                    .append('\n');
            copies.append("COPY --from=")
                    .append(stage)
                    .append(" /done-")
                    .append(stage)
                    .append(" /\n");
        }
        dockerfile(stages.toString() + copies).output();
    }

    @Test
    void aNewCacheBeginsAsItsSourceHasItAndBelongsToWhomItIsFor() {
        assertThat(dockerfile("""
                                FROM base AS seed
                                RUN mkdir /seed && echo sown >/seed/file
                                FROM base
                                RUN --mount=type=cache,target=/c,from=seed,source=/seed,uid=7,gid=8,mode=0711 \
                                    cat /c/file; stat -c %u:%g:%a /c
                                """).output()).containsExactly("sown", "7:8:711");
    }

    @Test
    void mountsOfOtherStagesAndOfTheContextShowTheirFilesAndKeepNothing() {
        bench.file("dir/file", "of the context\n");
        assertThat(dockerfile("""
                                FROM base AS other
                                RUN echo of the stage >/file
                                FROM base
                                RUN --mount=type=bind,source=dir,target=/context \
                                    --mount=type=bind,from=other,source=/file,target=/stage \
                                    --mount=type=tmpfs,target=/fast,size=1m \
                                    cat /context/file /stage; touch /context/x || echo refused; echo x >/fast/x
                                RUN --mount=type=bind,source=dir,target=/context,rw \
                                    rm /context/file && touch /context/x && ls /context
                                RUN ls / | tr '\\n' ' '
                                """).output())
                .containsSubsequence("of the context", "of the stage", "refused", "x")
                .last()
                .asString()
                .doesNotContain("context", "stage", "fast");
        assertThat(bench.context.resolve("dir/file")).exists();
        assertThat(bench.context.resolve("dir/x")).doesNotExist();
    }

    @Test
    void aForkBombEndsAtTheLimitThatTheClassSets() {
        bench.processes = 256L;
        Failure failure = dockerfile("""
                        FROM base
                        USER 4321
                        RUN i=0; while [ $i -lt 400 ]; do sleep 600 & i=$((i+1)); done
                        """).bench.failure();
        assertThat(failure.detail()).contains("fork");
    }

    @Test
    void withoutNetworkThereIsNoWayOutAndLoopbackWorks() {
        assertThat(dockerfile("FROM base\nRUN --network=none ip -o addr | grep -v ' lo ' || echo alone\n"
                                + "RUN --network=none ip -o addr show lo | grep -o 127.0.0.1/8\n")
                        .output())
                .containsExactly("alone", "127.0.0.1/8");
    }

    /** As docker's: root in a container may not make an interface, in its own network neither. */
    @Test
    void aNetworkOfItsOwnGivesRunNoRightOverIt() {
        assertThat(dockerfile("FROM base\nRUN --network=none ip link add more type dummy 2>&1 || echo refused\n"
                                + "RUN --network=none ip link set lo down 2>&1 || echo refused\n")
                        .output())
                .filteredOn("refused"::equals)
                .hasSize(2);
    }

    @Test
    void everyRightIsGivenOnlyWhereItIsAllowed() {
        dockerfile("FROM base\nRUN --security=insecure mount -t tmpfs none /bin/../mnt || mkdir /mnt\n");
        assertThat(bench.failure().what()).contains("security.insecure is not allowed here");
        bench.insecure = true;
        String bounding = dockerfile("FROM base\nRUN --security=insecure grep CapBnd /proc/self/status\n")
                .output()
                .getFirst();
        long systemAdministrator = 1L << 21;
        assertThat(Long.parseLong(bounding.substring(bounding.indexOf('\t') + 1), 16) & systemAdministrator)
                .isNotZero();
    }

    @Test
    void aSecretIsNeitherInALayerNorInAnyFileThatStays() throws IOException {
        String secret = "hush-5f0c1b7e-do-not-tell";
        Path file = Files.writeString(folder.resolve("secret"), secret);
        bench.secrets.put("key", new Plan.SecretAt(file.toString(), null));
        List<String> said = dockerfile("""
                        FROM base
                        RUN --mount=type=secret,id=key,uid=7,mode=0440 --mount=type=secret,id=key,env=KEY \
                            --mount=type=secret,id=other,env=NOT_THERE \
                            wc -c </run/secrets/key && echo ${#KEY} && stat -c %u:%a /run/secrets/key \
                            && grep -c /run/secrets/key /proc/mounts && ln -s /run/secrets/key /leak && touch /ran
                        RUN ls /run/secrets || cat /leak || env | grep KEY || echo gone
                        """).output();
        assertThat(said).containsSubsequence("25", "25", "7:440", "1").last().isEqualTo("gone");
        assertThat(bench.events.toString()).doesNotContain(secret);
        Files.delete(file);
        assertThat(filesWith(secret)).isEmpty();
        Files.writeString(bench.state().resolve("known"), secret);
        assertThat(filesWith(secret)).as("the search finds what is there").hasSize(1);
    }

    /** Files below the test's folder with these bytes, plain or compressed. */
    private List<Path> filesWith(String text) throws IOException {
        byte[] wanted = text.getBytes(StandardCharsets.UTF_8);
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(path -> Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS))
                    .filter(path -> contains(path, wanted))
                    .toList();
        }
    }

    private static boolean contains(Path file, byte[] wanted) {
        try (InputStream in = Compression.decompress(Files.newInputStream(file))) {
            String content = new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
            return content.contains(new String(wanted, StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aCommandForAnotherMachineIsRefusedWithItsLineUnlessItIsEmulated() {
        bench.platform = "linux/s390x";
        Failure failure = dockerfile("FROM base\nRUN echo never\n").bench.failure();
        assertThat(failure.what())
                .contains("RUN echo never")
                .contains("linux/s390x")
                .contains("this machine is");
        assertThat(failure.where()).isEqualTo("Dockerfile:4");
        assertThat(failure.mend()).contains("node of that platform").contains("binfmt_misc");
        assertThat(said()).isEmpty();
    }

    @Test
    void aMountOnTheSharedMemoryTakesItsPlace() {
        List<String> said = dockerfile(
                        "FROM base\nRUN --mount=type=tmpfs,target=/dev/shm,size=2m grep ' /dev/shm ' /proc/mounts\n")
                .output();
        assertThat(said)
                .filteredOn(line -> line.contains(" /dev/shm "))
                .singleElement()
                .asString()
                .contains("size=2048k");
    }

    @Test
    void theFilesByWhichNamesAreFoundAreThereForTheRunAndInNoLayer() throws IOException {
        List<String> said = dockerfile("""
                        FROM base
                        RUN cat /etc/hosts /etc/resolv.conf && echo 10.0.0.1 mine >>/etc/hosts && hostname && [ ! -e /etc/hostname ]
                        RUN cat /etc/hosts
                        """).output();
        assertThat(said)
                .containsSubsequence(
                        "127.0.0.1\tlocalhost buildkitsandbox", "::1\tlocalhost ip6-localhost ip6-loopback")
                .containsSubsequence(Files.readAllLines(Path.of("/etc/resolv.conf")))
                .doesNotContain("10.0.0.1 mine");
        bench.exports.add(new Plan.Export("local", bench.path("files").toString()));
        output();
        assertThat(bench.path("files/bin/busybox")).exists();
        assertThat(bench.path("files/etc")).doesNotExist();
    }

    @Test
    void theKindOfSnapshotsIsSaidOnce() {
        dockerfile("FROM base\nRUN true\nRUN echo\n").output();
        assertThat(bench.events(Event.Note.class))
                .extracting(Event.Note::message)
                .filteredOn(message -> message.startsWith("snapshots: "))
                .singleElement()
                .asString()
                .matches("snapshots: (overlay|btrfs|copy) \\(.+\\)");
    }

    @Test
    void aSecretThatIsRequiredAndNotThereIsTheUsersToGive() {
        Failure failure = dockerfile("FROM base\nRUN --mount=type=secret,id=key,required cat /run/secrets/key\n")
                .bench
                .failure();
        assertThat(failure.what()).isEqualTo("secret key: not found");
        assertThat(failure.mend()).contains("--secret id=key");
    }

    /** What a stage has left running cannot change its files any more when another copies from it. */
    @Test
    void linksThatAStageSwapsDoNotLeadACopyOut() throws IOException {
        Path outside = Files.createDirectories(folder.resolve("outside"));
        Files.writeString(outside.resolve("file"), "of the builder");
        String up = "../../../../../../../../../../..";
        dockerfile("""
                FROM base AS swaps
                RUN mkdir /dir /real && echo mine >/real/file && ln -s %1$s /dir/absolute && ln -s %2$s%1$s /dir/up \
                    && ln -s /proc/self/root%1$s /dir/proc \
                    && (setsid sh -c 'while true; do ln -sfn %1$s /swap; ln -sfn /real /swap; done' &) ; sleep 0.3; [ -L /swap ]
                FROM scratch AS result
                COPY --from=swaps /dir /dir
                COPY --from=swaps /swa[p]/fil[e] /globbed/
                """.formatted(outside, up));
        for (int i = 0; i < 3; i++) {
            bench.noCache = true;
            bench.exports.clear();
            bench.exports.add(new Plan.Export("local", bench.path("result-" + i).toString()));
            switch (bench.build()) {
                case Outcome.Built built -> {}
                case Outcome.Failed(Failure failure) ->
                    assertThat(failure.cause()).isEqualTo(Failure.Cause.USER);
            }
            assertThat(filesWith("of the builder")).containsExactly(outside.resolve("file"));
        }
        for (String link : List.of("absolute", "up", "proc")) {
            dockerfile(
                    "FROM base AS swaps\nRUN mkdir /dir && ln -s %s /dir/up && ln -s %s /dir/absolute && ln -s /proc/self/root%s /dir/proc\nFROM scratch\nCOPY --from=swaps /dir/%s/file /\n"
                            .formatted(up + outside, outside, outside, link));
            assertThat(bench.failure().what()).contains("file");
        }
    }

    @Test
    void anAgentsKeysCanBeUsedAndNotTaken() throws Exception {
        for (String program : List.of("ssh-agent", "ssh-add", "ssh-keygen")) {
            assumeTrue(Files.isExecutable(Path.of("/usr/bin", program)), program + ": apt-get install openssh-client");
        }
        copyWithLibraries(Path.of("/usr/bin/ssh-add"));
        Path key = folder.resolve("key");
        Path socket = folder.resolve("agent");
        done("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "of-the-test", "-f", key.toString());
        Process agent = new ProcessBuilder("ssh-agent", "-D", "-a", socket.toString())
                .redirectErrorStream(true)
                .start();
        try {
            org.awaitility.Awaitility.await().until(() -> Files.exists(socket));
            done("env", "SSH_AUTH_SOCK=" + socket, "ssh-add", "-q", key.toString());
            bench.ssh.put("default", socket.toString());
            List<String> said = dockerfile("""
                            FROM base
                            RUN --mount=type=ssh ssh-add -l && stat -c %u:%a $SSH_AUTH_SOCK
                            USER 7
                            RUN --mount=type=ssh,uid=7,mode=0600 ssh-add -l
                            RUN ssh-add -l 2>&1 || echo none
                            """).output();
            assertThat(said)
                    .filteredOn(line -> line.contains("of-the-test (ED25519)"))
                    .hasSize(2);
            assertThat(said).contains("0:600").last().isEqualTo("none");
            assertThat(agent.isAlive()).isTrue();
            bench.ssh.put("default", key.toString());
            assertThat(dockerfile("FROM base\nRUN --mount=type=ssh ssh-add -l && ls -a /run/buildkit\n")
                            .output())
                    .as("a key in a file gets an agent of its own")
                    .anyMatch(line -> line.contains("of-the-test (ED25519)"))
                    .noneMatch(line -> line.contains("PRIVATE"));
            Files.writeString(key, "no key");
            bench.noCache = true;
            assertThat(bench.failure().what()).startsWith("the key of the ssh agent \"default\" cannot be used");
            bench.ssh.clear();
            assertThat(dockerfile("FROM base\nRUN --mount=type=ssh,required ssh-add -l\n")
                            .bench
                            .failure()
                            .what())
                    .isEqualTo("ssh agent \"default\": not found");
        } finally {
            agent.destroyForcibly().waitFor();
        }
    }

    private static void done(String... words) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(String.join(" ", words) + ": " + said).isZero();
    }

    private void copyWithLibraries(Path program) throws IOException {
        Process ldd = new ProcessBuilder("ldd", program.toString()).start();
        String said = new String(ldd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        List<Path> files = Stream.concat(
                        Stream.of(program),
                        Arrays.stream(said.split("\\s+"))
                                .filter(word -> word.startsWith("/"))
                                .map(Path::of))
                .toList();
        for (Path file : files) {
            Path to = bench.context.resolve("rootfs").resolve(Path.of("/").relativize(file));
            Files.createDirectories(Objects.requireNonNull(to.getParent()));
            Files.copy(file.toRealPath(), to);
        }
    }

    @Test
    void theFirstFailureStopsTheOtherStagesAndIsTheLastWord() {
        Failure failure = dockerfile("""
                        FROM base AS long
                        RUN echo waiting; sleep 600
                        FROM base AS short
                        RUN sleep 0.5; echo broken >&2; exit 3
                        FROM scratch
                        COPY --from=long /x /
                        COPY --from=short /x /
                        """).bench.failure();
        assertThat(failure.what()).contains("sleep 0.5").endsWith("exit code 3");
        assertThat(failure.detail()).isEqualTo("broken");
        assertThat(failure.where()).isEqualTo("Dockerfile:6");
        assertThat(bench.events.getLast()).isEqualTo(new Event.Ended(new Outcome.Failed(failure)));
        assertThat(bench.events(Event.StepFailed.class)).hasSize(1);
        assertThat(bench.events(Event.StepCanceled.class)).isNotEmpty();
    }

    @Test
    void linesOfStagesThatRunAtOnceStayWholeAndTellWhoseTheyAre() {
        String line = "FROM base AS %1$s\nRUN for i in $(seq 1 300); do echo %1$s $i; done; touch /%1$s\n";
        dockerfile(line.formatted("red") + line.formatted("blue")
                        + "FROM scratch\nCOPY --from=red /red /\nCOPY --from=blue /blue /\n")
                .output();
        for (String stage : List.of("red", "blue")) {
            List<Event.StepOutput> lines = bench.events(Event.StepOutput.class).stream()
                    .filter(event -> event.text().startsWith(stage))
                    .toList();
            assertThat(lines).hasSize(300);
            assertThat(lines)
                    .extracting(Event.StepOutput::step)
                    .containsOnly(lines.getFirst().step());
            assertThat(lines.getLast().text()).isEqualTo(String.format(Locale.ROOT, "%s 300", stage));
        }
    }
}
