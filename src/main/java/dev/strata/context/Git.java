package dev.strata.context;

import dev.strata.layer.Bounds;
import dev.strata.layer.Removal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Checks out repositories by the git of the machine: as little history as the server allows, the wanted revision only.
 * All files get the commit's time, so that the same commit gives the same layer everywhere.
 */
public final class Git {
    private static final Pattern COMMIT = Pattern.compile("[a-f0-9]{40}|[a-f0-9]{64}");
    private static final Pattern SHORT_COMMIT = Pattern.compile("[a-f0-9]{7,63}");

    private final Path scratch;
    private final @Nullable Path caBundle;
    private final Bounds bounds;

    /**
     * @param scratch a folder for what git needs beside the repository; made when absent
     * @param caBundle PEM file with authorities to trust besides the system's; null for none
     * @param bounds of the files of a commit, those of submodules and of Git LFS included, and of git's own copy of them
     */
    public Git(Path scratch, @Nullable Path caBundle, Bounds bounds) {
        this.scratch = scratch;
        this.caBundle = caBundle;
        this.bounds = bounds;
    }

    /** As the other, with the usual bounds. */
    public Git(Path scratch, @Nullable Path caBundle) {
        this(scratch, caBundle, Bounds.DEFAULT);
    }

    /**
     * @param root the folder with the wanted files
     * @param commit full hash
     * @param date the commit's time (the committer's)
     */
    public record Checkout(Path root, String commit, Instant date) {}

    /**
     * Checks out into a folder that is empty or absent; after a failure it is absent.
     *
     * @param address its own keepGitDirectory and submodules win over the arguments
     * @param keepGitDirectory whether {@code .git} stays; never where only a folder of the repository is wanted
     * @param submodules whether they are checked out, too, at any depth
     * @param credentials folder as {@link dev.strata.plan.Plan.Source.Git} has it; null for none
     * @throws ContextException whose {@link ContextException#fault} tells whether trying again may help
     */
    public Checkout checkout(
            GitAddress address, Path into, boolean keepGitDirectory, boolean submodules, @Nullable Path credentials) {
        boolean keep = address.keepGitDirectory() == null ? keepGitDirectory : address.keepGitDirectory();
        boolean deep = address.submodules() == null ? submodules : address.submodules();
        GitRemote remote = GitRemote.check(address.remote());
        checkRevision(address);
        try (GitSession session =
                GitSession.open(remote, into, scratch, new Credentials(credentials), caBundle, bounds)) {
            return checkout(session, remote, address, into, keep, deep);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write the files of " + remote.shown(), e);
        }
    }

    /**
     * What the names of a repository stand for now, without fetching anything: {@code HEAD}, {@code refs/heads/…} and
     * {@code refs/tags/…}, each with its commit; an annotated tag with that of what it tags.
     *
     * @param credentials folder as {@link dev.strata.plan.Plan.Source.Git} has it; null for none
     * @throws ContextException whose {@link ContextException#fault} tells whether trying again may help
     */
    public SortedMap<String, String> references(String repository, @Nullable Path credentials) {
        GitRemote remote = GitRemote.check(repository);
        try {
            Files.createDirectories(scratch);
            Path empty = Files.createTempDirectory(scratch, "ls");
            try (GitSession session =
                    GitSession.open(remote, empty, scratch, new Credentials(credentials), caBundle, bounds)) {
                return references(
                        session.run("ls-remote", "--quiet", remote.address(), "HEAD", "refs/heads/*", "refs/tags/*"));
            } finally {
                Removal.of(empty);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot look up the references of " + remote.shown(), e);
        }
    }

    private static SortedMap<String, String> references(String listed) {
        SortedMap<String, String> references = new TreeMap<>();
        listed.lines()
                .map(line -> line.split("\t", 2))
                .filter(pair -> pair.length == 2)
                .forEach(pair -> {
                    boolean peeled = pair[1].endsWith("^{}");
                    String name = peeled ? pair[1].substring(0, pair[1].length() - 3) : pair[1];
                    if (peeled) {
                        references.put(name, pair[0]); // listed behind the tag object itself
                    } else {
                        references.putIfAbsent(name, pair[0]);
                    }
                });
        return references;
    }

    /**
     * The commit that a revision stands for, as {@link #checkout} would take it; null where no name says so, as for a
     * commit, which stands for itself.
     *
     * @param revision branch or tag; null is the default branch
     */
    public static @Nullable String commit(SortedMap<String, String> references, @Nullable String revision) {
        if (revision == null) {
            return references.get("HEAD");
        }
        for (String prefix : List.of("", "refs/", "refs/tags/", "refs/heads/")) {
            String commit = references.get(prefix + revision);
            if (commit != null) {
                return commit;
            }
        }
        return null;
    }

    private Checkout checkout(
            GitSession session, GitRemote remote, GitAddress address, Path into, boolean keep, boolean deep)
            throws IOException {
        boolean done = false;
        try {
            session.begin();
            Commit commit = fetch(session, address.revision());
            session.refuseTooMuchHere();
            checkCommit(address, commit.hash());
            GitSession.Special special = session.refuseTooMuch(commit.hash(), bounds);
            session.run("checkout", "--quiet", "--force", "--detach", commit.hash());
            boolean submodules = deep && special.submodules();
            if (submodules) {
                new Submodules(session).checkout();
            }
            if (submodules || special.attributes()) {
                session.refuseTooMuchHere();
                session.refuseMissingLfs(deep);
            }
            Path root = new Worktree(into, remote.shown()).finish(address.folder(), keep, submodules, commit.date());
            done = true;
            return new Checkout(root, commit.hash(), commit.date());
        } finally {
            if (!done) {
                Removal.of(into);
            }
        }
    }

    private record Commit(String hash, Instant date) {
        /** The question, for {@link #read}. It looks at no file: how many there are is not known yet. */
        static String[] asked(String revision) {
            return new String[] {"rev-list", "--max-count=1", "--timestamp", revision + "^{commit}"};
        }

        static Commit read(String told) {
            String[] words = told.strip().split(" ");
            return new Commit(words[1], Instant.ofEpochSecond(Long.parseLong(words[0])));
        }
    }

    /** Brings the revision here and answers its commit. */
    private static Commit fetch(GitSession session, @Nullable String revision) {
        String wanted = revision == null ? "HEAD" : revision;
        GitCommand.Result shallow = session.attempt(
                "fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "origin", wanted);
        if (shallow.succeeded()) {
            return Commit.read(session.run(Commit.asked("FETCH_HEAD")));
        }
        boolean perhapsCommit =
                COMMIT.matcher(wanted).matches() || SHORT_COMMIT.matcher(wanted).matches();
        if (!perhapsCommit || GitTrouble.of(shallow.errors()) != GitTrouble.UNKNOWN_REVISION) {
            throw session.failure(shallow, wanted);
        }
        return fetchAll(session, wanted);
    }

    /** The server does not give commits by their hash (or the hash is short): everything comes, the commit is in it. */
    private static Commit fetchAll(GitSession session, String commit) {
        GitCommand.Result everything = session.attempt(
                "fetch",
                "--quiet",
                "--no-recurse-submodules",
                "origin",
                "+refs/heads/*:refs/remotes/origin/*",
                "+refs/tags/*:refs/tags/*");
        if (!everything.succeeded()) {
            throw session.failure(everything, commit);
        }
        GitCommand.Result resolved = session.attempt(Commit.asked(commit));
        if (!resolved.succeeded()) {
            throw session.failure(resolved, commit);
        }
        return Commit.read(resolved.output());
    }

    private static void checkRevision(GitAddress address) {
        String revision = address.revision();
        if (revision != null && (revision.startsWith("-") || revision.matches(".*[\\s:+^~?*\\[\\\\\\p{Cntrl}].*"))) {
            throw ContextException.user(
                    "revision \"" + revision + "\" cannot be a branch, a tag or a commit",
                    Redacted.url(address.remote()),
                    "Name one of the three, such as main, v1.2 or the 40 digits of a commit");
        }
    }

    private static void checkCommit(GitAddress address, String commit) {
        String expected = address.commit();
        if (expected == null) {
            return;
        }
        String prefix = expected.toLowerCase(Locale.ROOT);
        if (!SHORT_COMMIT.matcher(prefix).matches() && !COMMIT.matcher(prefix).matches()) {
            throw ContextException.user(
                    "checksum \"" + expected + "\" is no commit",
                    Redacted.url(address.remote()),
                    "Give the commit's hash, at least seven hexadecimal digits");
        }
        if (!commit.startsWith(prefix)) {
            throw ContextException.user(
                    "revision " + (address.revision() == null ? "HEAD" : address.revision()) + " is commit " + commit
                            + ", but " + expected + " was expected",
                    Redacted.url(address.remote()),
                    "The branch or tag has moved: check what changed, then write the new commit");
        }
    }

    /** A repository's address, known to be harmless as an argument. */
    record GitRemote(
            String address,
            String shown,
            String protocols,
            @Nullable String origin) {
        private static final List<String> SCHEMES = List.of("http", "https", "ssh", "git", "file");

        static GitRemote check(String address) {
            String shown = Redacted.url(address);
            String scheme = scheme(address);
            if (!SCHEMES.contains(scheme) || address.startsWith("-") || address.matches(".*[\\s\\p{Cntrl}].*")) {
                throw ContextException.user(
                        "\"" + shown + "\" is not the address of a git repository",
                        shown,
                        "Write https://host/path.git, ssh://user@host/path or user@host:path");
            }
            if (scheme.startsWith("http") && address.matches("[a-z]+://[^/@]*:[^/]*@.*")) {
                throw ContextException.user(
                        "the address holds a password, which would be shown in logs and on the resource",
                        shown,
                        "Put user name and password into a secret of the type kubernetes.io/basic-auth");
            }
            String protocols = "https:http:ssh" + (scheme.equals("git") || scheme.equals("file") ? ":" + scheme : "");
            return new GitRemote(address, shown, protocols, scheme.startsWith("http") ? origin(address) : null);
        }

        /** Whether it is on this machine. */
        boolean isFolder() {
            return scheme(address).equals("file");
        }

        boolean isSsh() {
            return scheme(address).equals("ssh");
        }

        private static String scheme(String address) {
            int end = address.indexOf("://");
            if (end > 0) {
                return address.substring(0, end);
            }
            if (address.startsWith("/")) {
                return "file";
            }
            return address.matches("[\\w.-]+@[\\w.-]+:.*") ? "ssh" : "";
        }

        /** Scheme, host and port: credentials go nowhere else. */
        private static String origin(String address) {
            return address.replaceFirst("^([a-z]+://)(?:[^/@]*@)?([^/]*).*$", "$1$2");
        }
    }
}
