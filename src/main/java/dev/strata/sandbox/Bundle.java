package dev.strata.sandbox;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The folder that an OCI runtime runs a container from. Mount points that the root lacks are made here and taken away
 * on close, so that a layer shows no trace of them.
 *
 * <p>Source: OCI runtime specification 1.0, config.md and config-linux.md; capabilities, masked and read-only paths are
 * docker's defaults.
 */
final class Bundle implements AutoCloseable {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final AtomicLong NUMBER = new AtomicLong();
    private static final List<String> DOCKER_CAPABILITIES = List.of(
            "CAP_CHOWN",
            "CAP_DAC_OVERRIDE",
            "CAP_FOWNER",
            "CAP_FSETID",
            "CAP_KILL",
            "CAP_SETGID",
            "CAP_SETUID",
            "CAP_SETPCAP",
            "CAP_NET_BIND_SERVICE",
            "CAP_NET_RAW",
            "CAP_SYS_CHROOT",
            "CAP_MKNOD",
            "CAP_AUDIT_WRITE",
            "CAP_SETFCAP");
    private static final List<String> MASKED = List.of(
            "/proc/acpi",
            "/proc/asound",
            "/proc/interrupts",
            "/proc/kcore",
            "/proc/keys",
            "/proc/latency_stats",
            "/proc/sched_debug",
            "/proc/scsi",
            "/proc/timer_list",
            "/proc/timer_stats",
            "/sys/devices/virtual/powercap",
            "/sys/firmware");
    private static final List<String> READ_ONLY =
            List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

    private final Path folder;
    private final String id;
    private final MountTargets targets;

    private Bundle(Path folder, String id, MountTargets targets) {
        this.folder = folder;
        this.id = id;
        this.targets = targets;
    }

    static Bundle make(RunCommand command, Path parent, Place place) throws IOException {
        String id = "run-" + ProcessHandle.current().pid() + "-" + NUMBER.incrementAndGet();
        Path folder = Files.createDirectories(parent.resolve(id));
        MountTargets targets = new MountTargets(command.root());
        Bundle bundle = new Bundle(folder, id, targets);
        try {
            Map<String, Object> config = bundle.config(command, place);
            Files.write(folder.resolve("config.json"), JSON.writeValueAsBytes(config));
            return bundle;
        } catch (IOException | RuntimeException e) {
            bundle.close();
            throw e;
        }
    }

    Path folder() {
        return folder;
    }

    String id() {
        return id;
    }

    private Map<String, Object> config(RunCommand command, Place place) throws IOException {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("ociVersion", "1.0.2");
        config.put("process", process(command, place));
        config.put("root", Map.of("path", command.root().toAbsolutePath().toString(), "readonly", false));
        config.put("hostname", "buildkitsandbox");
        config.put("mounts", mounts(command, place));
        config.put("linux", linux(command));
        return config;
    }

    private static Map<String, Object> process(RunCommand command, Place place) {
        List<String> wanted = command.insecure() ? place.capabilities() : DOCKER_CAPABILITIES;
        List<String> held =
                wanted.stream().filter(place.capabilities()::contains).toList();
        Map<String, Object> user = new LinkedHashMap<>();
        user.put("uid", command.uid());
        user.put("gid", command.gid());
        user.put("additionalGids", command.groups());
        List<String> effective = command.uid() == 0 ? held : List.of();
        Map<String, Object> process = new LinkedHashMap<>();
        process.put("terminal", false);
        process.put("user", user);
        process.put("args", command.arguments());
        process.put(
                "env",
                command.environment().entrySet().stream()
                        .map(e -> e.getKey() + "=" + e.getValue())
                        .toList());
        process.put("cwd", command.workingDirectory());
        process.put("noNewPrivileges", false);
        process.put("capabilities", Map.of("bounding", held, "effective", effective, "permitted", effective));
        return process;
    }

    private List<Map<String, Object>> mounts(RunCommand command, Place place) throws IOException {
        List<Map<String, Object>> mounts = new ArrayList<>();
        mounts.add(mount("/proc", "proc", "proc", List.of("nosuid", "noexec", "nodev")));
        mounts.add(mount("/dev", "tmpfs", "tmpfs", List.of("nosuid", "strictatime", "mode=755", "size=65536k")));
        mounts.add(mount(
                "/dev/pts",
                "devpts",
                "devpts",
                List.of("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620")));
        mounts.add(mount("/dev/shm", "tmpfs", "shm", List.of("nosuid", "noexec", "nodev", "mode=1777", "size=65536k")));
        if (place.userNamespace()) {
            mounts.add(mount("/sys", "bind", "/sys", List.of("rbind", "nosuid", "noexec", "nodev", "ro")));
        } else {
            mounts.add(mount("/dev/mqueue", "mqueue", "mqueue", List.of("nosuid", "noexec", "nodev")));
            mounts.add(mount("/sys", "sysfs", "sysfs", List.of("nosuid", "noexec", "nodev", "ro")));
        }
        for (String folder : List.of("/proc", "/dev", "/sys")) {
            targets.folder(folder);
        }
        files(command, mounts);
        for (MountPoint point : command.mounts()) {
            mounts.add(point(point));
        }
        return mounts;
    }

    private static Map<String, Object> mount(String target, String type, String source, List<String> options) {
        Map<String, Object> mount = new LinkedHashMap<>();
        mount.put("destination", target);
        mount.put("type", type);
        mount.put("source", source);
        mount.put("options", options);
        return mount;
    }

    private static Map<String, Object> bind(Path source, String target, boolean readOnly) {
        return mount(
                target,
                "bind",
                source.toAbsolutePath().toString(),
                List.of("rbind", "rprivate", readOnly ? "ro" : "rw"));
    }

    /** The files by which a container finds names; of the image's own nothing is changed. */
    private void files(RunCommand command, List<Map<String, Object>> mounts) throws IOException {
        StringBuilder hosts =
                new StringBuilder("127.0.0.1\tlocalhost buildkitsandbox\n::1\tlocalhost ip6-localhost ip6-loopback\n");
        for (String host : command.extraHosts()) {
            int colon = host.indexOf(':');
            hosts.append(host.substring(colon + 1))
                    .append('\t')
                    .append(host, 0, colon)
                    .append('\n');
        }
        file("hosts", hosts.toString(), "/etc/hosts", mounts);
        file("hostname", "buildkitsandbox\n", "/etc/hostname", mounts);
        Path resolver = Path.of("/etc/resolv.conf");
        String names = Files.isReadable(resolver) ? Files.readString(resolver) : "";
        file("resolv.conf", names, "/etc/resolv.conf", mounts);
    }

    private void file(String name, String text, String target, List<Map<String, Object>> mounts) throws IOException {
        Path file = folder.resolve(name);
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        targets.file(target);
        mounts.add(bind(file, target, false));
    }

    private Map<String, Object> point(MountPoint point) throws IOException {
        return switch (point) {
            case MountPoint.Bind bind -> {
                target(bind.source(), bind.target());
                yield bind(bind.source(), bind.target(), bind.readOnly());
            }
            case MountPoint.Discarded discarded -> {
                target(discarded.source(), discarded.target());
                yield bind(discardedCopy(discarded.source()), discarded.target(), false);
            }
            case MountPoint.SecretFile secret -> {
                targets.file(secret.target());
                Path copy = folder.resolve("secret-" + NUMBER.incrementAndGet());
                Files.copy(secret.source(), copy);
                own(copy, secret.mode(), secret.uid(), secret.gid());
                yield bind(copy, secret.target(), true);
            }
            case MountPoint.Socket socket -> {
                targets.file(socket.target());
                yield bind(socket.source(), socket.target(), false);
            }
            case MountPoint.Tmpfs tmpfs -> {
                targets.folder(tmpfs.target());
                List<String> options = new ArrayList<>(List.of("nosuid", "nodev", "mode=1777"));
                if (tmpfs.size() != null) {
                    options.add("size=" + tmpfs.size());
                }
                yield mount(tmpfs.target(), "tmpfs", "tmpfs", options);
            }
        };
    }

    private void target(Path source, String target) throws IOException {
        if (Files.isDirectory(source)) {
            targets.folder(target);
        } else {
            targets.file(target);
        }
    }

    private static void own(Path file, int mode, long uid, long gid) throws IOException {
        Files.setAttribute(file, "unix:uid", (int) uid);
        Files.setAttribute(file, "unix:gid", (int) gid);
        Files.setAttribute(file, "unix:mode", mode);
    }

    /** Writes go to a copy. */
    private Path discardedCopy(Path source) throws IOException {
        Path copy = folder.resolve("discarded-" + NUMBER.incrementAndGet());
        Process copying = new ProcessBuilder("cp", "-a", "--reflink=auto", source.toString(), copy.toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(copying.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        try {
            if (copying.waitFor() != 0) {
                throw new IOException("cannot copy " + source + ": " + output.strip());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while " + source + " was copied", e);
        }
        return copy;
    }

    private static Map<String, Object> linux(RunCommand command) {
        List<Map<String, Object>> namespaces = new ArrayList<>();
        for (String type : List.of("pid", "ipc", "uts", "mount")) {
            namespaces.add(Map.of("type", type));
        }
        if (command.networkNone()) {
            namespaces.add(Map.of("type", "network"));
        }
        Map<String, Object> linux = new LinkedHashMap<>();
        linux.put("namespaces", namespaces);
        if (!command.insecure()) {
            linux.put("maskedPaths", MASKED);
            linux.put("readonlyPaths", READ_ONLY);
        }
        return linux;
    }

    @Override
    public void close() throws IOException {
        targets.close();
        Process removing = new ProcessBuilder("rm", "-rf", "--one-file-system", folder.toString()).start();
        try {
            removing.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)
                && !Thread.currentThread().isInterrupted()) {
            throw new IOException("cannot remove " + folder);
        }
    }
}
