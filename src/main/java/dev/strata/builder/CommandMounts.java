package dev.strata.builder;

import dev.strata.graph.FileSystem;
import dev.strata.graph.Mount;
import dev.strata.graph.Step;
import dev.strata.layer.DiskTree;
import dev.strata.layer.Removal;
import dev.strata.layer.Tree;
import dev.strata.layer.TreePath;
import dev.strata.plan.Failure;
import dev.strata.plan.FailureException;
import dev.strata.plan.Plan;
import dev.strata.sandbox.MountPoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The mounts of one RUN on their way from what the Dockerfile says to folders of this machine. Close frees them. */
final class CommandMounts implements AutoCloseable {
    private final Step.Run step;
    private final Plan plan;
    private final Map<Integer, FileSystem> inputs;
    private final Path temporary;
    private final CacheFolders caches;
    private final SshAgents agents;
    private final List<MountPoint> points = new ArrayList<>();
    private final SequencedMap<String, String> environment = new LinkedHashMap<>();
    private final List<CacheFolders.Use> uses = new ArrayList<>();

    /** @param temporary an empty folder that is removed on close */
    CommandMounts(
            Step.Run step,
            Plan plan,
            Map<Integer, FileSystem> inputs,
            Path temporary,
            CacheFolders caches,
            SshAgents agents)
            throws IOException, InterruptedException {
        this.step = step;
        this.plan = plan;
        this.inputs = inputs;
        this.temporary = temporary;
        this.caches = caches;
        this.agents = agents;
        try {
            for (Mount mount : step.mounts()) {
                add(mount);
            }
            script();
        } catch (IOException | InterruptedException | RuntimeException e) {
            close();
            throw e;
        }
    }

    List<MountPoint> points() {
        return List.copyOf(points);
    }

    /** Variables that the mounts bring; never part of a record or a log. */
    SequencedMap<String, String> environment() {
        return environment;
    }

    private void add(Mount mount) throws IOException, InterruptedException {
        switch (mount) {
            case Mount.Bind bind -> {
                Path path = folder(bind.step(), bind.source());
                points.add(
                        bind.readOnly()
                                ? new MountPoint.Bind(path, bind.target(), true)
                                : new MountPoint.Discarded(path, bind.target()));
            }
            case Mount.Cache cache -> {
                Path seed = cache.step() == null ? null : folder(cache.step(), cache.source());
                CacheFolders.Use use = caches.use(cache, seed, cache.step() == null ? "" : seedKey(cache.step()));
                uses.add(use);
                points.add(new MountPoint.Bind(use.folder(), cache.target(), cache.readOnly()));
            }
            case Mount.Secret secret -> secret(secret);
            case Mount.Ssh ssh -> ssh(ssh);
            case Mount.Tmpfs tmpfs -> points.add(new MountPoint.Tmpfs(tmpfs.target(), tmpfs.size()));
        }
    }

    private Path folder(int step, String source) throws IOException {
        Tree tree = input(step).tree();
        String followed = TreePath.follow(tree, source, true);
        if (tree.find(followed) == null) {
            throw user("RUN --mount: \"" + source + "\" is not there", "Look at source= and from= of the mount");
        }
        DiskTree disk = onDisk(step, tree);
        return followed.isEmpty() ? disk.root() : disk.path(followed);
    }

    private String seedKey(int step) {
        return input(step).layers().stream()
                .map(layer -> layer.diffId().toString())
                .collect(Collectors.joining(" "));
    }

    private StepFiles input(int step) {
        if (inputs.get(step) instanceof StepFiles files) {
            return files;
        }
        throw new IllegalStateException("step " + step + " is no input of step " + this.step.id());
    }

    /** A mount needs real files: those of a snapshot, or of a context without what its ignore file leaves out. */
    private DiskTree onDisk(int step, Tree tree) throws IOException {
        return switch (tree) {
            case DiskTree disk -> disk;
            case IgnoredTree ignored
            when ignored.leavesNothingOut() && ignored.whole() instanceof DiskTree disk -> disk;
            case IgnoredTree ignored -> copied(ignored, "context-" + step);
            default -> {
                if (input(step).snapshot().tree() instanceof DiskTree disk) {
                    yield disk;
                }
                throw new IllegalStateException("a snapshot's files are on disk");
            }
        };
    }

    private DiskTree copied(Tree tree, String name) throws IOException {
        Path folder = temporary.resolve(name);
        if (!Files.exists(folder)) {
            TreeFiles.copy(tree, folder);
        }
        return new DiskTree(folder);
    }

    private void secret(Mount.Secret secret) throws IOException {
        Plan.SecretAt at = plan.secrets().get(secret.id());
        byte[] bytes = at == null ? null : bytes(at);
        if (bytes == null) {
            if (secret.required()) {
                throw user(
                        "secret " + secret.id() + ": not found",
                        "Give it: --secret id=" + secret.id() + ",src=FILE, or spec.secrets of the ImageBuild");
            }
            return;
        }
        if (secret.environment() != null) {
            environment.put(secret.environment(), new String(bytes, java.nio.charset.StandardCharsets.UTF_8));
        }
        if (secret.target() != null) {
            Path file = temporary.resolve("secret-" + points.size());
            Files.createFile(file);
            Files.setPosixFilePermissions(file, java.nio.file.attribute.PosixFilePermissions.fromString("rw-------"));
            Files.write(file, bytes);
            points.add(new MountPoint.SecretFile(file, secret.target(), secret.mode(), secret.uid(), secret.gid()));
        }
    }

    private static byte @Nullable [] bytes(Plan.SecretAt at) throws IOException {
        if (at.file() != null) {
            Path file = Path.of(at.file());
            return Files.isRegularFile(file) ? Files.readAllBytes(file) : null;
        }
        String value = at.env() == null ? null : System.getenv(at.env());
        return value == null ? null : value.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }

    private void ssh(Mount.Ssh ssh) throws IOException {
        String given = plan.ssh().get(ssh.id());
        if (given == null || !Files.exists(Path.of(given))) {
            if (ssh.required()) {
                throw user(
                        "ssh agent \"" + ssh.id() + "\": not found",
                        "Give it: --ssh " + ssh.id()
                                + "=SOCKET, or a file with a private key; or spec.ssh of the ImageBuild");
            }
            return;
        }
        Path socket = agents.socket(ssh.id(), Path.of(given));
        points.add(new MountPoint.Socket(socket, ssh.target(), ssh.mode(), ssh.uid(), ssh.gid()));
        environment.putIfAbsent("SSH_AUTH_SOCK", ssh.target());
    }

    private void script() throws IOException {
        Step.Script script = step.script();
        if (script == null) {
            return;
        }
        Path folder = Files.createDirectories(temporary.resolve("pipes"));
        Path file = folder.resolve(TreePath.name(script.path()));
        Files.writeString(file, script.text());
        Files.setPosixFilePermissions(file, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
        points.add(new MountPoint.Bind(folder, "/" + TreePath.clean(TreePath.parent(script.path())), true));
    }

    private static FailureException user(String what, String mend) {
        return new FailureException(new Failure(Failure.Cause.USER, what, null, mend));
    }

    @Override
    public void close() throws IOException {
        for (CacheFolders.Use use : uses) {
            use.close();
        }
        Removal.of(temporary);
    }
}
