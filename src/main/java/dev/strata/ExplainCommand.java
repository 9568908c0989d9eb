package dev.strata;

import dev.strata.graph.Forecast;
import dev.strata.image.Json;
import dev.strata.layer.Removal;
import dev.strata.plan.Event;
import dev.strata.plan.EventLog;
import dev.strata.plan.Failure;
import dev.strata.plan.FailureException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code strata explain}: the options of {@code build}, but it only says what would be built, or was, and why. */
@Command(
        name = "explain",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Says of each step whether it comes from the cache, and if not why not; builds nothing.",
        footer = {
            "",
            "It takes the options of build, so that one word makes a build its explanation; those that say where the"
                    + " image goes count for nothing. With --log it explains a build that was.",
            "",
            "Examples:",
            "  strata explain --cache-repo registry.example/team-a/shop-cache .",
            "  kubectl logs shop-7d0c-linux-amd64-1 | strata explain --log -",
            "",
            "Exit codes: 0 explained, 1 the build could not be begun, 2 wrong usage, 3 a registry or source failed."
        })
final class ExplainCommand extends BuildCommand {
    /** How it is printed. */
    enum Format {
        TEXT,
        JSON
    }

    @Option(
            names = "--log",
            paramLabel = "FILE",
            description = "Explain the build that wrote this log (--progress plain, or a builder pod's); - is standard"
                    + " input.")
    private @Nullable String log;

    @Option(names = "--format", paramLabel = "FORMAT", description = "text or json; default: text.")
    private Format format = Format.TEXT;

    /**
     * What became of a step.
     *
     * @param state {@code cached}, {@code missed} or, where that is decided only by what another step makes, {@code open}
     */
    record Line(
            String stage,
            int number,
            int line,
            String instruction,
            String state,
            @Nullable String reason) {}

    @Override
    public Integer call() throws IOException {
        try {
            print(log == null ? coming() : earlier(log));
            return Main.OK;
        } catch (FailureException e) {
            Failure failure = e.failure();
            command().commandLine().getErr().println(failure.sentence());
            return failure.cause() == Failure.Cause.OUTSIDE ? Main.OUTSIDE : Main.FAILED;
        }
    }

    private List<Line> coming() throws IOException {
        Path folder = stateFolder();
        Files.createDirectories(folder);
        Path temporary = Files.createTempDirectory(folder, "build");
        try {
            List<Line> lines = new ArrayList<>();
            for (Forecast forecast : engine(temporary, event -> {}).forecast()) {
                lines.add(line(forecast));
            }
            return lines;
        } finally {
            Removal.of(temporary);
        }
    }

    private static Line line(Forecast forecast) {
        var label = forecast.step().label();
        String state = switch (forecast) {
            case Forecast.Cached _ -> "cached";
            case Forecast.Missed _ -> "missed";
            case Forecast.Open _ -> "open";
        };
        String reason = switch (forecast) {
            case Forecast.Cached _ -> null;
            case Forecast.Missed missed -> missed.reason();
            case Forecast.Open open ->
                "it reads what [" + open.source().label().stage() + " "
                        + open.source().label().number() + "] will make";
        };
        return new Line(label.stage(), label.number(), label.line(), label.instruction(), state, reason);
    }

    private List<Line> earlier(String name) throws IOException {
        SequencedMap<Integer, Line> steps = new LinkedHashMap<>();
        try (BufferedReader reader = name.equals("-")
                ? new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))
                : Files.newBufferedReader(Path.of(name))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                EventLog.read(line).ifPresent(event -> note(event, steps));
            }
        }
        return steps.values().stream().filter(line -> !line.state().isEmpty()).toList();
    }

    private static void note(Event event, SequencedMap<Integer, Line> steps) {
        if (event instanceof Event.StepKnown e) {
            steps.put(e.step(), new Line(e.stage(), e.number(), e.line(), e.instruction(), "", null));
        } else if (event instanceof Event.StepCached e) {
            set(steps, e.step(), "cached", null);
        } else if (event instanceof Event.StepMissed e) {
            set(steps, e.step(), "missed", e.reason());
        }
    }

    private static void set(SequencedMap<Integer, Line> steps, int step, String state, @Nullable String reason) {
        steps.computeIfPresent(
                step,
                (key, known) ->
                        new Line(known.stage(), known.number(), known.line(), known.instruction(), state, reason));
    }

    private void print(List<Line> lines) {
        PrintWriter out = command().commandLine().getOut();
        switch (format) {
            case JSON -> out.println(Json.text(Map.of("steps", lines)));
            case TEXT -> {
                for (Line line : lines) {
                    out.printf("[%s %d :%d] %s%n", line.stage(), line.number(), line.line(), line.instruction());
                    out.println("    " + line.state() + (line.reason() == null ? "" : ": " + line.reason()));
                }
                long cached = lines.stream()
                        .filter(line -> line.state().equals("cached"))
                        .count();
                out.println(cached + " of " + lines.size() + " cached");
            }
        }
        out.flush();
    }
}
