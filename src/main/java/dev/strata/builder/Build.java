package dev.strata.builder;

import dev.strata.context.Contexts;
import dev.strata.context.Git;
import dev.strata.context.Http;
import dev.strata.dockerfile.BuildArguments;
import dev.strata.dockerfile.Dockerfile;
import dev.strata.dockerfile.DockerfileException;
import dev.strata.dockerfile.Finding;
import dev.strata.dockerfile.Lint;
import dev.strata.dockerfile.LintOptions;
import dev.strata.dockerfile.SyntaxError;
import dev.strata.graph.BaseUse;
import dev.strata.graph.BuildGraph;
import dev.strata.graph.Forecast;
import dev.strata.graph.Request;
import dev.strata.graph.Solver;
import dev.strata.graph.Step;
import dev.strata.image.Blobs;
import dev.strata.image.Digest;
import dev.strata.image.Image;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.layer.Bounds;
import dev.strata.layer.Compression;
import dev.strata.plan.Event;
import dev.strata.plan.Failure;
import dev.strata.plan.FailureException;
import dev.strata.plan.Outcome;
import dev.strata.plan.Plan;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryException;
import dev.strata.registry.RegistryOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One build, from a plan to its outcome: fetch the context, read the Dockerfile, make the graph, solve it, assemble the
 * image, bring it where it is wanted.
 */
public final class Build {
    private static final long LARGEST_DOWNLOAD = 16L << 30;
    private static final int LAYER_WRITERS = 2;

    private final Plan plan;
    private final BuildSettings settings;
    private final Consumer<Event> events;
    private final Clock clock;
    private final Request request;
    private final Function<RegistryOptions, Registry> registries;
    private BuildFiles.@Nullable DockerfileText dockerfile;
    /** The time that nothing in the image may be later than, where the user asked for one. */
    private @Nullable Instant clamp;

    /** @param events told from many threads, one at a time */
    public Build(Plan plan, BuildSettings settings, Consumer<Event> events, Clock clock) {
        this(plan, settings, events, clock, Registry::new);
    }

    /** @param registries the client for the plan's options */
    Build(
            Plan plan,
            BuildSettings settings,
            Consumer<Event> events,
            Clock clock,
            Function<RegistryOptions, Registry> registries) {
        this.registries = registries;
        this.plan = plan;
        this.settings = settings;
        this.clock = clock;
        this.request = request(plan);
        Object lock = new Object();
        this.events = event -> {
            synchronized (lock) {
                events.accept(event);
            }
        };
    }

    /** Builds. Whatever goes wrong is the outcome; the last event tells it. */
    public Outcome run() {
        Outcome outcome;
        try {
            outcome = build();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            outcome = new Outcome.Failed(Explanation.of(new CancellationException(), dockerfile));
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            outcome = new Outcome.Failed(Explanation.of(e, dockerfile));
        }
        events.accept(new Event.Ended(outcome));
        return outcome;
    }

    /**
     * Removes from the cache's volume what is too much, and from its repository what the plan says unless somebody has done
     * that a short while ago. Nobody waits for it, and its trouble is nobody's failure: what is left is removed the next
     * time.
     *
     * @return what was done, a sentence a line; empty where there was nothing to do
     */
    public String cleanUp() {
        return Stream.of(cleanUpVolume(), cleanUpRepository())
                .filter(sentence -> !sentence.isEmpty())
                .collect(Collectors.joining("\n"));
    }

    private String cleanUpVolume() {
        Plan.CacheVolume wanted = plan.cache().volume();
        if (wanted == null) {
            return "";
        }
        List<Exception> trouble = new ArrayList<>();
        try {
            Optional<StepVolume> volume = StepVolume.in(Path.of(wanted.path()), clock, trouble::add);
            return volume.isEmpty()
                    ? ""
                    : removed(
                            volume.get().cleanUp(new Retention(null, wanted.keepBytes()), clock.instant()),
                            "the cache's volume");
        } catch (IOException e) {
            return "the cache's volume could not be cleaned up: " + e.getMessage();
        }
    }

    private String cleanUpRepository() {
        Plan.CleanUp wanted = plan.cache().cleanUp();
        Reference repository = plan.cache().repository();
        if (wanted == null || repository == null) {
            return "";
        }
        Long age = wanted.olderThan();
        Retention retention = new Retention(age == null ? null : Duration.ofSeconds(age), wanted.keepBytes());
        try (Registry registry = registries.apply(registryOptions(plan.registries()))) {
            Blobs blobs = new Blobs(settings.state().resolve("store"));
            Retention.Cleaning done = new RegistryCacheCleaner(registry.origin(), repository)
                    .cleanUp(retention, Duration.ofSeconds(wanted.interval()), clock.instant(), blobs);
            return done == null ? "" : removed(done, repository.toString());
        } catch (RegistryException | IOException e) {
            return "the cache could not be cleaned up: " + e.getMessage();
        }
    }

    private static String removed(Retention.Cleaning done, String place) {
        return done.goes().isEmpty()
                ? ""
                : done.goes().size() + " records were removed from " + place + ", which frees " + done.freed()
                        + " bytes";
    }

    private Outcome build() throws IOException, InterruptedException {
        try (StateLock _ = StateLock.shared(settings.state());
                SettledState _ = SettledState.begin(settings.state());
                Registry registry = registries.apply(registryOptions(plan.registries()));
                LayerStore layers = layers(registry);
                StepCache cache = cache(layers, registry)) { // asks its repository while the context comes
            Inputs inputs = inputs(registry);
            BuildFiles files = inputs.files();
            events.accept(
                    new Event.SourceReady(files.main().kind(), files.main().revision()));
            LintOptions lint = lintOptions(files);
            Dockerfile parsed = parse(files.dockerfile(), lint);
            warnOfUnusedArguments(parsed);
            report(parsed, lint, Lint.check(parsed, lint));
            clamp = SourceDate.of(plan, parsed, files.date());
            BaseImages bases = new BaseImages(plan, registry, layers.blobs(), events);
            BuildGraph graph = BuildGraph.of(parsed, request, bases);
            report(parsed, lint, foreignBases(parsed, lint, graph, bases));
            refuseForeignCommands(graph);
            events.accept(new Event.Planned(
                    plan.platform(), graph.visible().size(), graph.skipped().size()));
            tellOfBases(parsed.name(), graph);
            StepEvents steps = new StepEvents(graph, events);
            layers.pushedTo(firstRepository());
            Outputs outputs = new Outputs(layers, registry);
            CacheFolders caches = caches(registry, layers.blobs());
            while (true) {
                try {
                    Image image = solve(graph, steps, files, layers, cache, inputs.fetcher(), caches);
                    Outcome outcome = deliver(graph, steps, image, outputs);
                    cache.remember();
                    caches.keep();
                    return outcome;
                } catch (RuntimeException e) {
                    LostLayer lost = lostLayer(e);
                    if (lost == null) {
                        keepUnlessStopped(caches, e);
                        throw e;
                    }
                    cache.lost(lost.digest());
                }
            }
        }
    }

    private LayerStore layers(Registry registry) throws IOException {
        Blobs blobs = new Blobs(settings.state().resolve("store"));
        return new LayerStore(settings.state(), blobs, registry, bounds(plan.limits()));
    }

    /** What a build is made of. */
    private record Inputs(BuildFiles files, Fetcher fetcher) {}

    private Inputs inputs(Registry registry) throws IOException {
        Path temporary = Files.createDirectories(settings.temporary());
        Bounds bounds = bounds(plan.limits());
        Git git = new Git(temporary, path(plan.registries().caBundle()), bounds);
        Http http = new Http(path(plan.registries().caBundle()), LARGEST_DOWNLOAD);
        BuildFiles files = new BuildFiles(
                plan, new Contexts(temporary.resolve("contexts"), git, http, registry, plan.platform(), bounds));
        dockerfile = files.dockerfile();
        return new Inputs(files, new Fetcher(temporary, git, http, bounds));
    }

    /** The layer of the cache that a failure is about: its step is done again. Null where the failure is the build's. */
    private @Nullable LostLayer lostLayer(RuntimeException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof LostLayer lost) {
                events.accept(new Event.Warning(
                        null,
                        "the cache does not work: " + lost.getMessage() + "; the step of this layer is done again"));
                return lost;
            }
        }
        return null;
    }

    /** What a failed build has fetched spares the next one the way; a build that was stopped has no time left. */
    private static void keepUnlessStopped(CacheFolders caches, RuntimeException failure) {
        if (failure instanceof FailureException) {
            caches.keep();
        }
    }

    /** Where a layer is pushed first; from there the others mount it. */
    private @Nullable Reference firstRepository() {
        Reference repository = plan.cache().repository();
        List<Reference> names = plan.output().names();
        return repository != null || names.isEmpty() ? repository : names.getFirst();
    }

    private StepCache cache(LayerStore layers, Registry registry) throws IOException {
        List<RegistryCache> far = Stream.of(
                        plan.cache().repository(), plan.cache().trusted())
                .filter(Objects::nonNull)
                .map(repository -> new RegistryCache(registry.origin(), repository, layers.blobs(), clock))
                .toList();
        Path volume = plan.cache().volume() == null
                ? null
                : Path.of(plan.cache().volume().path());
        StepCache cache =
                new StepCache(settings.state().resolve("records"), volume, layers, far, place(), events, clock);
        if (!far.isEmpty()) {
            layers.indexesFrom(cache);
        }
        return cache;
    }

    /** What a build and the next one of the same have in common; the Dockerfile's words may have changed between them. */
    private String place() {
        String file = plan.dockerfile().path() == null
                ? "inline"
                : Objects.toString(Path.of(plan.dockerfile().path()).getFileName());
        return String.join(" ", plan.platform().toString(), file, Objects.requireNonNullElse(plan.target(), ""));
    }

    /**
     * Says what would become of each step, and builds nothing. Problems with the Dockerfile, the context and the bases are
     * thrown as what a build would fail with.
     */
    public List<Forecast> forecast() throws IOException {
        try (StateLock _ = StateLock.shared(settings.state());
                SettledState _ = SettledState.begin(settings.state());
                Registry registry = registries.apply(registryOptions(plan.registries()));
                LayerStore layers = layers(registry);
                StepCache cache = cache(layers, registry)) {
            Inputs inputs = inputs(registry);
            BuildFiles files = inputs.files();
            Dockerfile parsed = parse(files.dockerfile(), lintOptions(files));
            clamp = SourceDate.of(plan, parsed, files.date());
            BaseImages bases = new BaseImages(plan, registry, layers.blobs(), event -> {});
            BuildGraph graph = BuildGraph.of(parsed, request, bases);
            return forecast(graph, inputs, layers, cache);
        } catch (RuntimeException e) {
            throw new FailureException(Explanation.of(e, dockerfile), e);
        }
    }

    private List<Forecast> forecast(BuildGraph graph, Inputs inputs, LayerStore layers, StepCache cache)
            throws IOException {
        StepEvents quiet = new StepEvents(graph, event -> {});
        CacheFolders caches = new CacheFolders(settings.state().resolve("caches"), null);
        ExecutorService writers = Executors.newVirtualThreadPerTaskExecutor();
        try (Commands commands = new Commands(plan, settings, caches, events, quiet)) {
            StepWorker worker = new StepWorker(
                    inputs.files(), layers, commands, inputs.fetcher(), format(), writers, clock, events);
            return new Solver(cache, worker, quiet, clock, maxAge(), settings.commands()).forecast(graph);
        } finally {
            writers.shutdownNow();
        }
    }

    private LayerFormat format() {
        Compression compression =
                Compression.valueOf(plan.output().compression().toUpperCase(Locale.ROOT));
        Integer level = plan.output().level();
        try {
            compression.checkLevel(level);
        } catch (IllegalArgumentException e) {
            throw new FailureException(
                    new Failure(
                            Failure.Cause.USER,
                            String.valueOf(e.getMessage()),
                            null,
                            "Leave the level out, or give one of these"),
                    e);
        }
        return new LayerFormat(compression, level, clamp);
    }

    private @Nullable Duration maxAge() {
        Long seconds = plan.cache().maxAge();
        return seconds == null ? null : Duration.ofSeconds(seconds);
    }

    private static Bounds bounds(Plan.@Nullable Limits limits) {
        return limits == null ? Bounds.DEFAULT : new Bounds(limits.unpackedBytes(), limits.unpackedFiles());
    }

    private void tellOfBases(String file, BuildGraph graph) {
        BaseUse.of(graph).forEach((base, bound) -> {
            Reference name = base.name();
            events.accept(new Event.BaseUsed(
                    name.tag() == null ? name : name.withTag(name.tag()),
                    bound.map(Step.Visible::label)
                            .map(label -> file + ":" + label.line() + " " + label.instruction())
                            .orElse("")));
        });
    }

    private static @Nullable Path path(@Nullable String text) {
        return text == null ? null : Path.of(text);
    }

    /** A plan's registries as the client has them. */
    public static RegistryOptions registryOptions(Plan.Registries registries) {
        return new RegistryOptions(
                registries.mirrors(),
                registries.plainHttp(),
                registries.dockerConfigs().stream().map(Path::of).toList(),
                path(registries.caBundle()));
    }

    private static Dockerfile parse(BuildFiles.DockerfileText text, LintOptions options) {
        Dockerfile parsed = Dockerfile.parse(text.name(), text.text().getBytes(StandardCharsets.UTF_8));
        List<SyntaxError> errors = parsed.check(options);
        if (!errors.isEmpty()) {
            throw new DockerfileException(text.name(), parsed.lines(), errors);
        }
        return parsed;
    }

    private LintOptions lintOptions(BuildFiles files) {
        return LintOptions.DEFAULT
                .withBuildArgs(request.args())
                .withTarget(plan.target(), true)
                .withContexts(request::hasContext)
                .withIgnoreFile(files.ignoreFile());
    }

    private void warnOfUnusedArguments(Dockerfile parsed) {
        for (String sentence : BuildArguments.unused(parsed, request.args().keySet())) {
            events.accept(new Event.Warning(parsed.name(), sentence));
        }
    }

    private static List<Finding> foreignBases(
            Dockerfile parsed, LintOptions options, BuildGraph graph, BaseImages bases) {
        List<Finding> findings = new ArrayList<>();
        for (Step step : graph.steps()) {
            if (step instanceof Step.Base base) {
                Platform wanted = bases.foreign(base.name());
                if (wanted != null) {
                    findings.addAll(Lint.foreignBase(
                            parsed,
                            options,
                            base.label().line(),
                            base.image().config().platform().toString(),
                            wanted.toString()));
                }
            }
        }
        return findings;
    }

    /** Findings are warnings, unless the file asks that they fail the build. */
    private void report(Dockerfile parsed, LintOptions options, List<Finding> findings) {
        for (Finding finding : findings) {
            events.accept(new Event.Warning(
                    parsed.name() + ":" + finding.location().startLine(),
                    finding.rule().ruleName() + ": " + finding.detail()));
        }
        List<Finding> failing = Lint.failing(parsed, options, findings);
        if (!failing.isEmpty()) {
            Finding first = failing.getFirst();
            throw new FailureException(new Failure(
                    Failure.Cause.USER,
                    "lint violation found for rules: "
                            + String.join(
                                    ", ",
                                    failing.stream()
                                            .map(finding -> finding.rule().ruleName())
                                            .distinct()
                                            .toList()),
                    parsed.name() + ":" + first.location().startLine(),
                    "Mend what the warnings say, or leave out error=true of the check directive",
                    parsed.excerpt(first.location())));
        }
    }

    private static Request request(Plan plan) {
        SequencedMap<String, String> args = new LinkedHashMap<>();
        plan.args().forEach((name, value) -> {
            if (value != null) {
                args.put(name, value);
            }
        });
        SortedMap<String, Request.NamedContext> contexts = new TreeMap<>();
        plan.contexts().forEach((name, source) -> contexts.put(name, named(source)));
        return new Request(
                plan.target(),
                args,
                plan.platform(),
                Platform.host(),
                contexts,
                plan.addHosts(),
                plan.network(),
                plan.noCache(),
                plan.noCacheStages());
    }

    private static Request.NamedContext named(Plan.Source source) {
        return switch (source) {
            case Plan.Source.Oci image -> new Request.NamedContext.Image(image.image());
            case Plan.Source.OciLayout layout -> new Request.NamedContext.Layout();
            case Plan.Source.StageAlias alias -> new Request.NamedContext.Stage(alias.stage());
            case Plan.Source.Empty empty -> new Request.NamedContext.Folder();
            case Plan.Source.Folder folder -> new Request.NamedContext.Folder();
            case Plan.Source.Git git -> new Request.NamedContext.Folder();
            case Plan.Source.Http http -> new Request.NamedContext.Folder();
        };
    }

    /** A command of another processor's image would need emulation, which is the node's to offer, never silent. */
    private void refuseForeignCommands(BuildGraph graph) {
        Emulation emulation = new Emulation();
        for (Step step : graph.steps()) {
            if (step instanceof Step.Run run && !emulation.runs(platformOf(graph, run))) {
                throw new FailureException(new Failure(
                        Failure.Cause.USER,
                        run.label().instruction() + ": its image is for " + platformOf(graph, run)
                                + ", and this machine is " + Platform.host(),
                        (dockerfile == null ? "Dockerfile" : dockerfile.name()) + ":"
                                + run.label().line(),
                        "Build it on a node of that platform, or install an emulator (binfmt_misc) on this one"));
            }
        }
    }

    private Platform platformOf(BuildGraph graph, Step.Layered step) {
        Step below = step;
        while (below instanceof Step.Layered layered) {
            below = graph.steps().get(layered.parent());
        }
        return below instanceof Step.Base base ? base.image().config().platform() : plan.platform();
    }

    private CacheFolders caches(Registry registry, Blobs blobs) {
        Path own = settings.state().resolve("caches");
        Reference repository = plan.cache().repository();
        return switch (plan.cacheMounts()) {
            case null -> new CacheFolders(own, null);
            case Plan.CacheMounts.Volume volume -> new CacheFolders(Path.of(volume.path()), null);
            case Plan.CacheMounts.Repository rules ->
                repository == null
                        ? new CacheFolders(own, null)
                        : new CacheFolders(
                                own, new MountRepository(registry.origin(), repository, blobs, rules, clock, events));
        };
    }

    private Image solve(
            BuildGraph graph,
            StepEvents steps,
            BuildFiles files,
            LayerStore layers,
            StepCache cache,
            Fetcher fetcher,
            CacheFolders caches)
            throws IOException, InterruptedException {
        ExecutorService writers = Executors.newFixedThreadPool(
                LAYER_WRITERS, Thread.ofPlatform().name("layer-", 0).daemon().factory());
        try (Commands commands = new Commands(plan, settings, caches, events, steps)) {
            StepWorker worker = new StepWorker(files, layers, commands, fetcher, format(), writers, clock, events);
            new Solver(cache, worker, steps, clock, maxAge(), settings.commands()).solve(graph);
            return new Assembly(graph, steps.layers(), clamp)
                    .image(plan.platform(), plan.output().labels());
        } finally {
            writers.shutdownNow();
        }
    }

    /** What the user gave, and the base's name, by which tools tell the base's layers from the image's own. */
    private SortedMap<String, String> annotations(BuildGraph graph) {
        SortedMap<String, String> all = new TreeMap<>();
        Reference name = graph.chain().getFirst() instanceof Step.Base base ? base.name() : null;
        Digest digest = name == null ? null : name.digest();
        if (name != null && digest != null) {
            String named = name.tag() == null
                    ? name.toString()
                    : name.withTag(name.tag()).toString();
            all.put("org.opencontainers.image.base.name", named);
            all.put("org.opencontainers.image.base.digest", digest.toString());
        }
        all.putAll(plan.output().annotations());
        return all;
    }

    private List<Reference> names(Digest image) {
        List<Reference> names = plan.output().names();
        return plan.output().untagged()
                ? names.stream()
                        .map(name -> new Reference(name.domain(), name.path(), null, image))
                        .distinct()
                        .toList()
                : names;
    }

    private Outcome deliver(BuildGraph graph, StepEvents steps, Image image, Outputs outputs) throws IOException {
        Outputs.Documents documents = outputs.documents(image, annotations(graph));
        List<Reference> names = names(documents.manifest().digest());
        outputs.push(documents, names);
        for (Plan.Export export : plan.output().exports()) {
            outputs.export(documents, export, names);
        }
        new Assembly(graph, steps.layers(), null).stack(image).forEach(events);
        return new Outcome.Built(documents.manifest().digest(), names);
    }
}
