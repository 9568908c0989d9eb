package dev.strata.sandbox;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.strata.layer.Removal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The folder that an OCI runtime runs a container from. Mount points that the root lacks are made here and taken away
 * on close, so that a layer shows no trace of them.
 *
 * <p>Source: OCI runtime specification 1.0, config.md and config-linux.md; capabilities, masked and read-only paths are
 * docker's defaults.
 */
final class Bundle implements AutoCloseable {
    /** Where memory is shared; a mount that the command has there takes the place of the usual one. */
    private static final String SHARED_MEMORY = "/dev/shm";

    private static final JsonMapper JSON = JsonMapper.builder().build();
    /** 022, so that what a command makes does not depend on how Strata was started. */
    private static final int UMASK = 18;

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
    /** Where /sys is that of the place, what is mounted in it stays writable; a new one has no cgroups in it. */
    private static final List<String> MASKED_WITH_CGROUPS =
            Stream.concat(MASKED.stream(), Stream.of("/sys/fs/cgroup")).toList();

    /** Source: OCI runtime specification, config-linux.md, default devices. */
    private static final List<String> DEVICES = List.of("null", "zero", "full", "random", "urandom", "tty");

    private static final List<String> READ_ONLY =
            List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

    private final Path folder;
    private final String id;
    private final MountTargets targets;
    private final BundleMounts own;
    private final @Nullable CompiledFilter filter;

    private Bundle(Path folder, String id, MountTargets targets, BundleMounts own, @Nullable CompiledFilter filter) {
        this.folder = folder;
        this.id = id;
        this.targets = targets;
        this.own = own;
        this.filter = filter;
    }

    /** @param filter of crun, which can be given one; null for other runtimes */
    static Bundle make(
            RunCommand command, Path parent, Place place, @Nullable Long processes, @Nullable CompiledFilter filter)
            throws IOException {
        String id = "run-" + ProcessHandle.current().pid() + "-" + NUMBER.incrementAndGet();
        Path folder = Files.createDirectory(
                parent.resolve(id), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Bundle bundle =
                new Bundle(folder, id, new MountTargets(command.root()), new BundleMounts(folder, place), filter);
        try {
            Map<String, Object> config = bundle.config(command, place, processes);
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

    /** For the runtime's notes about its containers. */
    Path state() {
        return folder.resolve("state");
    }

    /** What the runtime has to say; may not be there. */
    Path log() {
        return folder.resolve("log");
    }

    /** Where what a command took of memory is noted; may not be there. */
    Path peak() {
        return folder.resolve("peak");
    }

    /** What crun has made of the rules for system calls, where that was asked for; may not be there. */
    Path filterCopy() {
        return folder.resolve("filter");
    }

    private Map<String, Object> config(RunCommand command, Place place, @Nullable Long processes) throws IOException {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("ociVersion", "1.0.2");
        Map<String, Object> process = process(command, place);
        if (processes != null) {
            process.put("rlimits", List.of(Map.of("type", "RLIMIT_NPROC", "soft", processes, "hard", processes)));
        }
        config.put("process", process);
        String root = command.root().toAbsolutePath().toString();
        config.put("root", Map.of("path", root, "readonly", false));
        Map<String, Object> hooks = new LinkedHashMap<>();
        if (!place.userNamespace() && !command.insecure()) {
            hooks.put("createContainer", List.of(withoutDevices(root)));
        }
        if (filter != null && isFiltered(command, place)) {
            filter.into(config, hooks, state().resolve(id).resolve("seccomp.bpf"), filterCopy());
        }
        config.put("hooks", hooks);
        config.put("hostname", "buildkitsandbox");
        config.put("mounts", mounts(command, place));
        config.put("linux", linux(command, place));
        return config;
    }

    /** A layer or a command may have made device nodes; in the root they must not open. Runtimes have no option for that. */
    private static Map<String, Object> withoutDevices(String root) {
        Path shell = Program.find("sh");
        Path mount = Program.find("mount");
        if (shell == null || mount == null) {
            throw new SandboxException(
                    "there is no program \"mount\" on the PATH", "Install it (apt-get install mount)");
        }
        String readFirst = "read -r state; exec \"$@\""; // A runtime fails when nobody reads what it tells its hooks.
        return Map.of(
                "path",
                shell.toString(),
                "args",
                List.of("sh", "-c", readFirst, "sh", mount.toString(), "-o", "remount,bind,nodev", root));
    }

    private static Map<String, Object> process(RunCommand command, Place place) {
        List<String> wanted = command.insecure() ? place.capabilities() : DOCKER_CAPABILITIES;
        List<String> held =
                wanted.stream().filter(place.capabilities()::contains).toList();
        Map<String, Object> user = new LinkedHashMap<>();
        user.put("uid", command.uid());
        user.put("gid", command.gid());
        user.put("umask", UMASK);
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
        devices(command, place, mounts);
        mounts.add(mount(
                "/dev/pts",
                "devpts",
                "devpts",
                List.of("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620")));
        if (command.mounts().stream().noneMatch(point -> point.target().equals(SHARED_MEMORY))) {
            mounts.add(mount(
                    SHARED_MEMORY, "tmpfs", "shm", List.of("nosuid", "noexec", "nodev", "mode=1777", "size=65536k")));
        }
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
        if (command.mounts().stream().noneMatch(point -> covers(point.target(), command.workingDirectory()))) {
            targets.workingDirectory(command.workingDirectory(), command.uid(), command.gid());
        }
        return mounts;
    }

    /**
     * Root may make device nodes, so none opens in /dev but those that a container has: nodes of this machine, each
     * mounted on its name. They are mounted to read, which keeps their mode and owner; they can be written to all the
     * same. In a user namespace a runtime does that by itself, since nodes cannot be made there.
     */
    private static void devices(RunCommand command, Place place, List<Map<String, Object>> mounts) {
        List<String> options = new ArrayList<>(List.of("nosuid", "strictatime", "mode=755", "size=65536k"));
        boolean closed = !place.userNamespace() && !command.insecure();
        if (closed) {
            options.add("nodev");
        }
        mounts.add(mount("/dev", "tmpfs", "tmpfs", options));
        for (String name : closed ? DEVICES : List.<String>of()) {
            mounts.add(mount(
                    "/dev/" + name, "bind", "/dev/" + name, List.of("bind", "private", "nosuid", "noexec", "ro")));
        }
    }

    private static boolean covers(String target, String name) {
        return Path.of(name).normalize().startsWith(Path.of(target).normalize());
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
                List.of("rbind", "rprivate", "nodev", readOnly ? "ro" : "rw"));
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
                yield bind(own.discarded(discarded.source()), discarded.target(), false);
            }
            case MountPoint.SecretFile secret -> {
                targets.file(secret.target());
                Path copy = own.secret(secret.source());
                own(copy, secret.mode(), secret.uid(), secret.gid());
                yield bind(copy, secret.target(), true);
            }
            case MountPoint.Socket socket -> {
                targets.file(socket.target());
                Path relayed = own.relayed(socket.source());
                own(relayed, socket.mode(), socket.uid(), socket.gid());
                yield bind(relayed, socket.target(), false);
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

    private static boolean isFiltered(RunCommand command, Place place) {
        return !command.insecure() && place.filters();
    }

    private static Map<String, Object> linux(RunCommand command, Place place) {
        List<Map<String, Object>> namespaces = new ArrayList<>();
        for (String type : List.of("pid", "ipc", "uts", "mount", "cgroup")) {
            namespaces.add(Map.of("type", type));
        }
        if (command.networkNone()) {
            if (!place.capabilities().contains("CAP_NET_ADMIN")) {
                throw new SandboxException(
                        "RUN --network=none needs the capability NET_ADMIN here, to set up its loopback",
                        "Give the pod that capability, choose another isolation, or leave --network=none out");
            }
            namespaces.add(Map.of("type", "network"));
        }
        Map<String, Object> linux = new LinkedHashMap<>();
        linux.put("namespaces", namespaces);
        if (!command.insecure()) {
            linux.put("maskedPaths", place.userNamespace() ? MASKED_WITH_CGROUPS : MASKED);
            linux.put("readonlyPaths", READ_ONLY);
            if (isFiltered(command, place)) {
                linux.put("seccomp", Seccomp.filter(System.getProperty("os.arch")));
            }
        }
        return linux;
    }

    @Override
    public void close() throws IOException {
        try (own) {
            targets.close();
        }
        Removal.of(folder);
    }
}
