package dev.strata.builder;

import dev.strata.image.Json;
import dev.strata.image.Manifest;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.plan.Event;
import dev.strata.plan.Failure;
import dev.strata.plan.Outcome;
import dev.strata.plan.Plan;
import dev.strata.registry.MemoryRegistry;
import dev.strata.registry.Waits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A context folder, a state folder, and builds of the one in the other; without commands unless they are allowed. */
final class Workbench {
    private final Path root;
    private Path state;
    private int number;

    final Path context;
    final LinkedHashMap<String, @Nullable String> args = new LinkedHashMap<>();
    final TreeMap<String, Plan.Source> contexts = new TreeMap<>();
    final List<Plan.Export> exports = new ArrayList<>();
    final List<Event> events = new ArrayList<>();
    /** Sees each event before it is among the others. */
    Consumer<Event> watch = event -> {};

    final TreeMap<String, Plan.SecretAt> secrets = new TreeMap<>();
    final TreeMap<String, String> ssh = new TreeMap<>();
    Plan.@Nullable CacheMounts cacheMounts;

    @Nullable
    Long processes;

    boolean noCache;
    final TreeMap<String, String> labels = new TreeMap<>();
    final TreeMap<String, String> annotations = new TreeMap<>();
    boolean reproducible;

    @Nullable
    Long sourceDate;

    String compression = "gzip";

    @Nullable
    Integer level;

    Plan.@Nullable Limits limits;
    List<String> noCacheStages = List.of();
    String platform = "linux/amd64";
    boolean sandbox;
    boolean insecure;

    Plan.Cache cache = Plan.Cache.NONE;
    Clock clock = Clock.systemUTC();

    @Nullable
    String target;

    Workbench(Path root) {
        this.root = root;
        this.context = root.resolve("context");
        this.state = root.resolve("state");
        folder(context);
    }

    private static void folder(Path folder) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes a file of the context. */
    Workbench file(String path, String text) {
        try {
            Path file = context.resolve(path);
            Files.createDirectories(Objects.requireNonNull(file.getParent()));
            Files.writeString(file, text);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** As on another machine: nothing is known here. */
    Workbench fresh() {
        state = root.resolve("state-" + ++number);
        return this;
    }

    Path state() {
        return state;
    }

    Path path(String name) {
        return root.resolve(name);
    }

    /** Builds {@code Dockerfile} and pushes to these names. */
    Outcome build(String... names) {
        events.clear();
        return prepared(names).run();
    }

    /** What is said of the clean-up after a build. */
    String cleanUp() {
        return prepared().cleanUp();
    }

    private Build prepared(String... names) {
        Plan plan = new Plan(
                "test",
                new Plan.Source.Folder(context.toString(), false),
                new Plan.DockerfileAt("Dockerfile", null),
                target,
                args,
                Platform.parse(platform),
                secrets,
                ssh,
                contexts,
                List.of(),
                "default",
                insecure,
                new Plan.Output(
                        List.of(names).stream().map(Reference::parse).toList(),
                        exports,
                        labels,
                        annotations,
                        compression,
                        level),
                cache,
                noCache,
                noCacheStages,
                reproducible,
                sourceDate,
                Plan.Registries.NONE,
                cacheMounts,
                processes,
                limits);
        BuildSettings settings = new BuildSettings(state, root.resolve("temporary-" + ++number), sandbox, null, 4);
        return new Build(plan, settings, watch.andThen(events::add), clock, options -> new Waits().client(options));
    }

    String digest(String... names) {
        return switch (build(names)) {
            case Outcome.Built built -> built.digest().toString();
            case Outcome.Failed(Failure failure) -> throw new AssertionError(failure.toString());
        };
    }

    Failure failure(String... names) {
        return switch (build(names)) {
            case Outcome.Built built -> throw new AssertionError("it was built");
            case Outcome.Failed(Failure failure) -> failure;
        };
    }

    <T extends Event> List<T> events(Class<T> type) {
        return events.stream().filter(type::isInstance).map(type::cast).toList();
    }

    /** How many steps were in the cache, and the reasons of those that were not. */
    List<String> missed() {
        return events(Event.StepMissed.class).stream()
                .map(Event.StepMissed::reason)
                .toList();
    }

    static Manifest manifest(MemoryRegistry registry, String repository, String tag) {
        try {
            return Json.read(registry.manifest(repository, tag).orElseThrow(), Manifest.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
