package dev.strata.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** Does steps by writing down that it did: what a step makes is the text of what it did, unless a test says otherwise. */
final class TestWorker implements Worker {
    final List<String> ran = Collections.synchronizedList(new ArrayList<>());
    /** Instructions that were expected, each with what it would stand on. */
    final List<String> expected = new CopyOnWriteArrayList<>();
    /** Instructions that were told as lying between an expected one and what it stands on. */
    final List<String> anew = new CopyOnWriteArrayList<>();

    final List<String> restored = Collections.synchronizedList(new ArrayList<>());
    final Map<String, String> files = new ConcurrentHashMap<>();
    private final Map<String, String> results = new HashMap<>();
    private final Map<String, Callable<?>> hooks = new HashMap<>();
    private final Map<String, Runnable> reading = new HashMap<>();
    private final Map<String, CompletableFuture<Void>> late = new HashMap<>();

    /** @param text what the step's file system is told by */
    record Made(String text, CompletableFuture<FileSystem.Made> made) implements FileSystem {}

    /** The step of this instruction makes this. */
    TestWorker makes(String instruction, String result) {
        results.put(instruction, result);
        return this;
    }

    /** While the step runs, this is done. */
    TestWorker during(String instruction, Callable<?> hook) {
        hooks.put(instruction, hook);
        return this;
    }

    /** While it is read what the step takes, this is done. */
    TestWorker whileReading(String instruction, Runnable hook) {
        reading.put(instruction, hook);
        return this;
    }

    /** The step's layer is complete only when the future is. */
    TestWorker layerAfter(String instruction, CompletableFuture<Void> moment) {
        late.put(instruction, moment);
        return this;
    }

    @Override
    public FileSystem source(Step step) {
        String text = step instanceof Step.Files context ? "context " + context.context() : "source " + step.id();
        return new Made(text, new CompletableFuture<>());
    }

    @Override
    public FileSystem restore(Step.Layered step, FileSystem parent, FileSystem.Made made) {
        restored.add(step.label().instruction());
        return new Made(made.layer().diffId().hex(), CompletableFuture.completedFuture(made));
    }

    @Override
    public void expect(Step.Layered step, FileSystem below, List<Step.Layered> between) {
        expected.add(step.label().instruction() + " on " + ((Made) below).text());
        between.forEach(lower -> anew.add(lower.label().instruction()));
    }

    @Override
    public FileSystem run(Step.Layered step, Map<Integer, FileSystem> inputs, boolean first) {
        String instruction = step.label().instruction();
        ran.add(instruction);
        @Nullable Callable<?> hook = hooks.get(instruction);
        if (hook != null) {
            call(hook);
        }
        String text = results.getOrDefault(instruction, "made by " + instruction);
        FileSystem.Made made = new FileSystem.Made(TestBases.layer(TestBases.digest(text)), text.length(), null);
        return new Made(
                TestBases.digest(text).hex(),
                late.getOrDefault(instruction, CompletableFuture.completedFuture(null))
                        .thenApply(nothing -> made));
    }

    private static void call(Callable<?> hook) {
        try {
            hook.call();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted");
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public Contents contents(Step.Layered step, Map<Integer, FileSystem> inputs) {
        reading.getOrDefault(step.label().instruction(), () -> {}).run();
        StringBuilder whole = new StringBuilder();
        TreeMap<String, String> single = new TreeMap<>();
        for (int id : step.inputs().subList(1, step.inputs().size())) {
            String text = inputs.get(id) instanceof Made made ? made.text() : "";
            whole.append(text).append(files);
        }
        if (step instanceof Step.Copy copy) {
            for (Step.Item item : copy.items()) {
                if (item instanceof Step.Item.Paths paths && files.containsKey(paths.pattern())) {
                    single.put(paths.pattern(), files.get(paths.pattern()));
                }
            }
        }
        return new Contents(TestBases.digest(whole.toString()).hex(), single);
    }
}
