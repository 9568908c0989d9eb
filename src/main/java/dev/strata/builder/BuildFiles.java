package dev.strata.builder;

import dev.strata.context.Context;
import dev.strata.context.Contexts;
import dev.strata.dockerfile.Excerpt;
import dev.strata.dockerfile.IgnoreFile;
import dev.strata.dockerfile.Location;
import dev.strata.layer.Node;
import dev.strata.layer.Tree;
import dev.strata.layer.TreePath;
import dev.strata.plan.Failure;
import dev.strata.plan.FailureException;
import dev.strata.plan.Plan;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The files that a build begins with: its context, its Dockerfile, what its ignore file leaves out, named contexts. */
final class BuildFiles {
    private static final long LARGEST_DOCKERFILE = 16L << 20;

    private final Plan plan;
    private final Contexts contexts;
    private final Context main;
    private final DockerfileText dockerfile;
    private final IgnoreFile ignoreFile;
    private final Map<String, Tree> trees = new ConcurrentHashMap<>();

    /** @param name of the Dockerfile for messages */
    record DockerfileText(String name, String text) {
        String excerpt(Location location) {
            return new Excerpt(text.lines().toList()).of(location);
        }
    }

    /** Fetches the main context and reads the Dockerfile. */
    BuildFiles(Plan plan, Contexts contexts) throws IOException {
        this.plan = plan;
        this.contexts = contexts;
        this.main = contexts.fetch(plan.source(), "");
        this.dockerfile = readDockerfile();
        this.ignoreFile = readIgnoreFile();
    }

    Context main() {
        return main;
    }

    IgnoreFile ignoreFile() {
        return ignoreFile;
    }

    DockerfileText dockerfile() {
        return dockerfile;
    }

    /** The time that files of the context are given where their source has no times of its own; null keeps theirs. */
    @Nullable
    Instant date() {
        return main.date();
    }

    private DockerfileText readDockerfile() throws IOException {
        String inline = plan.dockerfile().inline();
        if (inline != null) {
            return new DockerfileText("Dockerfile", inline);
        }
        String path = plan.dockerfile().path() == null
                ? "Dockerfile"
                : plan.dockerfile().path();
        Path outside = Path.of(path);
        if (outside.isAbsolute()) {
            if (!Files.isRegularFile(outside)) {
                throw missing(path);
            }
            return new DockerfileText(
                    outside.getFileName().toString(), readBounded(Files.newInputStream(outside), path));
        }
        String followed = TreePath.follow(main.tree(), path, true);
        if (!(main.tree().find(followed) instanceof Node.RegularFile)) {
            throw missing(path);
        }
        return new DockerfileText(path, readBounded(main.tree().open(followed), path));
    }

    private static String readBounded(InputStream stream, String path) throws IOException {
        try (stream) {
            byte[] bytes = stream.readNBytes((int) LARGEST_DOCKERFILE + 1);
            if (bytes.length > LARGEST_DOCKERFILE) {
                throw new FailureException(
                        new Failure(Failure.Cause.USER, "the file is larger than 16 MiB", path, null));
            }
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    private FailureException missing(String path) throws IOException {
        StringBuilder there = new StringBuilder();
        for (String name : main.tree().children("").keySet()) {
            if (name.toLowerCase(java.util.Locale.ROOT).contains("dockerfile")) {
                there.append(there.isEmpty() ? "" : ", ").append(name);
            }
        }
        return new FailureException(new Failure(
                Failure.Cause.USER,
                "the Dockerfile was not found",
                path,
                there.isEmpty()
                        ? "Put it into the context's root, or say where it is"
                        : "The context has " + there + "; say which it is"));
    }

    /** A context's files: those of the main one (the empty name) without what its ignore file names. */
    Tree tree(String name) {
        return trees.computeIfAbsent(name, this::read);
    }

    private Tree read(String name) {
        try {
            if (name.isEmpty()) {
                return new IgnoredTree(main.tree(), ignoreFile);
            }
            Plan.Source source = plan.contexts().get(name);
            if (source == null) {
                throw new IllegalStateException("there is no context \"" + name + "\"");
            }
            Context context = contexts.fetch(source, name);
            return new IgnoredTree(context.tree(), ignoreFileIn(context.tree(), ".dockerignore"));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the context " + name, e);
        }
    }

    /** The Dockerfile's own ignore file goes before the context's. */
    private IgnoreFile readIgnoreFile() throws IOException {
        String path = plan.dockerfile().path() == null
                ? "Dockerfile"
                : plan.dockerfile().path();
        Path outside = Path.of(path);
        if (outside.isAbsolute()) {
            Path own = Path.of(outside + ".dockerignore");
            if (Files.isRegularFile(own)) {
                return IgnoreFile.parse(
                        own.getFileName().toString(), readBounded(Files.newInputStream(own), own.toString()));
            }
        } else if (plan.dockerfile().inline() == null) {
            String own = TreePath.clean(path) + ".dockerignore";
            if (main.tree().find(own) instanceof Node.RegularFile) {
                return ignoreFileIn(main.tree(), own);
            }
        }
        return ignoreFileIn(main.tree(), ".dockerignore");
    }

    private static IgnoreFile ignoreFileIn(Tree tree, String path) throws IOException {
        String followed = TreePath.follow(tree, path, true);
        if (!(tree.find(followed) instanceof Node.RegularFile)) {
            return IgnoreFile.NONE;
        }
        try (InputStream in = tree.open(followed)) {
            return IgnoreFile.parse(path, readBounded(in, path));
        } catch (IllegalArgumentException e) {
            throw new FailureException(
                    new Failure(
                            Failure.Cause.USER, e.getMessage() == null ? "not readable" : e.getMessage(), path, null),
                    e);
        }
    }

    /** A line of the Dockerfile, for people. */
    String place(int line) {
        return dockerfile.name() + ":" + line;
    }

    /** The failure with its line in the Dockerfile, and that line as it is written. */
    FailureException located(FailureException e, int line) {
        Failure failure = e.failure();
        if (failure.where() != null || line < 1) {
            return e;
        }
        String detail = failure.detail() == null || failure.detail().isEmpty()
                ? dockerfile.excerpt(new Location(line, line))
                : failure.detail();
        return new FailureException(
                new Failure(failure.cause(), failure.what(), place(line), failure.mend(), detail), e);
    }
}
