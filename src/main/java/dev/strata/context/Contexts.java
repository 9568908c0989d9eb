package dev.strata.context;

import dev.strata.image.Blobs;
import dev.strata.image.Digest;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.layer.Bounds;
import dev.strata.layer.DiskTree;
import dev.strata.plan.Plan.Source;
import dev.strata.registry.Registry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Brings the files of a build here, whatever kind of source they come from. Safe for use by several threads. */
public final class Contexts {
    private final Path folder;
    private final Git git;
    private final Http http;
    private final Registry registry;
    private final Platform platform;
    private final Bounds bounds;

    /**
     * @param folder where what is fetched is put; made when absent
     * @param platform which files of an image for several platforms are wanted
     * @param bounds of what comes out of an archive, a layer or a commit
     */
    public Contexts(Path folder, Git git, Http http, Registry registry, Platform platform, Bounds bounds) {
        this.folder = folder;
        this.git = git;
        this.http = http;
        this.registry = registry;
        this.platform = platform;
        this.bounds = bounds;
    }

    /**
     * Fetches a source.
     *
     * @param name of the context for messages; empty for the main one
     * @throws ContextException whose {@link ContextException#fault} tells whether trying again may help
     * @throws dev.strata.registry.RegistryException where an image cannot be had
     */
    public Context fetch(Source source, String name) {
        try {
            Files.createDirectories(folder);
            return switch (source) {
                case Source.Empty empty -> context(fresh(), "empty", "-", null);
                case Source.Folder local -> local.mounted() ? volume(local) : local(local);
                case Source.Git repository -> git(repository);
                case Source.Http file -> http(file);
                case Source.Oci image -> image(image.image());
                case Source.OciLayout layout -> layout(layout);
                case Source.StageAlias stage ->
                    throw new IllegalArgumentException("context \"" + name + "\" is the stage \"" + stage.stage()
                            + "\", which has no files before it is built");
            };
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write the files of the context to " + folder, e);
        }
    }

    private static Context local(Source.Folder local) throws IOException {
        Path path = Path.of(local.path()).toAbsolutePath().normalize();
        requireFolder(path);
        return context(path, "folder", path.toString(), null);
    }

    private Context volume(Source.Folder local) throws IOException {
        Path path = Path.of(local.path());
        requireFolder(path);
        Path copy = fresh();
        Digest content = new MountedVolume(path).copy(copy);
        return context(copy, "volume", content.toString(), null);
    }

    private static void requireFolder(Path path) {
        if (!Files.isDirectory(path)) {
            throw ContextException.user(
                    Files.exists(path) ? "it is not a folder" : "there is no such folder",
                    path.toString(),
                    "Name a folder that the build can read");
        }
    }

    private Context git(Source.Git source) throws IOException {
        GitAddress address = GitAddress.of(source.url(), source.revision(), source.subPath(), source.submodules());
        Git.Checkout checkout = git.checkout(address, fresh(), false, source.submodules(), path(source.credentials()));
        return context(checkout.root(), "git", checkout.commit(), checkout.date());
    }

    private Context http(Source.Http source) throws IOException {
        Digest checksum = source.sha256() == null ? null : checksum(source.sha256(), source.url());
        Http.Fetched fetched = http.fetch(source.url(), checksum, path(source.credentials()), folder);
        Path root = fresh();
        if (Archives.isArchive(fetched.file())) {
            Archives.unpack(fetched.file(), root, Redacted.url(source.url()), bounds);
            Files.delete(fetched.file());
        } else {
            Files.move(fetched.file(), root.resolve("Dockerfile"));
        }
        return context(root, "http", fetched.digest().toString(), fetched.lastModified());
    }

    private Context image(Reference name) throws IOException {
        Path root = fresh();
        RegistryFiles source = new RegistryFiles(registry, name, new Blobs(folder.resolve("pulled")));
        ImageFiles.Found found = new ImageFiles(source, platform, name.toString(), bounds)
                .put(registry.resolve(name).descriptor(), root);
        return context(root, "oci", found.manifest().toString(), found.created());
    }

    private Context layout(Source.OciLayout layout) throws IOException {
        Path root = fresh();
        LayoutFolder source = new LayoutFolder(Path.of(layout.path()));
        ImageFiles.Found found =
                new ImageFiles(source, platform, layout.path(), bounds).put(source.find(layout.tagOrDigest()), root);
        return context(root, "oci-layout", found.manifest().toString(), found.created());
    }

    private static Digest checksum(String sha256, String url) {
        try {
            return sha256.contains(":") ? Digest.parse(sha256) : new Digest("sha256", sha256);
        } catch (IllegalArgumentException e) {
            throw ContextException.user(
                    "the checksum cannot be one: " + e.getMessage(),
                    Redacted.url(url),
                    "Write the 64 digits that sha256sum prints");
        }
    }

    private static Context context(Path root, String kind, String revision, java.time.@Nullable Instant date)
            throws IOException {
        return new Context(root, DiskTree.ofContext(root), kind, revision, date);
    }

    private Path fresh() throws IOException {
        Path fresh = Files.createTempDirectory(folder, "context");
        Files.setPosixFilePermissions(fresh, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
        return fresh;
    }

    private static @Nullable Path path(@Nullable String folder) {
        return folder == null ? null : Path.of(folder);
    }
}
