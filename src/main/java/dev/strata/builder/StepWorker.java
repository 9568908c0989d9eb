package dev.strata.builder;

import dev.strata.graph.Contents;
import dev.strata.graph.FileSystem;
import dev.strata.graph.Mount;
import dev.strata.graph.Step;
import dev.strata.graph.Worker;
import dev.strata.image.Layer;
import dev.strata.layer.Change;
import dev.strata.layer.Content;
import dev.strata.layer.LayerException;
import dev.strata.layer.LayerWriter;
import dev.strata.layer.Metadata;
import dev.strata.layer.Node;
import dev.strata.layer.Tree;
import dev.strata.layer.Written;
import dev.strata.plan.Event;
import dev.strata.plan.Failure;
import dev.strata.plan.FailureException;
import dev.strata.sandbox.Active;
import dev.strata.sandbox.Arrival;
import dev.strata.sandbox.Differences;
import dev.strata.sandbox.Snapshot;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Does the steps of one build: copies by looking at layers, commands in a sandbox. */
final class StepWorker implements Worker, StepFiles.Forms {
    private final BuildFiles files;
    private final LayerStore layers;
    private final Commands commands;
    private final Fetcher fetcher;
    private final LayerFormat format;
    private final Executor writers;
    private final Clock clock;
    private final Consumer<Event> events;
    /** What copies bring, from when their content is asked for until they are done. */
    private final Map<Integer, List<Piece>> pieces = new ConcurrentHashMap<>();
    /** Steps whose files a command will need in a folder. */
    private final Set<Integer> stoodOn = ConcurrentHashMap.newKeySet();

    /** @param writers where layers are made, off the road of the steps */
    StepWorker(
            BuildFiles files,
            LayerStore layers,
            Commands commands,
            Fetcher fetcher,
            LayerFormat format,
            Executor writers,
            Clock clock,
            Consumer<Event> events) {
        this.files = files;
        this.layers = layers;
        this.commands = commands;
        this.fetcher = fetcher;
        this.format = format;
        this.writers = writers;
        this.clock = clock;
        this.events = events;
    }

    @Override
    public String form() {
        return format.words();
    }

    @Override
    public FileSystem source(Step step) {
        return switch (step) {
            case Step.Scratch scratch -> StepFiles.ofImage(List.of(), this);
            case Step.Base base -> {
                base.image().layers().forEach(layer -> layers.origin(layer, base.name()));
                yield StepFiles.ofImage(base.image().layers(), this);
            }
            case Step.Files context -> StepFiles.ofContext(files.tree(context.context()), this);
            case Step.Layered layered ->
                throw new IllegalArgumentException("step " + layered.id() + " stands on another");
        };
    }

    @Override
    public FileSystem restore(Step.Layered step, FileSystem parent, FileSystem.Made made) {
        pieces.remove(step.id());
        return StepFiles.on((StepFiles) parent, CompletableFuture.completedFuture(made), this, null, null);
    }

    @Override
    public void expect(Step.Layered step, FileSystem below, List<Step.Layered> between) {
        StepFiles files = (StepFiles) below;
        switch (step) {
            case Step.Run _ -> {
                between.forEach(lower -> stoodOn.add(lower.id()));
                commands.unpackAhead(files.layers(), layers);
            }
            case Step.Copy copy -> {
                if (!copy.link() && between.isEmpty()) {
                    commands.ahead(files::tree);
                }
            }
            case Step.MakeDirectory _ -> {
                // is made in no time
            }
        }
    }

    @Override
    public FileSystem run(Step.Layered step, Map<Integer, FileSystem> inputs, boolean first) {
        StepFiles parent = own(inputs, step.parent());
        try {
            return switch (step) {
                case Step.Copy copy -> copy(copy, parent, inputs, first);
                case Step.MakeDirectory directory -> directory(directory, parent);
                case Step.Run run -> run(run, parent, inputs, first);
            };
        } catch (FailureException e) {
            throw files.located(e, step.label().line());
        } catch (IOException e) {
            throw new UncheckedIOException("step " + step.label().instruction(), e);
        }
    }

    private static StepFiles own(Map<Integer, FileSystem> inputs, int id) {
        if (inputs.get(id) instanceof StepFiles found) {
            return found;
        }
        throw new IllegalStateException("step " + id + " is no input");
    }

    /**
     * The time of a context's files; null keeps theirs. Those of a folder are when somebody checked it out, which must not
     * show where the same inputs are to give the same bytes.
     */
    private @Nullable Instant date() {
        return files.date() == null ? format.clamp() : files.date();
    }

    private StepFiles copy(Step.Copy step, StepFiles parent, Map<Integer, FileSystem> inputs, boolean first)
            throws IOException {
        Tree below = step.link() ? EmptyTree.INSTANCE : parent.tree();
        LayerPlan plan = new LayerPlan(below);
        Owner owner = step.owner() == null
                ? null
                : owner(step.owner(), parent, (step.add() ? "ADD" : "COPY") + " --chown=" + step.owner(), step);
        Instant date = date();
        new Copying(step, plan, owner, date, fetcher).copy(pieces(step, inputs));
        pieces.remove(step.id());
        Collection<Change> changes = plan.changes();
        return planned(step, parent, plan, changes, newest(changes), step.link(), first);
    }

    private Owner owner(String text, StepFiles parent, String what, Step.Visible step) throws IOException {
        if (parent.isNothing() && Owner.isNamed(text)) {
            throw new FailureException(new Failure(
                    Failure.Cause.USER,
                    what + ": scratch has no /etc/passwd and no /etc/group to find a name in",
                    null,
                    "Give numbers, as in 1000:1000"));
        }
        return Owner.ofFiles(text, parent.tree(), what, warnings(step));
    }

    private Consumer<String> warnings(Step.Visible step) {
        return message ->
                events.accept(new Event.Warning(files.place(step.label().line()), message));
    }

    private StepFiles planned(
            Step.Layered step,
            StepFiles parent,
            LayerPlan plan,
            Collection<Change> changes,
            @Nullable Instant created,
            boolean linked,
            boolean first) {
        CompletableFuture<FileSystem.Made> made =
                CompletableFuture.supplyAsync(() -> arriving(step, changes, plan, created, first), writers);
        return StepFiles.on(parent, made, this, linked ? null : plan, null);
    }

    private static @Nullable Instant newest(Collection<Change> changes) {
        boolean any = false;
        long newest = Long.MIN_VALUE;
        for (Change change : changes) {
            if (change instanceof Change.Put put && !(put.node() instanceof Node.Directory)) {
                any = true;
                newest = Math.max(newest, put.node().metadata().seconds());
            }
        }
        return any ? Instant.ofEpochSecond(newest) : null;
    }

    private StepFiles directory(Step.MakeDirectory step, StepFiles parent) throws IOException {
        LayerPlan plan = new LayerPlan(parent.tree());
        Owner owner = step.user().isEmpty() ? Owner.ROOT : owner(step.user(), parent, "USER " + step.user(), step);
        Instant date = date();
        long seconds = date == null ? 0 : date.getEpochSecond();
        try {
            plan.folders(
                    step.path(),
                    Metadata.of(0755, owner.uid(), owner.gid(), seconds),
                    !step.user().isEmpty());
        } catch (IOException e) {
            throw new FailureException(
                    new Failure(Failure.Cause.USER, "WORKDIR " + step.path() + ": " + e.getMessage(), null, null), e);
        }
        return planned(step, parent, plan, plan.changes(), date, false, false);
    }

    private StepFiles run(Step.Run step, StepFiles parent, Map<Integer, FileSystem> inputs, boolean first)
            throws IOException {
        commands.refuseWithoutSandbox(step);
        Snapshot below = parent.snapshot();
        Active active = commands.snapshots().begin(below);
        try (active) {
            commands.run(step, active, inputs);
            Snapshot after = active.commit();
            Instant ended = clock.instant();
            CompletableFuture<FileSystem.Made> made = CompletableFuture.supplyAsync(
                    () -> {
                        try {
                            Differences differences = active.changes();
                            FileSystem.Made layer =
                                    write(differences.changes(), differences.content(), ended, first, null);
                            commands.snapshots().name(after, layer.layer());
                            return layer;
                        } catch (IOException e) {
                            throw new UncheckedIOException(
                                    "the layer of " + step.label().instruction(), e);
                        }
                    },
                    writers);
            return StepFiles.on(parent, made, this, null, after);
        }
    }

    /** Writes a layer and, where a command will stand on it, its files beside it. */
    private FileSystem.Made arriving(
            Step.Layered step, Iterable<Change> changes, Content content, @Nullable Instant created, boolean first) {
        try (Arrival arrival = stoodOn.contains(step.id()) ? commands.arrival() : null) {
            return write(changes, content, created, first, arrival);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot remove files of a step that failed", e);
        }
    }

    private FileSystem.Made write(
            Iterable<Change> changes,
            Content content,
            @Nullable Instant created,
            boolean first,
            @Nullable Arrival arrival) {
        try (EarlyUpload early = layers.earlyUpload(first)) {
            Written written = LayerWriter.write(
                    format.clamp() == null ? changes : Clamped.all(changes, format.clamp()),
                    content,
                    format.compression(),
                    format.writtenLevel(),
                    layers.blobs(),
                    early,
                    arrival == null ? OutputStream.nullOutputStream() : arrival.tar());
            layers.made(written, early);
            complete(arrival, written.layer());
            Instant told = format.clamp() == null ? created : format.clamp();
            return new FileSystem.Made(written.layer(), written.tarSize(), told);
        } catch (LayerException e) {
            // Nothing of a layer is wrong, but a file that is to go into one.
            throw new FailureException(new Failure(Failure.Cause.USER, e.what(), "/" + e.where(), e.mend()), e);
        } catch (IOException e) {
            throw new UncheckedIOException("a layer cannot be written", e);
        }
    }

    /** Whoever needs files that did not come unpacks the layer, and tells what is wrong. */
    private static void complete(@Nullable Arrival arrival, Layer layer) {
        if (arrival == null) {
            return;
        }
        try {
            arrival.complete(layer);
        } catch (IOException | RuntimeException e) {
            // see above
        }
    }

    @Override
    public Contents contents(Step.Layered step, Map<Integer, FileSystem> inputs) {
        try {
            return switch (step) {
                case Step.MakeDirectory directory -> ContentDigest.NOTHING;
                case Step.Copy copy -> new ContentDigest().ofPieces(copy, pieces(copy, inputs));
                case Step.Run run -> {
                    ContentDigest digest = new ContentDigest();
                    for (Mount mount : run.mounts()) {
                        if (mount instanceof Mount.Bind bind) {
                            digest.add(own(inputs, bind.step()).tree(), bind.source(), !bind.context());
                        }
                    }
                    yield digest.contents();
                }
            };
        } catch (FailureException e) {
            throw files.located(e, step.label().line());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read what " + step.label().instruction() + " needs", e);
        }
    }

    /** What a copy brings; found once, though the key and the copy itself ask for it. */
    private List<Piece> pieces(Step.Copy step, Map<Integer, FileSystem> inputs) throws IOException {
        List<Piece> known = pieces.get(step.id());
        if (known != null) {
            return known;
        }
        SourceFiles sources = new SourceFiles(step);
        List<Piece> found = new ArrayList<>();
        for (Step.Item item : step.items()) {
            switch (item) {
                case Step.Item.Paths paths ->
                    found.addAll(sources.find(paths, own(inputs, paths.from()).tree()));
                case Step.Item.Text text -> found.add(new Piece.Text(text.name(), text.content()));
                case Step.Item.Http http -> found.add(fetcher.http(http));
                case Step.Item.Git git -> found.add(fetcher.git(git));
            }
        }
        pieces.put(step.id(), List.copyOf(found));
        return found;
    }

    @Override
    public Tree tree(StepFiles step) {
        Snapshot snapshot = step.snapshotIfMade();
        try {
            return snapshot != null ? snapshot.tree() : layers.tree(step.layers());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot look at the files of a step", e);
        }
    }

    @Override
    public Snapshot snapshot(StepFiles step) {
        try {
            Snapshot snapshot = commands.snapshots().of(step.layers(), layers);
            layers.shareLater(step.layers());
            return snapshot;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot unpack the layers of a step", e);
        }
    }
}
