package dev.strata.operator;

import dev.strata.api.ImageBuildStatus.Base;
import dev.strata.api.ImageBuildStatus.PlatformStatus;
import dev.strata.api.ImageBuildStatus.StackLayer;
import dev.strata.api.ImageBuildStatus.Stage;
import dev.strata.api.ImageBuildStatus.Step;
import dev.strata.api.ImageBuildStatus.StepLayer;
import dev.strata.api.ImageBuildStatus.StepState;
import dev.strata.plan.Event;
import dev.strata.plan.Outcome;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * What one builder has told so far, folded from its log. The same log gives the same progress however often it is read,
 * since times are those at which the lines were written.
 *
 * <p>Bounded however long the log is: see the limits. Folded by one thread, looked at by others.
 */
final class Progress {
    private static final int MAX_STEPS_KEPT = 2_000;
    private static final int MAX_STEPS_SHOWN = 100;
    private static final int STEPS_SHOWN_WHATEVER_THEIR_STATE = 90;
    private static final int MAX_LAYERS = 127;
    private static final int MAX_WARNINGS = 10;
    private static final int MAX_BASES = 32;
    private static final int MAX_OUTPUT_LINES = 20;
    private static final int INSTRUCTION = 200;
    private static final int MESSAGE = 500;
    private static final int LINE = 300;

    private final String platform;
    private final Map<Milestone, Instant> reached = new EnumMap<>(Milestone.class);
    private final SequencedMap<Integer, StepProgress> steps = new LinkedHashMap<>();
    private final List<Base> bases = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();
    private final List<StackLayer> stack = new ArrayList<>();
    private final Deque<String> output = new ArrayDeque<>();
    private @Nullable Integer firstMissed;
    private int outputStep;
    private int warningsOmitted;
    private int stepsForgotten;
    private int layers;
    private long size;
    private @Nullable String revision;
    private @Nullable Outcome outcome;
    private @Nullable Held held;

    Progress(String platform) {
        this.platform = platform;
    }

    /**
     * What is known now.
     *
     * @param outcome null while the builder has not ended
     * @param held null where nothing is kept
     * @param layers of the finished image, those that are not listed in {@code stack} included
     * @param size bytes of these layers in the registry
     * @param firstMissed the first step, in the log's numbers, whose result was not in the cache; null where there is none
     * @param times when all this was
     */
    record Seen(
            PlatformStatus status,
            @Nullable Outcome outcome,
            @Nullable Held held,
            List<StackLayer> stack,
            int layers,
            long size,
            int steps,
            int cached,
            @Nullable Integer firstMissed,
            Times times) {}

    /**
     * When the builder did what.
     *
     * @param steps by stage and number, as {@link Timeline#step} names them; only those that have begun or were cached
     */
    record Times(Map<Milestone, Instant> reached, Map<String, Timeline.Interval> steps) {
        Times {
            reached = Map.copyOf(reached);
            steps = Map.copyOf(steps);
        }
    }

    /**
     * A step has failed, and its file system is kept.
     *
     * @param until when at the latest
     * @param message why it failed
     */
    record Held(Instant until, String message) {}

    private static final class StepProgress {
        final Event.StepKnown known;
        StepState state = StepState.WAITING;

        @Nullable
        Boolean cached;

        @Nullable
        String missReason;

        @Nullable
        Instant started;

        @Nullable
        Instant last;

        @Nullable
        Double seconds;

        @Nullable
        Long peakMemory;

        @Nullable
        String message;

        @Nullable
        StepLayer layer;

        StepProgress(Event.StepKnown known) {
            this.known = known;
        }

        Step step() {
            return new Step(
                    known.number(),
                    known.line() == 0 ? null : known.line(),
                    Text.cut(known.instruction(), INSTRUCTION),
                    state,
                    cached,
                    missReason,
                    started == null
                            ? null
                            : started.truncatedTo(ChronoUnit.SECONDS).toString(),
                    seconds,
                    peakMemory,
                    message,
                    layer);
        }
    }

    /** Takes one event in, written at {@code at}. What follows the end is not listened to. */
    synchronized void fold(Instant at, Event event) {
        if (outcome != null) {
            return;
        }
        switch (event) {
            case Event.Begun e -> begin(at, e);
            case Event.Planned planned -> reached.put(Milestone.PLANNED, at);
            case Event.Note note -> {}
            case Event.SourceReady e -> {
                reached.put(Milestone.SOURCE, at);
                revision = Text.cut(e.revision(), LINE);
            }
            case Event.BaseUsed e -> bound(e);
            case Event.BaseResolved e -> resolved(e);
            case Event.Warning e -> warn(e);
            case Event.StepKnown e -> know(e);
            case Event.StepOutput e -> remember(e);
            case Event.StepStarted e ->
                change(at, e.step(), step -> {
                    step.state = StepState.RUNNING;
                    step.started = at;
                });
            case Event.StepCached e ->
                change(at, e.step(), step -> {
                    step.state = StepState.DONE;
                    step.cached = true;
                });
            case Event.StepMissed e -> {
                firstMissed = firstMissed == null ? e.step() : Math.min(firstMissed, e.step());
                change(at, e.step(), step -> {
                    step.cached = false;
                    step.missReason = Text.cut(e.reason(), INSTRUCTION);
                });
            }
            case Event.StepMemory e -> change(at, e.step(), step -> step.peakMemory = e.peak());
            case Event.StepDone e ->
                change(at, e.step(), step -> {
                    step.state = StepState.DONE;
                    step.seconds = e.seconds();
                });
            case Event.StepFailed e ->
                change(at, e.step(), step -> {
                    step.state = StepState.FAILED;
                    step.seconds = e.seconds();
                    step.message = Text.cut(e.message(), MESSAGE);
                });
            case Event.StepHeld e -> hold(at, e);
            case Event.StepCanceled e -> change(at, e.step(), step -> step.state = StepState.CANCELED);
            case Event.StepLayer e -> change(at, e.step(), step -> step.layer = layer(e));
            case Event.StackLayer e -> {
                reached.putIfAbsent(Milestone.PUSHED, at);
                stack(e);
            }
            case Event.Ended e -> {
                reached.put(Milestone.ENDED, at);
                outcome = e.outcome();
            }
        }
    }

    private void begin(Instant at, Event.Begun begun) {
        reached.put(Milestone.PROCESS, at.minusMillis(begun.milliseconds()));
        reached.put(Milestone.BEGUN, at);
    }

    private void resolved(Event.BaseResolved base) {
        if (bases.size() < MAX_BASES) {
            bases.add(new Base(
                    Text.cut(base.name().toString(), LINE), base.digest().toString()));
        }
    }

    private void warn(Event.Warning warning) {
        if (warnings.size() < MAX_WARNINGS) {
            String where = warning.where() == null ? "" : warning.where() + ": ";
            warnings.add(Text.cut(where + warning.message(), LINE));
        } else {
            warningsOmitted++;
        }
    }

    /** Of several uses of one base the first that binds counts. */
    private void bound(Event.BaseUsed used) {
        String name = Text.cut(used.name().toString(), LINE);
        bases.replaceAll(base -> base.name().equals(name)
                        && (base.boundBy() == null || base.boundBy().isEmpty())
                ? new Base(name, base.digest(), Text.cut(used.boundBy(), INSTRUCTION))
                : base);
    }

    private void hold(Instant at, Event.StepHeld e) {
        String message = Text.cut(e.message(), MESSAGE);
        held = new Held(at.plusSeconds(e.seconds()), message);
        change(at, e.step(), step -> {
            step.state = StepState.FAILED;
            step.message = message;
        });
    }

    private void know(Event.StepKnown known) {
        if (steps.size() < MAX_STEPS_KEPT) {
            steps.putIfAbsent(known.step(), new StepProgress(known));
        } else {
            stepsForgotten++;
        }
    }

    private void change(Instant at, int id, java.util.function.Consumer<StepProgress> change) {
        reached.put(Milestone.LAST_STEP, at);
        StepProgress step = steps.get(id);
        if (step != null) {
            change.accept(step);
            step.last = at;
            if (step.cached != null || step.state == StepState.FAILED) {
                Instant begun = step.started == null ? at : step.started;
                reached.merge(Milestone.FIRST_STEP, begun, (known, other) -> other.isBefore(known) ? other : known);
            }
        }
    }

    /**
     * A step that failed goes on failing until the end: nothing is pushed after it. Where no step was looked up, as where
     * there is nothing but a base and settings, there is no last one either.
     */
    private Times times() {
        Map<Milestone, Instant> all = new EnumMap<>(reached);
        if (!all.containsKey(Milestone.FIRST_STEP)
                || steps.values().stream().anyMatch(step -> step.state == StepState.FAILED)) {
            all.remove(Milestone.LAST_STEP);
        }
        Map<String, Timeline.Interval> intervals = new HashMap<>();
        steps.values().forEach(step -> {
            if (step.last != null && (step.started != null || Boolean.TRUE.equals(step.cached))) {
                intervals.put(
                        Timeline.step(Text.cut(step.known.stage(), LINE), step.known.number()),
                        new Timeline.Interval(step.started == null ? step.last : step.started, step.last));
            }
        });
        return new Times(all, intervals);
    }

    /** Only the last lines of the step that wrote last: those are what a reader of a failure needs. */
    private void remember(Event.StepOutput line) {
        if (line.step() != outputStep) {
            output.clear();
            outputStep = line.step();
        }
        if (output.size() == MAX_OUTPUT_LINES) {
            output.removeFirst();
        }
        output.addLast(Text.cut(line.text(), LINE));
    }

    private void stack(Event.StackLayer e) {
        layers++;
        size += e.layer().blob().size();
        if (stack.size() < MAX_LAYERS) {
            stack.add(new StackLayer(
                    e.layer().blob().digest().toString(),
                    e.layer().diffId().toString(),
                    e.layer().blob().size(),
                    e.createdBy().isEmpty() ? null : Text.cut(e.createdBy(), INSTRUCTION),
                    e.base()));
        }
    }

    private static StepLayer layer(Event.StepLayer e) {
        return new StepLayer(
                e.layer().blob().digest().toString(),
                e.layer().diffId().toString(),
                e.layer().blob().size(),
                e.tarSize());
    }

    /** @param shown how many steps at most are given in full, because several platforms share one resource */
    synchronized Seen seen(@Nullable String isolation, int shown) {
        int cached = (int) steps.values().stream()
                .filter(step -> Boolean.TRUE.equals(step.cached))
                .count();
        return new Seen(
                status(isolation, Math.min(shown, MAX_STEPS_SHOWN)),
                outcome,
                outcome == null ? held : null,
                List.copyOf(stack),
                layers,
                size,
                steps.size() + stepsForgotten,
                cached,
                firstMissed,
                times());
    }

    private List<String> warnings() {
        List<String> shown = new ArrayList<>(warnings);
        if (warningsOmitted > 0) {
            shown.add("and " + warningsOmitted + " more in the builder pod's log");
        }
        return List.copyOf(shown);
    }

    private PlatformStatus status(@Nullable String isolation, int shown) {
        SequencedMap<String, List<Step>> stages = new LinkedHashMap<>();
        int given = 0;
        int always = shown * STEPS_SHOWN_WHATEVER_THEIR_STATE / MAX_STEPS_SHOWN;
        for (StepProgress step : steps.values()) {
            boolean telling = step.state == StepState.RUNNING || step.state == StepState.FAILED;
            if (given < always || (telling && given < shown)) {
                stages.computeIfAbsent(step.known.stage(), name -> new ArrayList<>())
                        .add(step.step());
                given++;
            }
        }
        int omitted = steps.size() + stepsForgotten - given;
        return new PlatformStatus(
                platform,
                outcome instanceof Outcome.Built built ? built.digest().toString() : null,
                isolation,
                revision,
                bases,
                stages.entrySet().stream()
                        .map(stage -> new Stage(Text.cut(stage.getKey(), LINE), stage.getValue()))
                        .toList(),
                omitted == 0 ? null : omitted,
                warnings(),
                outcome instanceof Outcome.Failed || (outcome == null && held != null)
                        ? List.copyOf(output)
                        : List.of());
    }
}
