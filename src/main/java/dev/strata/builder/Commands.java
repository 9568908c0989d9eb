package dev.strata.builder;

import dev.strata.graph.FileSystem;
import dev.strata.graph.Step;
import dev.strata.image.Layer;
import dev.strata.layer.DiskTree;
import dev.strata.plan.Event;
import dev.strata.plan.Failure;
import dev.strata.plan.FailureException;
import dev.strata.plan.Plan;
import dev.strata.sandbox.Active;
import dev.strata.sandbox.Arrival;
import dev.strata.sandbox.Drivers;
import dev.strata.sandbox.Exit;
import dev.strata.sandbox.NotStarted;
import dev.strata.sandbox.OciRuntime;
import dev.strata.sandbox.RunCommand;
import dev.strata.sandbox.Snapshots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Runs the commands of RUN. The sandbox is set up when the first of them needs it. */
final class Commands implements AutoCloseable {
    /** The file, in the folder for temporary files, that says where a failed command's file system is kept. */
    private static final String HELD = "held";

    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(1);

    private final Plan plan;
    private final BuildSettings settings;
    private final CacheFolders caches;
    private final Consumer<Event> events;
    private final Numbers numbers;
    private final SshAgents agents;
    private final ExecutorService ahead = Executors.newVirtualThreadPerTaskExecutor();
    private final Set<List<Layer>> unpacking = ConcurrentHashMap.newKeySet();
    private @Nullable Snapshots snapshots;
    private @Nullable OciRuntime runtime;
    private final AtomicBoolean told = new AtomicBoolean();

    /** What a step will need. */
    interface Preparation {
        void run() throws IOException;
    }

    /** The numbers that steps have in events. */
    interface Numbers {
        int of(Step step);
    }

    Commands(Plan plan, BuildSettings settings, CacheFolders caches, Consumer<Event> events, Numbers numbers) {
        this.plan = plan;
        this.settings = settings;
        this.caches = caches;
        this.events = events;
        this.numbers = numbers;
        this.agents = new SshAgents(settings.temporary().resolve("agents"));
    }

    /** RUN needs a sandbox; what cannot be had is refused, never done without. */
    void refuseWithoutSandbox(Step.Run step) {
        if (!settings.sandbox()) {
            throw new FailureException(new Failure(
                    Failure.Cause.USER,
                    "RUN needs a sandbox, which this place does not allow (isolation \"none\")",
                    null,
                    "Build without RUN, or in a namespace that admits the Pod Security level \"baseline\""
                            + " (before Kubernetes 1.35: \"privileged\")"));
        }
        if (step.insecure() && !plan.allowInsecure()) {
            throw new FailureException(
                    new Failure(
                            Failure.Cause.USER,
                            "RUN --security=insecure: security.insecure is not allowed here",
                            null,
                            "Leave the flag out, or allow it: strata build --allow security.insecure; in a cluster it is never allowed"));
        }
    }

    synchronized Snapshots snapshots() throws IOException {
        Snapshots present = snapshots;
        if (present == null) {
            present = Drivers.choose(
                    settings.state().resolve("snapshots"),
                    settings.driver(),
                    warning -> events.accept(new Event.Warning(null, warning)));
            snapshots = present;
        }
        return present;
    }

    /** Begins to unpack what a command will stand on; who needs it waits for the rest only. */
    void unpackAhead(List<Layer> layers, LayerStore store) {
        if (!settings.sandbox() || !unpacking.add(layers)) {
            return;
        }
        store.expect(layers);
        ahead(() -> {
            try {
                snapshots().of(layers, store);
            } finally {
                store.expectNoLonger(layers);
            }
        });
    }

    /** Begins what a step will need; what goes wrong goes wrong again for the step, which tells it. */
    void ahead(Preparation work) {
        ahead.execute(() -> {
            try {
                work.run();
            } catch (IOException | RuntimeException e) {
                // see above
            }
        });
    }

    /** Where the files of a layer go while it is made; null where they cannot go, which the command that needs them tells. */
    @Nullable
    Arrival arrival() {
        try {
            return settings.sandbox() ? snapshots().arrival() : null;
        } catch (IOException | RuntimeException e) {
            return null;
        }
    }

    private synchronized OciRuntime runtime() throws IOException {
        OciRuntime present = runtime;
        if (present == null) {
            OciRuntime found =
                    OciRuntime.find(Files.createDirectories(settings.temporary().resolve("runtime")));
            present = plan.processes() == null ? found : found.limitedTo(plan.processes());
            runtime = present;
        }
        return present;
    }

    void run(Step.Run step, Active active, Map<Integer, FileSystem> inputs) throws IOException {
        Path temporary = Files.createTempDirectory(settings.temporary(), "run");
        try (CommandMounts mounts = new CommandMounts(step, plan, inputs, temporary, caches, agents)) {
            DiskTree root = new DiskTree(active.root());
            Owner user = Owner.ofProcess(step.user(), root, "USER " + step.user());
            RunCommand command = new RunCommand(
                    active.root(),
                    step.arguments(),
                    environment(step, mounts, user),
                    step.workingDirectory(),
                    user.uid(),
                    user.gid(),
                    user.groups(),
                    mounts.points(),
                    step.network().equals("none"),
                    step.addHosts(),
                    step.insecure());
            int number = numbers.of(step);
            tellSnapshots(number);
            long begun = System.nanoTime();
            Exit exit = runtime()
                    .run(
                            command,
                            line -> events.accept(
                                    new Event.StepOutput(number, (System.nanoTime() - begun) / 1e9, line)));
            if (exit.peakMemory() != null) {
                events.accept(new Event.StepMemory(number, exit.peakMemory()));
            }
            if (exit.code() != 0) {
                FailureException failure = failed(step, exit);
                hold(number, active.root(), failure);
                throw failure;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("the build was stopped");
        }
    }

    private void tellSnapshots(int step) throws IOException {
        if (told.compareAndSet(false, true)) {
            events.accept(new Event.Note(
                    step,
                    "snapshots: " + snapshots().driver() + " (" + snapshots().reason() + ")"));
        }
    }

    /** Until the time is over, the build is stopped, or somebody has seen enough and takes the file away. */
    private void hold(int number, Path root, FailureException failure) throws IOException, InterruptedException {
        if (settings.hold().isZero()) {
            return;
        }
        Path held = settings.temporary().resolve(HELD);
        Files.writeString(held, root + "\n");
        events.accept(new Event.StepHeld(
                number, settings.hold().toSeconds(), failure.failure().sentence()));
        long begun = System.nanoTime();
        while (Files.exists(held) && System.nanoTime() - begun < settings.hold().toNanos()) {
            Thread.sleep(BETWEEN_LOOKS);
        }
        Files.deleteIfExists(held);
    }

    private static SequencedMap<String, String> environment(Step.Run step, CommandMounts mounts, Owner user) {
        SequencedMap<String, String> all = new LinkedHashMap<>(step.environment());
        step.proxies().forEach(all::putIfAbsent);
        all.putAll(mounts.environment());
        all.putIfAbsent("HOME", user.home() != null ? user.home() : user.uid() == 0 ? "/root" : "/");
        return all;
    }

    private static FailureException failed(Step.Run step, Exit exit) {
        String instruction = step.label().instruction();
        String shown = instruction.length() > 200 ? instruction.substring(0, 200) + "…" : instruction;
        NotStarted notStarted = exit.notStarted();
        if (notStarted != null) {
            return new FailureException(
                    new Failure(Failure.Cause.USER, shown + ": " + notStarted.what(), null, notStarted.mend()));
        }
        String how = exit.signal() == null ? "exit code " + exit.code() : "ended by signal " + exit.signal();
        return new FailureException(new Failure(
                Failure.Cause.USER, shown + ": " + how, null, mend(step, exit), String.join("\n", exit.lastLines())));
    }

    private static @Nullable String mend(Step.Run step, Exit exit) {
        if ("KILL".equals(exit.signal()) || "SIGKILL".equals(exit.signal()) || exit.code() == 137) {
            return "It was killed, most often for want of memory: give the build more, or let it use less";
        }
        List<String> words = step.arguments();
        return switch (exit.code()) {
            case 127 -> "127 means that a program was not found: is it installed in this stage, and in PATH?";
            case 126 ->
                "126 means that " + words.getFirst()
                        + " cannot be run: is it a program for this platform, with mode +x?";
            default -> null;
        };
    }

    @Override
    public void close() throws IOException {
        ahead.shutdownNow();
        ahead.close();
        closeSnapshots();
    }

    private synchronized void closeSnapshots() throws IOException {
        Snapshots present = snapshots;
        try (agents) {
            if (present != null) {
                present.close();
            }
        }
    }
}
