package dev.strata.builder;

import dev.strata.graph.BuildGraph;
import dev.strata.graph.FileSystem;
import dev.strata.graph.Label;
import dev.strata.graph.Listener;
import dev.strata.graph.Step;
import dev.strata.plan.Event;
import dev.strata.plan.FailureException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Tells how steps go as events, under numbers in the order of the Dockerfile, and keeps the layers they made. */
final class StepEvents implements Listener, Commands.Numbers {
    private final Consumer<Event> events;
    private final Map<Integer, Integer> numbers = new HashMap<>();
    private final Map<Integer, FileSystem.Made> made = new ConcurrentHashMap<>();

    StepEvents(BuildGraph graph, Consumer<Event> events) {
        this.events = events;
        List<Step.Visible> ordered = new ArrayList<>(graph.visible());
        ordered.sort(Comparator.<Step.Visible>comparingInt(step -> step.label().line())
                .thenComparingInt(Step::id));
        for (Step.Visible step : ordered) {
            numbers.put(step.id(), numbers.size() + 1);
        }
        for (Step.Visible step : ordered) {
            Label label = step.label();
            events.accept(new Event.StepKnown(
                    of(step), label.stage(), label.number(), label.total(), label.line(), label.instruction()));
        }
    }

    @Override
    public int of(Step step) {
        return numbers.getOrDefault(step.id(), 0);
    }

    Map<Integer, FileSystem.Made> layers() {
        return made;
    }

    @Override
    public void started(Step.Visible step) {
        events.accept(new Event.StepStarted(of(step)));
    }

    @Override
    public void cached(Step.Visible step) {
        events.accept(new Event.StepCached(of(step)));
    }

    @Override
    public void missed(Step.Visible step, String reason) {
        events.accept(new Event.StepMissed(of(step), reason));
    }

    @Override
    public void done(Step.Visible step, double seconds) {
        events.accept(new Event.StepDone(of(step), seconds));
    }

    @Override
    public void failed(Step.Visible step, double seconds, Throwable failure) {
        String what =
                failure instanceof FailureException known ? known.failure().what() : failure.getMessage();
        events.accept(new Event.StepFailed(
                of(step), seconds, what == null ? failure.getClass().getSimpleName() : what));
    }

    @Override
    public void canceled(Step.Visible step) {
        events.accept(new Event.StepCanceled(of(step)));
    }

    @Override
    public void made(Step.Visible step, FileSystem.Made layer) {
        made.put(step.id(), layer);
        events.accept(new Event.StepLayer(of(step), layer.layer(), layer.tarSize()));
    }
}
