package dev.strata;

import dev.strata.dockerfile.Dockerfile;
import dev.strata.dockerfile.DockerfileException;
import dev.strata.dockerfile.LintOptions;
import dev.strata.dockerfile.Location;
import dev.strata.dockerfile.SyntaxError;
import dev.strata.graph.BaseException;
import dev.strata.graph.Bases;
import dev.strata.graph.BuildGraph;
import dev.strata.graph.GraphException;
import dev.strata.graph.Request;
import dev.strata.image.Digest;
import dev.strata.image.Image;
import dev.strata.image.Json;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryException;
import dev.strata.registry.RemoteImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code strata graph}: what a build would do, step by step, without doing it. */
@Command(
        name = "graph",
        mixinStandardHelpOptions = true,
        description = "Shows the steps that a target needs, what each stands on, and the stages that are left out.",
        footer = {
            "",
            "Examples:",
            "  strata graph --target test .",
            "  strata graph --offline -f web/Dockerfile --format json",
            "  strata graph --format dot . | dot -Tsvg > graph.svg",
            "",
            "Bases are looked up in their registries, since their ONBUILD and folders belong to the graph; no layer is"
                    + " pulled. With --offline each is taken for an image without files and settings.",
            "Exit codes: 0 shown, 1 the Dockerfile cannot be built so, 2 wrong usage, 3 a registry failed."
        })
final class GraphCommand implements Callable<Integer> {
    /** How the graph is printed. */
    enum Format {
        TEXT,
        JSON,
        DOT
    }

    private static final String IMAGE = "docker-image://";

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private RegistryAccess access = new RegistryAccess();

    @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE",
            description = "The Dockerfile; default: Dockerfile in the context.")
    private @Nullable Path file;

    @Mixin
    private StageChoice stage = new StageChoice();

    @Option(
            names = "--build-context",
            paramLabel = "NAME=VALUE",
            description = "Files or an image under a name, as for build: a folder, docker-image://IMAGE, target:STAGE;"
                    + " may be repeated.")
    private List<String> contexts = new ArrayList<>();

    @Option(
            names = "--platform",
            paramLabel = "OS/ARCH",
            description = "Platform of the image; default: this machine's.")
    private @Nullable String platform;

    @Option(names = "--offline", description = "Ask no registry.")
    private boolean offline;

    @Option(names = "--format", paramLabel = "FORMAT", description = "text, json or dot; default: text.")
    private Format format = Format.TEXT;

    @Parameters(arity = "0..1", paramLabel = "CONTEXT", description = "Folder with the Dockerfile; default: here.")
    private Path context = Path.of(".");

    @Override
    public Integer call() {
        CommandSpec command = Objects.requireNonNull(spec);
        Path path = file == null ? context.resolve("Dockerfile") : file;
        String name = path.normalize().toString();
        try {
            Dockerfile dockerfile = read(name, path);
            try {
                print(graph(dockerfile), command.commandLine().getOut());
                return Main.OK;
            } catch (GraphException e) {
                Location location = e.location();
                return fail(
                        name + (location == null ? "" : ":" + location.startLine()) + ": " + e.getMessage()
                                + (e.mend() == null ? "" : ". " + e.mend()),
                        location == null ? "" : dockerfile.excerpt(location));
            }
        } catch (DockerfileException e) {
            SyntaxError first = e.errors().getFirst();
            return fail(name + ":" + first.location().startLine() + ": " + first.sentence(), e.excerpt(first));
        } catch (BaseException e) {
            if (e.reason() instanceof RegistryException reason) {
                command.commandLine().getErr().print(name + ":" + e.location().startLine() + ": ");
                int code = Names.failed(command, reason);
                if (e.meant() != null) {
                    command.commandLine().getErr().println("Did you mean the stage " + e.meant() + "?");
                }
                return code;
            }
            throw e;
        } catch (IOException e) {
            return fail(path + " cannot be read: " + e.getMessage() + ". Name the Dockerfile with -f.", "");
        }
    }

    private int fail(String message, String excerpt) {
        PrintWriter err = Objects.requireNonNull(spec).commandLine().getErr();
        err.println(message);
        if (!excerpt.isEmpty()) {
            err.println(excerpt);
        }
        return Main.FAILED;
    }

    private Dockerfile read(String name, Path path) throws IOException {
        Dockerfile dockerfile = Dockerfile.parse(name, Files.readAllBytes(path));
        List<SyntaxError> errors = dockerfile.check(LintOptions.DEFAULT
                .withBuildArgs(request().args())
                .withTarget(stage.target(), true)
                .withContexts(request()::hasContext));
        if (!errors.isEmpty()) {
            throw new DockerfileException(name, dockerfile.lines(), errors);
        }
        return dockerfile;
    }

    private Request request() {
        CommandSpec command = Objects.requireNonNull(spec);
        return new Request(
                stage.target(),
                stage.values(command),
                Names.platform(command, platform),
                Platform.host(),
                contexts(),
                List.of(),
                "default",
                false,
                List.of());
    }

    private SortedMap<String, Request.NamedContext> contexts() {
        SortedMap<String, Request.NamedContext> all = new TreeMap<>();
        for (String text : contexts) {
            int equals = text.indexOf('=');
            if (equals <= 0) {
                throw wrong("--build-context " + text + " must be NAME=VALUE");
            }
            all.put(text.substring(0, equals), context(text.substring(equals + 1)));
        }
        return all;
    }

    /** What a build would fetch is not needed for the graph, but an image's configuration is. */
    private Request.NamedContext context(String value) {
        if (value.startsWith(IMAGE)) {
            return new Request.NamedContext.Image(
                    Names.reference(Objects.requireNonNull(spec), value.substring(IMAGE.length())));
        }
        if (value.startsWith("target:")) {
            return new Request.NamedContext.Stage(value.substring("target:".length()));
        }
        if (value.startsWith("oci-layout://")) {
            throw wrong("--build-context with oci-layout:// is not looked into here; strata build takes it");
        }
        return new Request.NamedContext.Folder();
    }

    private ParameterException wrong(String message) {
        return new ParameterException(Objects.requireNonNull(spec).commandLine(), message);
    }

    private BuildGraph graph(Dockerfile dockerfile) throws IOException {
        if (offline) {
            return BuildGraph.of(dockerfile, request(), new Unseen());
        }
        try (Registry registry = new Registry(access.options())) {
            return BuildGraph.of(dockerfile, request(), new LookedUp(registry));
        }
    }

    /** Bases of which only the name is known. */
    private static final class Unseen implements Bases {
        @Override
        public Found find(Reference name, Platform wanted) {
            Digest digest = Digest.sha256((name + " " + wanted).getBytes(StandardCharsets.UTF_8));
            return new Found(name.withDigest(digest), Image.scratch(wanted));
        }

        @Override
        public Found layout(String name, Platform wanted) {
            throw new IllegalStateException("layouts are refused, so \"" + name + "\" is none");
        }
    }

    /** Bases as their registries have them, each asked for once. */
    private static final class LookedUp implements Bases {
        private final Registry registry;
        private final Map<String, Found> found = new LinkedHashMap<>();

        LookedUp(Registry registry) {
            this.registry = registry;
        }

        @Override
        public Found find(Reference name, Platform wanted) {
            return found.computeIfAbsent(name + " " + wanted, key -> {
                RemoteImage image =
                        registry.image(name.digest() == null ? name.withTag(name.tagOrLatest()) : name, wanted);
                return new Found(image.pinned(), image.image());
            });
        }

        @Override
        public Found layout(String name, Platform wanted) {
            throw new IllegalStateException("layouts are refused, so \"" + name + "\" is none");
        }
    }

    private void print(BuildGraph graph, PrintWriter out) {
        switch (format) {
            case TEXT -> GraphDrawing.text(graph, out);
            case JSON -> out.println(Json.text(GraphDrawing.json(graph)));
            case DOT -> GraphDrawing.dot(graph, out);
        }
        out.flush();
    }
}
