package dev.strata.graph;

import dev.strata.image.Layer;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Brings the steps of a graph to their results: from the cache where it knows them, from a worker otherwise, as much
 * at once as they allow.
 *
 * <p>Each step has three answers, each worked out once and only when it is asked for: its key, whether the cache knows
 * it, and its file system. Keys need no results but those whose content they name, so a whole chain is looked up at
 * once.
 */
public final class Solver {
    private final Cache cache;
    private final Worker worker;
    private final Listener listener;
    private final Clock clock;
    private final @Nullable Duration maxAge;
    private final Semaphore commands;

    public Solver(Cache cache, Worker worker, Listener listener, Clock clock, int commands) {
        this(cache, worker, listener, clock, null, commands);
    }

    /**
     * @param maxAge records that are older are not taken; null takes all
     * @param commands how many steps may work at once
     */
    public Solver(Cache cache, Worker worker, Listener listener, Clock clock, @Nullable Duration maxAge, int commands) {
        this.cache = cache;
        this.worker = worker;
        this.listener = listener;
        this.clock = clock;
        this.maxAge = maxAge;
        this.commands = new Semaphore(commands);
    }

    /**
     * Solves the graph's product.
     *
     * @return the file systems of its chain, bottom first, with every layer made
     * @throws RuntimeException of the first step that failed; the others are stopped then
     */
    public List<FileSystem> solve(BuildGraph graph) throws InterruptedException {
        try (Run run = new Run(graph)) {
            return run.solve();
        }
    }

    /**
     * Says of every step that makes a layer what would become of it, and does none.
     *
     * @throws RuntimeException where files that a step reads cannot be read
     */
    public List<Forecast> forecast(BuildGraph graph) {
        try (Run run = new Run(graph, true)) {
            return run.nodes.stream()
                    .filter(node -> node.step instanceof Step.Layered)
                    .map(Run.Node::forecast)
                    .toList();
        }
    }

    /** A step's key depends on what another one makes, which is not done now. */
    private static final class OpenException extends RuntimeException {
        private final transient Step.Layered source;

        OpenException(Step.Layered source) {
            super("what step " + source.id() + " makes is not known");
            this.source = source;
        }
    }

    /** One graph being solved. */
    private final class Run implements AutoCloseable {
        private final BuildGraph graph;
        private final boolean onlyLooks;
        private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        private final List<Node> nodes = new ArrayList<>();
        private final CompletableFuture<Void> broken = new CompletableFuture<>();
        private final AtomicBoolean stopped = new AtomicBoolean();

        /** Layers that are complete are kept even when the build breaks, so these threads are never interrupted. */
        private final ExecutorService keepers = Executors.newVirtualThreadPerTaskExecutor();

        Run(BuildGraph graph) {
            this(graph, false);
        }

        Run(BuildGraph graph, boolean onlyLooks) {
            this.graph = graph;
            this.onlyLooks = onlyLooks;
            graph.steps().forEach(step -> nodes.add(new Node(step)));
        }

        List<FileSystem> solve() throws InterruptedException {
            List<Node> chain =
                    graph.chain().stream().map(step -> nodes.get(step.id())).toList();
            CompletableFuture<List<FileSystem>> all = CompletableFuture.supplyAsync(
                    () -> {
                        List<FileSystem> results = new ArrayList<>();
                        nodes.get(graph.product().step()).result.get();
                        for (Node node : chain) {
                            results.add(node.result.get());
                        }
                        nodes.forEach(Node::awaitKept);
                        nodes.forEach(Node::endUnasked);
                        return results;
                    },
                    threads);
            try {
                CompletableFuture.anyOf(broken, all).get(); // what was stopped fails, too, but only after what broke
                return all.join();
            } catch (ExecutionException | CompletionException e) {
                throw unwrap(e);
            }
        }

        /** The first failure is the build's; what fails after it only because it was stopped does not count. */
        private void fail(Throwable failure) {
            if (onlyLooks) {
                return; // each step is looked at for itself
            }
            if (stopped.compareAndSet(false, true)) {
                broken.completeExceptionally(failure);
                threads.shutdownNow();
            }
        }

        @Override
        public void close() {
            stopped.set(true);
            threads.shutdownNow();
            threads.close();
            nodes.forEach(Node::settle);
            keepers.close();
            nodes.forEach(Node::cancel);
        }

        /** Waits for something that is worked out once, in a thread of its own. */
        private final class Once<T> {
            private final Supplier<T> work;
            private final CompletableFuture<T> value = new CompletableFuture<>();
            private final AtomicBoolean begun = new AtomicBoolean();

            Once(Supplier<T> work) {
                this.work = work;
            }

            /** Begins the work where it has not begun, and does not wait. */
            Once<T> begin() {
                if (begun.compareAndSet(false, true)) {
                    try {
                        threads.execute(this::work);
                    } catch (RejectedExecutionException e) {
                        value.completeExceptionally(new CancellationException("the build was stopped"));
                    }
                }
                return this;
            }

            private void work() {
                try {
                    value.complete(work.get());
                } catch (Throwable failure) {
                    value.completeExceptionally(failure);
                    fail(failure);
                }
            }

            T get() {
                begin();
                try {
                    return value.join();
                } catch (CompletionException e) {
                    throw unwrap(e);
                }
            }
        }

        /** A step and its answers. */
        private final class Node {
            private final Step step;
            private final Once<CacheKey> key = new Once<>(this::findKey);
            private final Once<Optional<CacheRecord>> hit = new Once<>(this::lookUp);
            private final Once<FileSystem> result = new Once<>(this::work);
            private volatile SequencedMap<String, String> ingredients = new LinkedHashMap<>();
            private volatile boolean aged;
            private volatile boolean ended;
            private volatile @Nullable CompletableFuture<Void> kept;

            Node(Step step) {
                this.step = step;
            }

            private CacheKey findKey() {
                if (!(step instanceof Step.Layered layered)) {
                    return Ingredients.source(step);
                }
                List<Node> inputs = layered.inputs().stream().map(nodes::get).toList();
                inputs.forEach(input -> input.key.begin());
                Contents contents = contents(layered);
                ingredients = Ingredients.of(layered, inputs.getFirst().key.get(), contents, worker.form());
                return CacheKey.of(ingredients);
            }

            private Contents contents(Step.Layered layered) {
                Map<Integer, FileSystem> inputs = new HashMap<>();
                List<Integer> sources =
                        layered.inputs().subList(1, layered.inputs().size());
                boolean remembered = !sources.isEmpty()
                        && sources.stream().noneMatch(id -> nodes.get(id).step instanceof Step.Files);
                CacheKey contentsKey = null;
                if (remembered) {
                    Map<Integer, CacheKey> keys = new HashMap<>();
                    sources.forEach(id -> nodes.get(id).hit.begin());
                    sources.forEach(id -> keys.put(id, nodes.get(id).key.get()));
                    contentsKey = Ingredients.contentsKey(layered, keys);
                    Optional<Contents> known = layered.noCache() ? Optional.empty() : cache.contents(contentsKey);
                    // A source that is made anew may come out otherwise: what it was is then no answer.
                    if (known.isPresent()
                            && sources.stream().allMatch(id -> nodes.get(id).stands())) {
                        return known.get();
                    }
                }
                refuseToWork(sources);
                sources.forEach(id -> nodes.get(id).result.begin());
                sources.forEach(id -> inputs.put(id, nodes.get(id).result.get()));
                Contents contents = read(layered, inputs);
                if (contentsKey != null) {
                    cache.putContents(contentsKey, contents);
                }
                return contents;
            }

            private void refuseToWork(List<Integer> sources) {
                for (int id : sources) {
                    if (onlyLooks
                            && nodes.get(id).step instanceof Step.Layered made
                            && !nodes.get(id).stands()) {
                        throw new OpenException(made);
                    }
                }
            }

            Forecast forecast() {
                Step.Layered layered = (Step.Layered) step;
                try {
                    return hit.get().isPresent()
                            ? new Forecast.Cached(layered)
                            : new Forecast.Missed(
                                    layered, missReason(layered, cache.latest(Ingredients.slot(layered))));
                } catch (OpenException e) {
                    return new Forecast.Open(layered, e.source);
                }
            }

            /** A step whose sources cannot be read has failed before it could begin. */
            private Contents read(Step.Layered layered, Map<Integer, FileSystem> inputs) {
                try {
                    return worker.contents(layered, inputs);
                } catch (RuntimeException | Error e) {
                    if (!stopped.get() && !onlyLooks) {
                        ended = true;
                        listener.started(layered);
                        listener.failed(layered, 0, e);
                    }
                    throw e;
                }
            }

            private Optional<CacheRecord> lookUp() {
                if (!(step instanceof Step.Layered layered)) {
                    return Optional.empty();
                }
                CacheKey wanted = key.get();
                if (layered.noCache()) {
                    return Optional.empty();
                }
                Node parent = nodes.get(layered.parent());
                parent.hit.begin();
                // A layer is the difference to the one below it: where that is made anew, this one does not fit.
                boolean free = !ingredients.containsKey(Ingredients.PARENT);
                return cache.find(wanted).filter(this::isFresh).filter(record -> free || parent.stands());
            }

            private boolean isFresh(CacheRecord record) {
                aged = maxAge != null && record.kept().plus(maxAge).isBefore(clock.instant());
                return !aged;
            }

            /** Whether the step's file system is what it was when it was last built. */
            private boolean stands() {
                return !(step instanceof Step.Layered) || hit.get().isPresent();
            }

            private FileSystem work() {
                if (!(step instanceof Step.Layered layered)) {
                    FileSystem source = worker.source(step);
                    if (step instanceof Step.Visible visible) {
                        listener.started(visible);
                        ended = true;
                        listener.done(visible, 0);
                    }
                    return source;
                }
                // The parent's layers are wanted in any case; it need not wait for this step's key.
                Once<FileSystem> parent = nodes.get(layered.parent()).result.begin();
                hit.begin(); // may fail because of a file, and must not wait for a cache then
                expectEarly(layered);
                Optional<CacheRecord> found = hit.get();
                if (found.isPresent()) {
                    FileSystem.Made made = found.get().made();
                    FileSystem restored = worker.restore(layered, parent.get(), made);
                    ended = true;
                    listener.cached(layered);
                    listener.made(layered, made);
                    return restored;
                }
                Map<Integer, FileSystem> inputs = new HashMap<>();
                layered.inputs().forEach(id -> nodes.get(id).result.begin());
                List<Step.Layered> between = anewBelow(layered);
                int standing =
                        between.isEmpty() ? layered.parent() : between.getLast().parent();
                worker.expect(layered, nodes.get(standing).result.get(), between);
                layered.inputs()
                        .forEach(id -> inputs.put(id, nodes.get(id).result.get()));
                return execute(layered, inputs);
            }

            /**
             * What a step will surely or most likely need of its base is asked for before its key is known, since that takes as long
             * as to read all that is copied: by the first command on a base, and by a copy onto a base on which no command stands.
             */
            private void expectEarly(Step.Layered layered) {
                boolean early = switch (layered) {
                    case Step.Run _ -> isFirstCommand(layered);
                    case Step.Copy copy ->
                        !copy.link() && base() == nodes.get(copy.parent()) && !isStoodOnByCommands(base());
                    case Step.MakeDirectory _ -> false; // reads nothing that takes time
                };
                if (early && (layered.noCache() || cache.isNew(Ingredients.slot(layered)))) {
                    worker.expect(layered, base().result.get(), List.of());
                }
            }

            /** What is left when all that the build puts on it is taken away. */
            private Node base() {
                Node below = this;
                while (below.step instanceof Step.Layered lower) {
                    below = nodes.get(lower.parent());
                }
                return below;
            }

            private boolean isFirstCommand(Step.Layered command) {
                Node below = nodes.get(command.parent());
                while (below.step instanceof Step.Layered lower) {
                    if (lower instanceof Step.Run) {
                        return false;
                    }
                    below = nodes.get(lower.parent());
                }
                return true;
            }

            /** Whoever unpacks an image sees what is in it, too, in whatever stage. */
            private boolean isStoodOnByCommands(Node base) {
                return nodes.stream()
                        .anyMatch(node -> node.step instanceof Step.Run
                                && node.base().layers().equals(base.layers()));
            }

            private List<Layer> layers() {
                return step instanceof Step.Base image ? image.image().layers() : List.of();
            }

            /** The steps right below that are made anew, too, the nearest first. */
            private List<Step.Layered> anewBelow(Step.Layered layered) {
                List<Step.Layered> anew = new ArrayList<>();
                Node below = nodes.get(layered.parent());
                while (!below.stands() && below.step instanceof Step.Layered lower) {
                    anew.add(lower);
                    below = nodes.get(lower.parent());
                }
                return anew;
            }

            private FileSystem execute(Step.Layered layered, Map<Integer, FileSystem> inputs) {
                acquire();
                long begun = System.nanoTime();
                try {
                    listener.started(layered);
                    Optional<CacheRecord> before = cache.latest(Ingredients.slot(layered));
                    listener.missed(layered, missReason(layered, before));
                    FileSystem made = worker.run(layered, inputs, before.isEmpty());
                    double seconds = seconds(begun);
                    kept = made.made()
                            .thenAcceptAsync(layer -> keep(layered, layer, seconds), keepers)
                            .whenComplete((layer, failure) -> {
                                if (failure != null) {
                                    notKept(layered, seconds, failure);
                                }
                            });
                    return made;
                } catch (RuntimeException | Error e) {
                    endBadly(layered, seconds(begun), e);
                    throw e;
                } finally {
                    commands.release();
                }
            }

            private String missReason(Step.Layered layered, Optional<CacheRecord> before) {
                return aged && maxAge != null
                        ? Miss.aged(maxAge)
                        : Miss.reason(layered, shown(layered), before.orElse(null));
            }

            private void acquire() {
                try {
                    commands.acquire();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new CancellationException("the build was stopped");
                }
            }

            /**
             * A step is told as done when its layer is kept: what was told need not be done again, whatever happens next. The
             * steps above it do not wait for that.
             */
            private void keep(Step.Layered layered, FileSystem.Made made, double seconds) {
                List<CacheKey> needs = layered.inputs().stream()
                        .map(nodes::get)
                        .filter(node -> node.step instanceof Step.Layered)
                        .map(node -> node.key.get())
                        .toList();
                cache.put(new CacheRecord(
                        key.get(), Ingredients.slot(layered), shown(layered), needs, made, clock.instant()));
                ended = true;
                listener.done(layered, seconds);
                listener.made(layered, made);
            }

            /** It was worked on, but its layer could not be made of that. */
            private void notKept(Step.Layered layered, double seconds, Throwable failure) {
                Throwable cause = failure instanceof CompletionException e ? unwrap(e) : failure;
                endBadly(layered, seconds, cause);
                fail(cause);
            }

            private void endBadly(Step.Layered layered, double seconds, Throwable failure) {
                ended = true;
                if (stopped.get()) {
                    listener.canceled(layered);
                } else {
                    listener.failed(layered, seconds, failure);
                }
            }

            private SequencedMap<String, String> shown(Step.Layered layered) {
                return Miss.shown(ingredients, nodes.get(layered.parent()).step);
            }

            void awaitKept() {
                CompletableFuture<Void> waiting = kept;
                if (waiting != null) {
                    try {
                        waiting.join();
                    } catch (CompletionException e) {
                        throw unwrap(e);
                    }
                }
            }

            /** Waits for the layer of a step that is done, whatever became of the others. */
            void settle() {
                CompletableFuture<Void> waiting = kept;
                if (waiting != null) {
                    waiting.exceptionally(failure -> null).join();
                }
            }

            /** A step whose result nobody asked for, since what is taken from it was known. */
            void endUnasked() {
                if (!ended && step instanceof Step.Visible visible) {
                    ended = true;
                    listener.cached(visible);
                }
            }

            void cancel() {
                if (!ended && !onlyLooks && step instanceof Step.Visible visible) {
                    listener.canceled(visible);
                }
            }
        }
    }

    private static double seconds(long begun) {
        return (System.nanoTime() - begun) / 1e9;
    }

    private static RuntimeException unwrap(Exception e) {
        Throwable cause = e.getCause();
        if (cause instanceof RuntimeException failure) {
            return failure;
        }
        if (cause instanceof Error error) {
            throw error;
        }
        return e instanceof RuntimeException failure ? failure : new IllegalStateException("a step failed", cause);
    }
}
