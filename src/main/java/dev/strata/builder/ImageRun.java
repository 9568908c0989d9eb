package dev.strata.builder;

import dev.strata.image.Execution;
import dev.strata.layer.DiskTree;
import dev.strata.plan.Failure;
import dev.strata.plan.FailureException;
import dev.strata.sandbox.Active;
import dev.strata.sandbox.Drivers;
import dev.strata.sandbox.Exit;
import dev.strata.sandbox.MountPoint;
import dev.strata.sandbox.OciRuntime;
import dev.strata.sandbox.RunCommand;
import dev.strata.sandbox.Snapshots;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One command in an image's root, in the sandbox that RUN has; what it writes is thrown away.
 *
 * @param arguments in place of the image's CMD; empty: CMD counts
 * @param entrypoint in place of the image's; null: that counts, empty: none
 * @param environment beside the image's own
 * @param workingDirectory and {@code user}: null: the image's
 */
public record ImageRun(
        List<String> arguments,
        @Nullable List<String> entrypoint,
        SequencedMap<String, String> environment,
        @Nullable String workingDirectory,
        @Nullable String user,
        List<MountPoint> mounts,
        boolean networkNone,
        List<String> addHosts) {
    private static final String DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    public ImageRun {
        arguments = List.copyOf(arguments);
        entrypoint = entrypoint == null ? null : List.copyOf(entrypoint);
        environment = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(environment));
        mounts = List.copyOf(mounts);
        addHosts = List.copyOf(addHosts);
    }

    /**
     * Runs to the end.
     *
     * @param lines told each line of output as it comes, from another thread
     * @param warnings told what of the image could not be made here
     * @throws FailureException where no command can run here, or the image has none
     */
    public Exit in(
            OpenImages.Opened image,
            OpenImages images,
            BuildSettings settings,
            Consumer<String> lines,
            Consumer<String> warnings)
            throws IOException {
        if (!settings.sandbox()) {
            throw new FailureException(new Failure(
                    Failure.Cause.USER,
                    "a command needs a sandbox, which this place does not allow (isolation \"none\")",
                    null,
                    "Run it as root, or where STRATA_ISOLATION can be userNamespace"));
        }
        Execution execution = image.image().config().config();
        List<String> command = command(execution, image.name());
        try (Snapshots snapshots = Drivers.choose(settings.state().resolve("snapshots"), settings.driver(), warnings);
                Active active = snapshots.begin(snapshots.of(image.image().layers(), images::openTar))) {
            Owner owner = Owner.ofProcess(
                    user != null ? user : execution.user() == null ? "" : execution.user(),
                    new DiskTree(active.root()),
                    "--user");
            RunCommand run = new RunCommand(
                    active.root(),
                    command,
                    environment(execution, owner),
                    workingDirectory(execution),
                    owner.uid(),
                    owner.gid(),
                    owner.groups(),
                    mounts,
                    networkNone,
                    addHosts,
                    false);
            return OciRuntime.find(settings.temporary().resolve("runtime")).run(run, lines);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("the command was stopped");
        }
    }

    private List<String> command(Execution execution, String image) {
        List<String> words = new ArrayList<>(entrypoint != null ? entrypoint : orEmpty(execution.entrypoint()));
        if (!arguments.isEmpty()) {
            words.addAll(arguments);
        } else if (entrypoint == null) {
            words.addAll(orEmpty(execution.cmd()));
        }
        if (words.isEmpty()) {
            throw new FailureException(new Failure(
                    Failure.Cause.USER,
                    image + " says no command of its own",
                    null,
                    "Give one behind the image's name"));
        }
        return words;
    }

    private static List<String> orEmpty(@Nullable List<String> words) {
        return words == null ? List.of() : words;
    }

    private SequencedMap<String, String> environment(Execution execution, Owner owner) {
        SequencedMap<String, String> all = new LinkedHashMap<>();
        for (String variable : execution.env()) {
            int equals = variable.indexOf('=');
            all.put(
                    equals < 0 ? variable : variable.substring(0, equals),
                    equals < 0 ? "" : variable.substring(equals + 1));
        }
        all.putAll(environment);
        all.putIfAbsent("PATH", DEFAULT_PATH);
        all.putIfAbsent("HOME", owner.home() != null ? owner.home() : owner.uid() == 0 ? "/root" : "/");
        return all;
    }

    private String workingDirectory(Execution execution) {
        String path = workingDirectory != null ? workingDirectory : execution.workingDir();
        return path == null || path.isEmpty() ? "/" : path.startsWith("/") ? path : "/" + path;
    }
}
