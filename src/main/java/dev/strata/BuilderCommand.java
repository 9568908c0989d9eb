package dev.strata;

import dev.strata.builder.Build;
import dev.strata.builder.BuildSettings;
import dev.strata.image.Json;
import dev.strata.plan.Event;
import dev.strata.plan.EventLog;
import dev.strata.plan.Failure;
import dev.strata.plan.Outcome;
import dev.strata.plan.Plan;
import java.io.IOException;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code strata builder}: the one process of a builder pod. Its output is the protocol that the operator reads. */
@Command(
        name = "builder",
        mixinStandardHelpOptions = true,
        description = "Does one build as a plan says, in a pod; its output is read by the operator.",
        footer = {
            "",
            "STRATA_ISOLATION says what the pod allows: userNamespace, sysAdmin, privileged, or none (then no RUN).",
            "STRATA_HOLD_SECONDS keeps the file system of a RUN that failed so long; bin/strata-shell opens a shell in it.",
            "A person wants \"strata build\"."
        })
final class BuilderCommand implements Callable<Integer> {
    /** What Kubernetes keeps of a termination message. */
    private static final int MESSAGE_BYTES = 4096;
    /** A name as long as names usually are. */
    private static final int NAME_BYTES = 50;

    /** How long commands may take to end after SIGTERM; the kubelet waits 30 s. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static final Path UPTIME = Path.of("/proc/uptime");

    @Option(
            names = "--plan",
            defaultValue = "/strata/plan/plan.json",
            description = "The plan; default: ${DEFAULT-VALUE}.")
    private Path plan = Path.of("/strata/plan/plan.json");

    @Option(
            names = "--work",
            defaultValue = "/strata/work",
            description = "Folder for everything; default: ${DEFAULT-VALUE}.")
    private Path work = Path.of("/strata/work");

    @Option(
            names = "--termination-log",
            defaultValue = "/dev/termination-log",
            description = "Where the outcome is kept for the cluster; default: ${DEFAULT-VALUE}.")
    private Path terminationLog = Path.of("/dev/termination-log");

    @Override
    public Integer call() {
        PrintStream out = System.out;
        out.println(begins(new Main.Version().getVersion()[0], System.getenv("STRATA_BEGAN"), UPTIME));
        out.flush();
        Outcome outcome;
        // A pod that is stopped gets SIGTERM.
        try (Stopping _ = new Stopping(PATIENCE)) {
            outcome = build(event -> {
                out.println(EventLog.write(event));
                out.flush();
            });
        }
        return outcome instanceof Outcome.Built ? Main.OK : Main.FAILED;
    }

    /**
     * The first line, whose time parts the pod's start from the build. It says how long the start took, too, where that is
     * known; otherwise it is no event.
     *
     * @param name such as {@code strata 0.1.0}
     * @param began what {@code uptime} held when the container's process began; null where nobody looked
     * @param uptime proc(5)'s {@code /proc/uptime}: seconds since the start of the machine, in hundredths
     */
    static String begins(String name, @Nullable String began, Path uptime) {
        if (began == null) {
            return name + " begins";
        }
        try {
            BigDecimal now = new BigDecimal(Files.readString(uptime).split(" ", 2)[0]);
            long milliseconds =
                    now.subtract(new BigDecimal(began)).movePointRight(3).longValueExact();
            return milliseconds < 0
                    ? name + " begins"
                    : EventLog.write(new Event.Begun(name.substring(name.indexOf(' ') + 1), milliseconds));
        } catch (IOException | ArithmeticException | NumberFormatException unknown) {
            return name + " begins"; // how long a start took is worth no failure
        }
    }

    private Outcome build(java.util.function.Consumer<Event> events) {
        Plan read;
        try {
            read = Json.read(Files.readAllBytes(plan), Plan.class);
        } catch (IOException e) {
            Outcome outcome = new Outcome.Failed(new Failure(
                    Failure.Cause.OURS, "the plan cannot be read: " + e.getMessage(), plan.toString(), null));
            events.accept(new Event.Ended(outcome));
            keep(outcome);
            return outcome;
        }
        BuildSettings settings = new BuildSettings(
                work.resolve("state"),
                work.resolve("temporary"),
                !"none".equals(System.getenv("STRATA_ISOLATION")),
                System.getenv("STRATA_SNAPSHOTS"),
                BuildSettings.commandsByDefault(),
                hold());
        Build build = new Build(read, settings, events, Clock.systemUTC());
        Outcome outcome = build.run();
        keep(outcome);
        String cleaned = build.cleanUp();
        if (!cleaned.isEmpty()) {
            System.err.println(cleaned);
        }
        return outcome;
    }

    private static Duration hold() {
        String seconds = System.getenv("STRATA_HOLD_SECONDS");
        return seconds == null ? Duration.ZERO : Duration.ofSeconds(Long.parseLong(seconds));
    }

    private void keep(Outcome outcome) {
        if (!Files.isWritable(terminationLog)) {
            return; // outside of a pod
        }
        try {
            Files.write(terminationLog, message(outcome));
        } catch (IOException e) {
            System.err.println("the outcome cannot be kept in " + terminationLog + ": " + e.getMessage());
        }
    }

    /** The outcome as JSON, its texts cut and its names left out until it fits. */
    static byte[] message(Outcome outcome) {
        byte[] whole = Json.bytes(outcome);
        for (int length = 2000; whole.length > MESSAGE_BYTES && length > 50; length /= 2) {
            whole = Json.bytes(shortened(outcome, length));
        }
        return whole;
    }

    private static Outcome shortened(Outcome outcome, int length) {
        return switch (outcome) {
            case Outcome.Failed(Failure failure) ->
                new Outcome.Failed(new Failure(
                        failure.cause(),
                        start(failure.what(), length),
                        failure.where() == null ? null : start(failure.where(), length),
                        failure.mend() == null ? null : start(failure.mend(), length),
                        failure.detail() == null ? null : end(failure.detail(), length)));
            case Outcome.Built built ->
                new Outcome.Built(
                        built.digest(),
                        built.names().subList(0, Math.min(built.names().size(), Math.max(1, length / NAME_BYTES))));
        };
    }

    private static String start(String text, int length) {
        if (text.length() <= length) {
            return text;
        }
        boolean pair = Character.isHighSurrogate(text.charAt(length - 1));
        return text.substring(0, pair ? length - 1 : length) + "…";
    }

    /** Of a command's output the end says most. */
    private static String end(String text, int length) {
        if (text.length() <= length) {
            return text;
        }
        int from = text.length() - length;
        return "…" + text.substring(Character.isLowSurrogate(text.charAt(from)) ? from + 1 : from);
    }
}
