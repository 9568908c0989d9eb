package dev.strata.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.Patience;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every OCI runtime must do: real containers, in a root that holds busybox and nothing else. */
@Tag("root")
@Timeout(300)
abstract class OciRuntimeContract {
    /** The runtime's program, {@code crun}. */
    abstract String program();

    /** Whether what a command writes to its two outputs comes in the order in which it was written. */
    abstract boolean keepsOrder();

    @TempDir
    Path folder;

    private Path root;
    private OciRuntime runtime;
    private final List<String> lines = new ArrayList<>();

    @BeforeEach
    void prepare() throws IOException {
        Path found = Program.find(program());
        assumeTrue(found != null, "there is no " + program() + ": apt-get install " + program());
        root = BusyboxRoot.make(folder.resolve("root"));
        runtime = OciRuntime.of(Objects.requireNonNull(found), folder.resolve("runtime"));
    }

    /** A command with everything as simple as can be; the tests change what they are about. */
    private record Wanted(
            Path root,
            List<String> arguments,
            SequencedMap<String, String> environment,
            String workingDirectory,
            long uid,
            long gid,
            List<Long> groups,
            List<MountPoint> mounts,
            boolean networkNone,
            boolean insecure) {
        Wanted user(long uid, long gid, Long... groups) {
            return new Wanted(
                    root,
                    arguments,
                    environment,
                    workingDirectory,
                    uid,
                    gid,
                    List.of(groups),
                    mounts,
                    networkNone,
                    insecure);
        }

        Wanted in(String folder) {
            return new Wanted(root, arguments, environment, folder, uid, gid, groups, mounts, networkNone, insecure);
        }

        Wanted with(MountPoint... points) {
            return new Wanted(
                    root,
                    arguments,
                    environment,
                    workingDirectory,
                    uid,
                    gid,
                    groups,
                    List.of(points),
                    networkNone,
                    insecure);
        }

        Wanted withoutNetwork() {
            return new Wanted(root, arguments, environment, workingDirectory, uid, gid, groups, mounts, true, insecure);
        }

        Wanted withEveryRight() {
            return new Wanted(
                    root, arguments, environment, workingDirectory, uid, gid, groups, mounts, networkNone, true);
        }

        RunCommand command() {
            return new RunCommand(
                    root,
                    arguments,
                    environment,
                    workingDirectory,
                    uid,
                    gid,
                    groups,
                    mounts,
                    networkNone,
                    List.of("mirror:10.1.2.3"),
                    insecure);
        }
    }

    private Wanted program(String... arguments) {
        SequencedMap<String, String> environment = new LinkedHashMap<>(Map.of("PATH", "/bin"));
        return new Wanted(root, List.of(arguments), environment, "/", 0, 0, List.of(), List.of(), false, false);
    }

    private Wanted shell(String script) {
        return program("/bin/sh", "-c", script);
    }

    private Exit run(Wanted wanted) throws Exception {
        lines.clear();
        return runtime.run(wanted.command(), lines::add);
    }

    private List<String> output(Wanted wanted) throws Exception {
        Exit exit = run(wanted);
        assertThat(exit.code()).as(String.join("\n", lines)).isZero();
        return lines;
    }

    private static NotStarted notStarted(Exit exit) {
        return Objects.requireNonNull(exit.notStarted());
    }

    private List<String> everything() throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            List<String> found = new ArrayList<>();
            for (Path path : all.sorted().toList()) {
                FileTime time = Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS);
                found.add(root.relativize(path) + " " + time + " "
                        + Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS));
            }
            return found;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 126, 127, 255})
    void theExitCodeIsThatOfTheCommand(int code) throws Exception {
        Exit exit = run(shell("exit " + code));
        assertThat(exit.code()).isEqualTo(code);
        assertThat(exit.notStarted()).isNull();
        assertThat(exit.signal()).isNull();
    }

    @Test
    void aSignalIsNamed() throws Exception {
        Exit exit = run(shell("sh -c 'kill -TERM $$'; exit $?"));
        assertThat(exit.code()).isEqualTo(143);
        assertThat(exit.signal()).isEqualTo("TERM");
    }

    @Test
    void aProgramThatIsNotThereIsNamedWithThePath() throws Exception {
        Exit exit = run(program("nosuch", "--help"));
        assertThat(exit.code()).isEqualTo(127);
        assertThat(notStarted(exit).what()).contains("nosuch").contains("PATH is /bin");
        assertThat(notStarted(exit).mend()).contains("Install");
    }

    @Test
    void anEmptyRootHasNoShell() throws Exception {
        root = Files.createDirectories(folder.resolve("scratch"));
        List<String> before = everything();
        Exit exit = run(shell("true"));
        assertThat(exit.code()).isEqualTo(127);
        assertThat(notStarted(exit).what()).contains("/bin/sh").contains("no shell");
        assertThat(notStarted(exit).mend()).contains("scratch");
        assertThat(everything()).isEqualTo(before);
    }

    @ParameterizedTest
    @CsvSource({
        "'#!/no/such/interpreter', rwxr-xr-x, 127, 'its interpreter /no/such/interpreter'",
        "'no program', rwxr-xr-x, 126, 'not a program for this platform'",
        "'#!/bin/sh', rw-r--r--, 126, 'may not be executed'"
    })
    void whatCannotBeStartedSaysWhy(String text, String mode, int code, String why) throws Exception {
        Path file = Files.writeString(root.resolve("bin/thing"), text + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
        Exit exit = run(program("/bin/thing"));
        assertThat(exit.code()).isEqualTo(code);
        assertThat(notStarted(exit).what()).contains("/bin/thing").contains(why);
    }

    @Test
    void thePeakOfMemoryIsTheLargestProcesss() throws Exception {
        long small = Objects.requireNonNull(run(shell("true")).peakMemory());
        assertThat(small).isBetween(1L << 20, 64L << 20);
        String large = "dd if=/dev/zero of=/dev/null bs=200M count=1 2>/dev/null";
        assertThat(Objects.requireNonNull(run(shell(large + "; " + large)).peakMemory()))
                .isBetween(200L << 20, 240L << 20);
        Exit failed = run(shell(large + "; exit 3"));
        assertThat(failed.code()).isEqualTo(3);
        assertThat(failed.peakMemory()).isGreaterThan(200L << 20);
    }

    @Test
    void noMoreProcessesThanAllowedRunAtOnce() throws Exception {
        String bomb = "i=0; while [ $i -lt 300 ]; do sleep 600 & i=$((i+1)); done; echo all";
        assertThat(output(shell(bomb).user(4242, 4242))).containsExactly("all");
        lines.clear();
        Exit exit = runtime.limitedTo(200).run(shell(bomb).user(4242, 4242).command(), lines::add);
        assertThat(exit.code()).isNotZero();
        assertThat(lines).last().asString().contains("fork");
    }

    @Test
    void bothOutputsComeWhole() throws Exception {
        output(shell("for i in $(seq 1 50); do echo out $i; echo err $i >&2; done; echo end"));
        assertThat(lines).hasSize(101).contains("err 50", "end");
        if (keepsOrder()) {
            assertThat(lines).startsWith("out 1", "err 1", "out 2").endsWith("err 50", "end");
        }
    }

    @Test
    void linesComeWhileTheCommandRuns() throws Exception {
        CountDownLatch first = new CountDownLatch(1);
        Path pipe = root.resolve("go");
        Wanted wanted = shell("echo first; while [ ! -e /go ]; do sleep 0.02; done; echo second");
        Thread other = Thread.ofVirtual().start(() -> {
            try {
                assertThat(first.await(Patience.LONG.toSeconds(), TimeUnit.SECONDS))
                        .isTrue();
                Files.createFile(pipe);
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        Exit exit = runtime.run(wanted.command(), line -> first.countDown());
        other.join();
        assertThat(exit.code()).isZero();
    }

    @Test
    void aLineWithoutEndIsCutBetweenCharacters() throws Exception {
        output(shell("printf x; yes ä | head -n 70000 | tr -d '\\n'"));
        assertThat(lines).hasSize(3);
        assertThat(String.join("", lines)).hasSize(70001).doesNotContain("\uFFFD");
    }

    @Test
    void whatIsNotUtf8IsReplaced() throws Exception {
        assertThat(output(shell("printf 'a\\377b\\n'"))).containsExactly("a\uFFFDb");
    }

    @Test
    void muchOutputPassesThrough() throws Exception {
        AtomicLong length = new AtomicLong();
        Exit exit = runtime.run(
                shell("yes 0123456789012345678901234567890123456789 | head -c 104857600")
                        .command(),
                line -> length.addAndGet(line.length() + 1));
        assertThat(exit.code()).isZero();
        assertThat(length.get()).isBetween(104857600L, 104857601L);
        assertThat(exit.lastLines()).hasSize(20);
    }

    @Test
    void aListenerThatFailsEndsTheCommand() {
        assertThatThrownBy(() -> runtime.run(shell("echo x; sleep 600").command(), line -> {
                    throw new IllegalStateException("no more");
                }))
                .hasMessage("no more");
    }

    @Test
    void withoutNetworkThereIsOnlyLoopback() throws Exception {
        output(shell(
                        "ip -o link | grep -v -E 'lo|sit|tunl|gre|ip6|dummy|erspan|vti' | grep UP; ip -o addr show lo; cat /proc/net/dev")
                .withoutNetwork());
        assertThat(lines).anyMatch(line -> line.contains("127.0.0.1")).noneMatch(line -> line.contains("eth"));
    }

    @Test
    void userAndGroupsAreThoseAskedFor() throws Exception {
        assertThat(output(shell("id; grep CapEff /proc/self/status; touch /x 2>&1 || echo refused")
                        .user(1000, 1001, 7L, 9L)))
                .hasSize(4)
                .satisfies(all -> {
                    assertThat(all.getFirst())
                            .contains("uid=1000")
                            .contains("gid=1001")
                            .contains("7")
                            .contains("9");
                    assertThat(all.get(1)).endsWith("0000000000000000");
                    assertThat(all.getLast()).isEqualTo("refused");
                });
    }

    @Test
    void theEnvironmentIsExactlyTheOneGiven() throws Exception {
        Wanted wanted = program("/bin/env");
        wanted.environment().put("HOME", "/somewhere");
        wanted.environment().put("WORDS", "two words = ä");
        assertThat(output(wanted)).containsExactlyInAnyOrder("PATH=/bin", "HOME=/somewhere", "WORDS=two words = ä");
    }

    @Test
    void aWorkingDirectoryThatIsNotThereIsMadeForTheUser() throws Exception {
        output(shell("pwd; echo x >file; stat -c %u:%g:%a /new /new/one")
                .in("/new/one")
                .user(1000, 1001));
        assertThat(lines).containsExactly("/new/one", "1000:1001:755", "1000:1001:755");
        assertThat(root.resolve("new/one/file")).exists();
    }

    @Test
    void theMaskOfModesDoesNotDependOnTheBuilder() throws Exception {
        output(shell("echo x >/file; stat -c %a /file"));
        assertThat(lines).containsExactly("644");
    }

    @Test
    void namesAreFoundByFilesThatLeaveNoTrace() throws Exception {
        List<String> before = everything();
        output(shell("cat /etc/hosts; hostname; [ -e /etc/resolv.conf ] && echo resolver"));
        assertThat(lines).anyMatch(line -> line.startsWith("127.0.0.1")).contains("10.1.2.3\tmirror", "resolver");
        assertThat(everything()).isEqualTo(before);
        assertThat(folder.resolve("runtime")).isEmptyDirectory();
    }

    @Test
    void aResolverFileThatIsALinkIntoNowhereLeavesNoTrace() throws Exception {
        Files.createDirectories(root.resolve("etc"));
        Files.createSymbolicLink(root.resolve("etc/resolv.conf"), Path.of("../run/systemd/resolve/stub-resolv.conf"));
        List<String> before = everything();
        output(shell("cat /etc/resolv.conf"));
        assertThat(everything()).isEqualTo(before);
    }

    @Test
    void whatTheCommandChangesBesideMountPointsKeepsItsTime() throws Exception {
        output(shell("touch /etc/mine; touch -d '2001-02-03 04:05:06' /etc"));
        assertThat(Files.getLastModifiedTime(root.resolve("etc")).toInstant()).hasToString("2001-02-03T04:05:06Z");
        assertThat(root.resolve("etc/mine")).exists();
        assertThat(root.resolve("etc/hosts")).doesNotExist();
    }

    @Test
    void aProcessLeftInTheBackgroundNeitherHoldsNorSurvives() throws Exception {
        String mark = "86" + System.nanoTime() % 1_000_000;
        output(shell("setsid sleep " + mark + " & sleep " + mark + " & echo done")); // longer than the test may take
        assertThat(isRunning(mark)).isFalse();
    }

    @Test
    void orphansOfACommandBecomeNoZombiesOfTheBuilder() throws Exception {
        output(shell("for i in 1 2 3 4 5; do (setsid sleep 0.01 &) ; done; sleep 0.1"));
        await().until(() -> zombies() == 0); // whoever has just ended is reaped in a moment
    }

    private static long zombies() {
        return ProcessHandle.current()
                .children()
                .filter(child -> {
                    try {
                        return Files.readString(Path.of("/proc/" + child.pid() + "/stat"))
                                .contains(") Z ");
                    } catch (IOException e) {
                        return false; // It has just ended.
                    }
                })
                .count();
    }

    private static boolean isRunning(String mark) {
        return ProcessHandle.allProcesses().anyMatch(process -> {
            try {
                return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"), StandardCharsets.ISO_8859_1)
                        .startsWith("sleep\0" + mark);
            } catch (IOException e) {
                return false; // It has just ended.
            }
        });
    }

    @Test
    void anInterruptEndsEverythingAtOnce() throws Exception {
        String mark = "87" + System.nanoTime() % 1_000_000;
        CountDownLatch ready = new CountDownLatch(1);
        AtomicReference<Throwable> end = new AtomicReference<>();
        Thread thread = Thread.ofVirtual().start(() -> {
            try {
                runtime.run(
                        shell("sleep " + mark + " & echo ready; sleep " + mark).command(), line -> ready.countDown());
            } catch (IOException | InterruptedException e) {
                end.set(e);
            }
        });
        assertThat(ready.await(Patience.LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
        await().until(() -> isRunning(mark));
        thread.interrupt();
        thread.join(); // long before the commands would have ended
        await().until(() -> zombies() == 0);
        String mine = "run-" + ProcessHandle.current().pid() + "-";
        assertThat(Path.of("/sys/fs/cgroup").toFile().list()).noneMatch(name -> name.startsWith(mine));
        assertThat(end.get()).isInstanceOf(InterruptedException.class);
        assertThat(isRunning(mark)).isFalse();
        assertThat(folder.resolve("runtime")).isEmptyDirectory();
    }

    @Test
    void aFolderIsMountedToReadOrToWrite() throws Exception {
        Path source = Files.createDirectories(folder.resolve("source"));
        Files.writeString(source.resolve("file"), "content\n");
        List<String> before = everything();
        output(shell("cat /in/deep/file; touch /in/deep/x 2>&1 || echo refused")
                .with(new MountPoint.Bind(source, "/in/deep", true)));
        assertThat(lines).hasSize(3).startsWith("content").endsWith("refused");
        output(shell("echo more >/in/deep/x").with(new MountPoint.Bind(source, "/in/deep", false)));
        assertThat(source.resolve("x")).hasContent("more");
        assertThat(everything()).isEqualTo(before);
    }

    @Test
    void whatIsWrittenToADiscardedMountIsGone() throws Exception {
        Path source = Files.createDirectories(folder.resolve("source"));
        Files.writeString(source.resolve("file"), "content\n");
        Files.setPosixFilePermissions(source, PosixFilePermissions.fromString("rwxr-x---"));
        output(shell("rm /in/file; touch /in/x; ls /in; stat -c %a /in").with(new MountPoint.Discarded(source, "/in")));
        assertThat(lines).containsExactly("x", "750");
        assertThat(source.resolve("file")).hasContent("content");
        assertThat(source.resolve("x")).doesNotExist();
    }

    @Test
    void aFileCanBeMountedToo() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "content\n");
        List<String> before = everything();
        output(shell("cat /a/file /b/file; echo x >>/b/file; cat /b/file")
                .with(new MountPoint.Bind(file, "/a/file", true), new MountPoint.Discarded(file, "/b/file")));
        assertThat(lines).containsExactly("content", "content", "content", "x");
        assertThat(file).hasContent("content");
        assertThat(everything()).isEqualTo(before);
    }

    @Test
    void aSecretIsForItsOwnerAndNeverOnDisk() throws Exception {
        Path secret = Files.writeString(folder.resolve("secret"), "hush\n");
        List<String> before = everything();
        MountPoint mount = new MountPoint.SecretFile(secret, "/run/secrets/key", 0400, 1000, 1001);
        output(shell("cat /run/secrets/key; stat -c %u:%g:%a /run/secrets/key; grep secrets/key /proc/mounts")
                .with(mount)
                .user(1000, 1001));
        assertThat(lines).startsWith("hush", "1000:1001:400");
        assertThat(lines.getLast()).startsWith("tmpfs ").contains("ro,");
        assertThat(run(shell("cat /run/secrets/key").with(mount).user(1002, 1002))
                        .code())
                .isEqualTo(1);
        assertThat(everything()).isEqualTo(before);
        assertThat(folder.resolve("runtime")).isEmptyDirectory();
    }

    @Test
    void aSocketIsGivenToTheUser() throws Exception {
        Path socket = folder.resolve("agent");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket));
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
            Thread agent = Thread.ofVirtual().start(() -> {
                try (SocketChannel client = server.accept()) {
                    ByteBuffer question = ByteBuffer.allocate(100);
                    client.read(question);
                    client.write(ByteBuffer.wrap("answer to ".getBytes(StandardCharsets.UTF_8)));
                    client.write(question.flip());
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            Path relayed = folder.resolve("relayed");
            SocketRelay relay = SocketRelay.open(relayed, socket);
            try (relay;
                    SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(relayed))) {
                client.write(ByteBuffer.wrap("question".getBytes(StandardCharsets.UTF_8)));
                client.shutdownOutput();
                agent.join();
                assertThat(new String(Channels.newInputStream(client).readAllBytes(), StandardCharsets.UTF_8))
                        .isEqualTo("answer to question");
            }
            output(shell("[ -S /run/agent ] && stat -c %u:%a /run/agent")
                    .with(new MountPoint.Socket(socket, "/run/agent", 0600, 1000, 1000))
                    .user(1000, 1000));
        }
        assertThat(lines).containsExactly("1000:600");
    }

    @Test
    void memoryIsMountedWithItsSize() throws Exception {
        List<String> before = everything();
        output(shell("dd if=/dev/zero of=/fast/x bs=1024 count=2000 2>/dev/null || stat -c %s /fast/x")
                .with(new MountPoint.Tmpfs("/fast", 1048576L)));
        assertThat(lines).containsExactly("1048576");
        assertThat(everything()).isEqualTo(before);
    }

    @Test
    void aMountOnAFileOfTheRootIsRefusedIfItIsAFolder() throws Exception {
        Files.writeString(root.resolve("file"), "x");
        Wanted wanted = shell("true").with(new MountPoint.Tmpfs("/file/below", null));
        assertThatThrownBy(() -> run(wanted))
                .isInstanceOf(SandboxException.class)
                .hasMessageContaining("/file/below")
                .hasMessageContaining("/file is not a folder");
    }

    @Test
    void linksOfTheRootDoNotLeadMountsOutOfIt() throws Exception {
        Path outside = Files.createDirectories(folder.resolve("outside"));
        Files.createSymbolicLink(root.resolve("up"), Path.of("../outside"));
        Files.createSymbolicLink(root.resolve("absolute"), outside);
        output(shell("echo x >/up/a/x; echo x >/absolute/b/x; [ -d /outside/a ] && echo inside")
                .with(new MountPoint.Tmpfs("/up/a", null), new MountPoint.Tmpfs("/absolute/b", null)));
        assertThat(lines).containsExactly("inside");
        assertThat(outside).isEmptyDirectory();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "unshare -m true",
                "unshare -U true",
                "mount -t tmpfs none /bin",
                "umount /proc",
                "echo b >/proc/sysrq-trigger",
                "head -c 1 /proc/kcore | grep .",
                "ls /sys/firmware | grep .",
                "echo 1 >/proc/sys/kernel/panic",
                "mkdir /sys/x",
                "echo x >/sys/kernel/mm/transparent_hugepage/enabled",
                "hostname other",
                "ip link add dummy9 type dummy",
                "mknod /disk b 8 0; mknod /disk2 b 254 0; cat /disk /disk2",
                "mknod /memory c 1 1 && head -c 1 /memory",
            })
    void whatReachesBeyondTheContainerIsRefused(String script) throws Exception {
        assertThat(run(shell(script)).code()).as(String.join("\n", lines)).isNotZero();
    }

    @Test
    void noCapabilityIsHeldThatDockersContainersDoNotHave() throws Exception {
        long dockers = 0xa80425fbL;
        output(shell("grep -E '^Cap(Inh|Prm|Eff|Bnd|Amb)' /proc/self/status"));
        assertThat(lines).hasSize(5).allSatisfy(line -> {
            long held = Long.parseLong(line.substring(line.indexOf('\t') + 1), 16);
            assertThat(held & ~dockers).as(line).isZero();
        });
        assertThat(lines).filteredOn(line -> line.startsWith("CapInh")).allMatch(line -> line.matches(".*\t0+"));
    }

    @Test
    void theKernelsKeysAreOutOfReach() throws Exception {
        assertThat(output(shell("cat /proc/keys; grep -E 'Seccomp:|NoNewPrivs' /proc/self/status")))
                .containsExactly("NoNewPrivs:\t0", "Seccomp:\t2");
        if (Place.here()
                .pivotRoot()) { // otherwise this process has a filter of its own, which all of its children have
            assertThat(output(shell("grep Seccomp: /proc/self/status").withEveryRight()))
                    .containsExactly("Seccomp:\t0");
        }
    }

    @Test
    void theNextCommandsAreFilteredAsTheFirst() throws Exception {
        for (int i = 0; i < 3; i++) {
            assertThat(output(shell("grep Seccomp: /proc/self/status; unshare -U true 2>/dev/null || echo closed")))
                    .containsExactly("Seccomp:\t2", "closed");
        }
    }

    @Test
    void deviceNodesThatALayerBringsDoNotOpen() throws Exception {
        assumeFalse(Place.here().userNamespace(), "no device nodes can be made in a user namespace");
        Program.run(List.of("mknod", root.resolve("zero").toString(), "c", "1", "5"));
        assertThat(run(shell("cat /proc/self/mountinfo; head -c 1 /zero")).code())
                .as("" + lines)
                .isNotZero();
        assertThat(
                        output(
                                shell(
                                        "head -c 1 /dev/zero | tr '\\0' x; echo; chmod 0 /dev/null 2>/dev/null; ls /dev | tr '\\n' ' '")))
                .startsWith("x")
                .last()
                .asString()
                .doesNotContain("sda")
                .doesNotContain("kvm")
                .doesNotContain("mem");
        assertThat((int) Files.getAttribute(Path.of("/dev/null"), "unix:mode") & 0777)
                .isEqualTo(0666);
    }

    @Test
    void nothingOfTheBuilderIsSeen() throws Exception {
        output(
                shell(
                        "ls /proc | grep -E '^[0-9]+$' | tr '\\n' ' '; echo; tr '\\0' '\\n' </proc/1/environ;"
                                + " readlink /proc/1/exe; ls /proc/1/fd; cat /proc/1/mounts; cat /proc/1/cgroup; find / -xdev -name '*.jar'"));
        assertThat(lines)
                .contains("PATH=/bin", "/bin/busybox")
                .noneMatch(line -> line.contains("JAVA") || line.contains(".jar"));
        assertThat(lines).filteredOn(line -> line.matches("\\d+:.*:/.*")).allMatch(line -> line.endsWith(":/"));
        assertThat(lines.getFirst().split(" ").length).isLessThan(6);
        assertThat(lines).containsSubsequence("0", "1", "2").doesNotContain("4", "5", "6", "7");
    }

    /** A builder to be killed: {@code java Builder RUNTIME-FOLDER ROOT SECONDS PROGRAM}. */
    static final class Builder {
        private Builder() {}

        public static void main(String[] arguments) throws IOException, InterruptedException {
            RunCommand command = new RunCommand(
                    Path.of(arguments[1]),
                    List.of("/bin/sh", "-c", "echo ready; sleep " + arguments[2]),
                    new LinkedHashMap<>(Map.of("PATH", "/bin")),
                    "/",
                    0,
                    0,
                    List.of(),
                    List.of(),
                    false,
                    List.of(),
                    false);
            OciRuntime.of(Path.of(arguments[3]), Path.of(arguments[0])).run(command, System.out::println);
        }
    }

    @Test
    void aBuilderThatIsKilledTakesItsCommandWithIt() throws Exception {
        String mark = "88" + System.nanoTime() % 1_000_000;
        Process builder = new ProcessBuilder(
                        System.getProperty("java.home") + "/bin/java",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Builder.class.getName(),
                        folder.resolve("runtime").toString(),
                        root.toString(),
                        mark,
                        Objects.requireNonNull(Program.find(program())).toString())
                .redirectErrorStream(true)
                .start();
        assertThat(builder.inputReader(StandardCharsets.UTF_8).readLine()).isEqualTo("ready");
        await().until(() -> isRunning(mark));
        builder.destroyForcibly().waitFor();
        await().until(() -> !isRunning(mark));
    }
}
