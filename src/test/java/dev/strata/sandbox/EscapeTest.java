package dev.strata.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Known ways out of a container, each tried by a command that has been given root. Where the door can be opened on
 * purpose ({@code --security=insecure}, which on a machine of one's own takes the locks away), the same attack is shown
 * to work then: so it is the lock that holds, and not the attack that is wrong. Two more ways are tried by whole builds,
 * in {@code RunTest}: races of links in COPY --from, and a secret left in a layer.
 */
@Tag("root")
@Timeout(300)
final class EscapeTest {
    @TempDir
    Path folder;

    private Path root;
    private Path outside;
    private OciRuntime runtime;
    private final List<String> lines = new ArrayList<>();

    @BeforeEach
    void prepare() throws IOException {
        root = BusyboxRoot.make(folder.resolve("root"));
        outside = Files.createDirectories(folder.resolve("outside"));
        Files.writeString(outside.resolve("marker"), "of the builder\n");
        runtime = OciRuntime.find(folder.resolve("runtime"));
    }

    private Exit run(String script, String workingDirectory, boolean insecure, MountPoint... mounts)
            throws IOException, InterruptedException {
        lines.clear();
        RunCommand command = new RunCommand(
                root,
                List.of("/bin/sh", "-c", script),
                new LinkedHashMap<>(Map.of("PATH", "/bin")),
                workingDirectory,
                0,
                0,
                List.of(),
                List.of(mounts),
                false,
                List.of(),
                insecure);
        return runtime.run(command, lines::add);
    }

    private void fails(String script, MountPoint... mounts) throws Exception {
        assertThat(run(script, "/", false, mounts).code())
                .as(script + "\n" + lines)
                .isNotZero();
    }

    /** With the door open the attack works; in a user namespace the kernel keeps it shut all the same. */
    private void worksWithoutLocks(String script, MountPoint... mounts) throws Exception {
        if (!Place.here().userNamespace()) {
            assertThat(run(script, "/", true, mounts).code())
                    .as(script + "\n" + lines)
                    .isZero();
        }
    }

    @Test
    void deviceNodesDoNotOpen() throws Exception {
        String zero = "rm -f /d; mknod /d c 1 5 && head -c 1 /d | wc -c | grep 1";
        fails(zero);
        worksWithoutLocks(zero);
        for (String node : List.of("c 1 1", "c 1 2", "c 1 11", "c 10 229", "b 8 0", "b 254 0", "b 259 0", "b 7 0")) {
            fails("rm -f /d; mknod /d " + node + " && head -c 1 /d | wc -c | grep 1");
            fails("rm -f /dev/d; mknod /dev/d " + node + " && head -c 1 /dev/d | wc -c | grep 1");
            fails("rm -f /dev/shm/d; mknod /dev/shm/d " + node + " && head -c 1 /dev/shm/d | wc -c | grep 1");
        }
        Path cache = Files.createDirectories(folder.resolve("cache"));
        fails(
                "mknod /cache/d c 1 5 && head -c 1 /cache/d | wc -c | grep 1",
                new MountPoint.Bind(cache, "/cache", false));
    }

    /** What is written is what is there already, so that an open door does no harm to this machine. */
    private static String rewrite(String file) {
        return "v=$(cat " + file + ") && printf %s \"$v\" >" + file;
    }

    @Test
    void theKernelsSettingsCannotBeWritten() throws Exception {
        worksWithoutLocks(rewrite("/proc/sys/vm/overcommit_memory"));
        for (String file : List.of(
                "/proc/sys/vm/overcommit_memory",
                "/proc/sys/kernel/modprobe",
                "/proc/sys/kernel/hotplug",
                "/proc/irq/default_smp_affinity",
                "/sys/kernel/uevent_helper",
                "/sys/kernel/mm/transparent_hugepage/enabled",
                "/sys/module/kernel/parameters/panic")) {
            fails(rewrite(file));
        }
        fails("echo h >/proc/sysrq-trigger");
        fails("echo ':x:M::xx::/bin/sh:' >/proc/sys/fs/binfmt_misc/register");
        fails(
                "mount -t proc proc /bin || mount -t sysfs sysfs /bin || mount -o remount,rw /proc/sys || umount /proc/sys");
        fails("cat /proc/kcore | head -c 1 | grep . || cat /proc/timer_list | grep . || cat /proc/keys | grep .");
    }

    @Test
    void mountsAreNeitherMadeNorSeenOutside() throws Exception {
        Path shared = Files.createDirectories(folder.resolve("shared"));
        MountPoint mount = new MountPoint.Bind(shared, "/shared", false);
        fails("mount -t tmpfs none /shared", mount);
        fails("mount --bind / /shared", mount);
        fails("mount --make-rshared /shared", mount);
        fails("unshare -m true || unshare -U true || unshare -Urm true");
        String seen = "mount -t tmpfs mine /shared && mount -t tmpfs mine /bin && echo x >/shared/x";
        worksWithoutLocks(seen, mount);
        assertThat(shared).isEmptyDirectory();
        assertThat(Files.readAllLines(Path.of("/proc/self/mountinfo"))).noneMatch(line -> line.contains(" mine "));
    }

    /** Another command has the same cache mounted, and swaps a folder of it for a link all the time. */
    @Test
    void linksThatChangeWhileMountsAreMadeDoNotLeadOut() throws Exception {
        Path cache = Files.createDirectories(folder.resolve("cache"));
        Path source = Files.createDirectories(folder.resolve("source"));
        Path swapped = cache.resolve("swapped");
        AtomicBoolean enough = new AtomicBoolean();
        Thread attacker = Thread.ofPlatform().start(() -> swap(swapped, enough));
        try {
            for (int i = 0; i < 15; i++) {
                tried(
                        "echo mine >/cache/swapped/target/file; echo mine >/cache/swapped/single",
                        new MountPoint.Bind(cache, "/cache", false),
                        new MountPoint.Bind(source, "/cache/swapped/target", false));
                tried(
                        "true",
                        new MountPoint.Bind(cache, "/cache", false),
                        new MountPoint.Tmpfs("/cache/swapped/t", null));
            }
        } finally {
            enough.set(true);
            attacker.join();
        }
        assertThat(outside.toFile().list()).containsExactly("marker");
        assertThat(Files.readAllLines(Path.of("/proc/self/mountinfo")))
                .noneMatch(line -> line.contains(outside.toString()));
    }

    /** A runtime that finds its target gone or turned into a link may refuse to start. */
    private void tried(String script, MountPoint... mounts) throws Exception {
        try {
            run(script, "/", false, mounts);
        } catch (SandboxException refused) {
            assertThat(refused.getMessage()).contains("cannot make a container");
        }
    }

    private void swap(Path swapped, AtomicBoolean enough) {
        Path parent = Objects.requireNonNull(swapped.getParent());
        List<Path> targets = List.of(
                outside,
                parent.relativize(outside),
                Path.of("../../../../../..").resolve(outside.toString().substring(1)));
        for (int i = 0; !enough.get(); i++) {
            try {
                Files.createSymbolicLink(swapped, targets.get(i % targets.size()));
                Files.delete(swapped);
                Files.createDirectory(swapped);
            } catch (IOException e) {
                Thread.onSpinWait(); // The runtime was there first, and has made the target.
            }
            remove(swapped);
        }
    }

    /** It may be a mount's target at this moment, and so busy or filled. */
    private static void remove(Path swapped) {
        try {
            if (Files.isDirectory(swapped, LinkOption.NOFOLLOW_LINKS)) {
                try (var inside = Files.list(swapped)) {
                    for (Path path : inside.toList()) {
                        Files.delete(path);
                    }
                }
            }
            Files.deleteIfExists(swapped);
        } catch (IOException e) {
            Thread.onSpinWait();
        }
    }

    @Test
    void cgroupsHaveNoReleaseAgentToSet() throws Exception {
        String mounted = "mkdir -p /c && mount -t cgroup -o %s cgroup /c && ls /c/release_agent";
        boolean first = Files.exists(Path.of("/sys/fs/cgroup/pids/release_agent"));
        if (first) {
            worksWithoutLocks(mounted.formatted("pids"));
        }
        for (String controller : List.of("pids", "rdma", "memory", "none,name=escape")) {
            fails(mounted.formatted(controller));
        }
        fails("find /sys/fs/cgroup /proc -maxdepth 4 -name release_agent 2>/dev/null | grep .");
        fails("mkdir /sys/fs/cgroup/escape || mkdir /sys/fs/cgroup/pids/escape || mkdir /sys/fs/cgroup/unified/escape");
        fails("mount -t cgroup2 cgroup2 /bin");
    }

    @Test
    void noFileOfTheBuilderIsOpen() throws Exception {
        try (FileInputStream held =
                        new FileInputStream(outside.resolve("marker").toFile());
                var list = Files.newDirectoryStream(outside)) {
            assertThat(held.read()).isEqualTo('o');
            assertThat(list).isNotEmpty();
            run("for p in self 1; do for f in /proc/$p/fd/*; do readlink $f; done; done", "/", false);
            assertThat(lines)
                    .isNotEmpty()
                    .allMatch(line -> line.matches("/dev/null|pipe:.*|/proc/\\d+/fd|/proc/\\d+/fd/.*"));
            for (int descriptor = 3; descriptor < 16; descriptor++) {
                enters("/proc/self/fd/" + descriptor);
            }
        }
    }

    /** A working directory that is a descriptor of the runtime itself, as CVE-2024-21626 had it. */
    private void enters(String workingDirectory) throws Exception {
        String up = "../../../../../../../../..";
        try {
            run(
                    "cat " + up + outside + "/marker; cat " + up + "/proc/1/root" + outside + "/marker; ls " + up,
                    workingDirectory,
                    false);
        } catch (SandboxException refused) {
            assertThat(refused.getMessage()).isNotEmpty();
        }
        assertThat(lines).doesNotContain("of the builder");
    }

    @Test
    void theProgramForCoreDumpsCannotBeSet() throws Exception {
        String pattern = rewrite("/proc/sys/kernel/core_pattern");
        fails(pattern);
        fails("mkdir -p /p; mount -t proc proc /p && " + rewrite("/p/sys/kernel/core_pattern"));
        worksWithoutLocks(pattern);
    }

    @Test
    void processesOutsideCannotBeTraced() throws Exception {
        Path attack = compiled("trace", """
                #include <stdio.h>
                #include <stdlib.h>
                #include <sys/ptrace.h>
                #include <sys/uio.h>
                #include <sys/wait.h>
                int main(int count, char **words) {
                  int pid = atoi(words[1]);
                  if (ptrace(PTRACE_ATTACH, pid, 0, 0)) { perror("ptrace"); return 1; }
                  waitpid(pid, 0, __WALL);
                  ptrace(PTRACE_DETACH, pid, 0, 0);
                  return 0;
                }
                """);
        Process victim = new ProcessBuilder("sleep", "600").start();
        try {
            String pid = Long.toString(victim.pid());
            Program.run(List.of(attack.toString(), pid)); // Out here it works.
            Files.copy(attack, root.resolve("bin/trace"));
            fails("chmod +x /bin/trace; trace " + pid + " || cat /proc/" + pid + "/environ || kill " + pid);
            fails("for p in /proc/[0-9]*; do p=${p#/proc/}; [ $p -gt 20 ] && trace $p && exit 0; done; exit 1");
            fails("nsenter -t 1 -m -p -n true || chroot /proc/1/root/../../.. cat " + outside + "/marker");
            assertThat(victim.isAlive()).isTrue();
        } finally {
            victim.destroyForcibly();
        }
    }

    private Path compiled(String name, String text) throws IOException {
        Path compiler = Program.find("gcc");
        assumeTrue(compiler != null, "there is no gcc: apt-get install gcc libc6-dev");
        Path source = Files.writeString(folder.resolve(name + ".c"), text);
        Path program = folder.resolve(name);
        Program.run(List.of("gcc", "-static", "-w", "-o", program.toString(), source.toString()));
        return program;
    }
}
