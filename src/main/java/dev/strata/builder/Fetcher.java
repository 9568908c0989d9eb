package dev.strata.builder;

import dev.strata.context.ContextException;
import dev.strata.context.Git;
import dev.strata.context.GitAddress;
import dev.strata.context.Http;
import dev.strata.graph.Step;
import dev.strata.image.Digest;
import dev.strata.layer.Archive;
import dev.strata.layer.Bounds;
import dev.strata.layer.DiskTree;
import dev.strata.layer.LayerException;
import dev.strata.layer.LayerTree;
import dev.strata.layer.Node;
import dev.strata.layer.Tree;
import dev.strata.layer.TreePath;
import dev.strata.plan.Failure;
import dev.strata.plan.FailureException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Brings what ADD takes from the web, from repositories and out of archives. */
final class Fetcher implements Archives {
    private final Path temporary;
    private final Git git;
    private final Http http;
    private final Bounds bounds;

    /** @param bounds of what comes out of an archive */
    Fetcher(Path temporary, Git git, Http http, Bounds bounds) {
        this.temporary = temporary;
        this.git = git;
        this.http = http;
        this.bounds = bounds;
    }

    Piece http(Step.Item.Http item) throws IOException {
        Digest checksum = item.checksum() == null ? null : digest(item.checksum());
        Http.Fetched fetched;
        try {
            fetched = http.fetch(item.url(), checksum, null, Files.createTempDirectory(temporary, "http"));
        } catch (ContextException e) {
            throw failure(e);
        }
        Path folder = java.util.Objects.requireNonNull(fetched.file().getParent());
        String path = fetched.file().getFileName().toString();
        Tree tree = new DiskTree(folder);
        if (!(tree.find(path) instanceof Node.RegularFile file)) {
            throw new IOException("what was fetched from " + item.url() + " is no file");
        }
        return new Piece.Fetched(tree, path, name(item.url()), file, fetched.lastModified());
    }

    /** Its place is the line of the Dockerfile, so the address goes into the words. */
    private static FailureException failure(ContextException e) {
        return new FailureException(new Failure(e.fault(), e.where() + ": " + e.what(), null, e.mend(), e.detail()), e);
    }

    private static Digest digest(String text) {
        try {
            return Digest.parse(text);
        } catch (IllegalArgumentException e) {
            throw new FailureException(
                    new Failure(Failure.Cause.USER, "ADD --checksum=" + text + ": " + e.getMessage(), null, null), e);
        }
    }

    /** The last name of the URL's path, as docker has it. */
    static String name(String url) {
        String path;
        try {
            path = new URI(url).getPath();
        } catch (URISyntaxException e) {
            path = null; // Whoever fetches it says what is wrong.
        }
        String name = TreePath.name(TreePath.clean(path == null ? "" : path));
        return name.isEmpty() ? "__unnamed__" : name;
    }

    Piece git(Step.Item.Git item) throws IOException {
        GitAddress address = GitAddress.parse(item.url())
                .orElseThrow(() -> new IllegalArgumentException(item.url() + " is no git repository"));
        boolean keep = Boolean.TRUE.equals(item.keepGitDirectory());
        Git.Checkout checkout;
        try {
            checkout = git.checkout(address, Files.createTempDirectory(temporary, "git"), keep, true, null);
        } catch (ContextException e) {
            throw failure(e);
        }
        if (item.checksum() != null && !checkout.commit().startsWith(item.checksum())) {
            throw new FailureException(new Failure(
                    Failure.Cause.USER,
                    "ADD " + item.url() + ": the commit is " + checkout.commit() + ", not " + item.checksum(),
                    null,
                    "Mend --checksum, or look who changed the repository"));
        }
        Tree tree = new DiskTree(checkout.root());
        return new Piece.Found(tree, "", "", java.util.Objects.requireNonNull(tree.find("")), false);
    }

    @Override
    public @Nullable LayerTree open(Tree tree, String path, int number) throws IOException {
        try (InputStream in = tree.open(path)) {
            if (!Archive.isArchive(in)) {
                return null;
            }
        }
        Path folder = Files.createTempDirectory(temporary, "archive");
        try (InputStream in = tree.open(path)) {
            return Archive.open(in, folder, bounds);
        } catch (LayerException e) {
            throw new FailureException(
                    new Failure(
                            Failure.Cause.USER,
                            "the archive /" + path + " cannot be unpacked: " + e.getMessage(),
                            null,
                            e.isTooMuch() ? Explanation.LESS : e.mend()),
                    e);
        }
    }
}
