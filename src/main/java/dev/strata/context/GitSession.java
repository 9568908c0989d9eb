package dev.strata.context;

import dev.strata.context.Git.GitRemote;
import dev.strata.layer.Bounds;
import dev.strata.layer.Removal;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * Git at work on one repository, with the credentials for it. Secrets stay in files: git asks a helper that is bound to
 * the repository's own scheme, host and port, so that no submodule and no redirect elsewhere can have them; ssh is
 * given a key file. Neither arguments nor environment hold a secret.
 */
final class GitSession implements AutoCloseable {
    /** What git runs when it needs user and password; the shell's own printf, so that nothing shows in a process list. */
    private static final String HELPER = """
            !credentials() { test "$1" = get || return 0; \
            printf 'username=%s\\n' "$(cat "$STRATA_GIT_CREDENTIALS/username" 2>/dev/null || echo git)"; \
            printf 'password=%s\\n' "$(cat "$STRATA_GIT_CREDENTIALS/password" 2>/dev/null \
            || cat "$STRATA_GIT_CREDENTIALS/token")"; }; credentials""";

    private static final List<Path> SYSTEM_AUTHORITIES =
            List.of(Path.of("/etc/ssl/certs/ca-certificates.crt"), Path.of("/etc/pki/tls/certs/ca-bundle.crt"));

    /** Larger files go through git's memory piece by piece. */
    private static final String LARGE_FILE = "16m";

    /** A transfer slower than a byte a second for so long has died. */
    private static final String SILENCE_SECONDS = "60";

    /** How a line of {@code git ls-tree} begins. */
    private static final String SUBMODULE = "160000 ";

    /** Only a file of this name says which files are kept by Git LFS. */
    private static final String ATTRIBUTES = ".gitattributes";

    private final GitRemote remote;
    private final Path into;
    private final Path own;
    private final Credentials credentials;
    private final GitCommand command;
    private final RepositoryWatch watch;
    private final boolean lfs;

    private GitSession(
            GitRemote remote,
            Path into,
            Path own,
            Credentials credentials,
            GitCommand command,
            RepositoryWatch watch,
            boolean lfs) {
        this.remote = remote;
        this.into = into;
        this.own = own;
        this.credentials = credentials;
        this.command = command;
        this.watch = watch;
        this.lfs = lfs;
    }

    /** @param bounds of what git may put into the folder, its own copy of the files apart */
    static GitSession open(
            GitRemote remote, Path into, Path scratch, Credentials credentials, @Nullable Path caBundle, Bounds bounds)
            throws IOException {
        Files.createDirectories(into);
        Files.createDirectories(scratch);
        Path own = Files.createTempDirectory(scratch, "git");
        try {
            boolean lfs = GitCommand.isHere("git-lfs");
            SequencedMap<String, String> configuration = configuration(lfs);
            if (!remote.isFolder()) {
                // What LFS runs for an address of a folder, which a repository from elsewhere may not name.
                configuration.put("lfs.customtransfer.lfs-standalone-file.path", "false");
            }
            Map<String, String> environment = new LinkedHashMap<>();
            if (remote.origin() != null
                    && (credentials.file("password").isPresent()
                            || credentials.file("token").isPresent())) {
                configuration.put("credential." + remote.origin() + ".helper", HELPER);
                environment.put("STRATA_GIT_CREDENTIALS", String.valueOf(credentials.folder()));
            }
            trust(own, credentials, caBundle, configuration);
            environment.put("GIT_SSH_COMMAND", ssh(remote, own, credentials));
            RepositoryWatch watch = new RepositoryWatch(into, bounds, remote.shown());
            GitCommand command = new GitCommand(into, own, remote.protocols(), configuration, environment, watch);
            return new GitSession(remote, into, own, credentials, command, watch, lfs);
        } catch (IOException | RuntimeException e) {
            Removal.of(own);
            throw e;
        }
    }

    private static SequencedMap<String, String> configuration(boolean lfs) {
        SequencedMap<String, String> configuration = new LinkedHashMap<>();
        configuration.put("core.hooksPath", "/dev/null");
        configuration.put("core.fsmonitor", "false");
        configuration.put("core.autocrlf", "false");
        configuration.put("core.bigFileThreshold", LARGE_FILE);
        configuration.put("core.fsync", "none"); // what a machine loses with its power is fetched again
        configuration.put("gc.auto", "0");
        configuration.put("maintenance.auto", "false");
        configuration.put("advice.detachedHead", "false");
        configuration.put("init.defaultBranch", "main");
        configuration.put("protocol.version", "2");
        configuration.put("http.lowSpeedLimit", "1");
        configuration.put("http.lowSpeedTime", SILENCE_SECONDS);
        if (lfs) {
            configuration.put("filter.lfs.process", "git-lfs filter-process");
            configuration.put("filter.lfs.smudge", "git-lfs smudge -- %f");
            configuration.put("filter.lfs.clean", "git-lfs clean -- %f");
            configuration.put("filter.lfs.required", "true");
        }
        return configuration;
    }

    /** Git knows one file of authorities, so ours are appended to a copy of the system's. */
    private static void trust(
            Path own, Credentials credentials, @Nullable Path caBundle, Map<String, String> configuration)
            throws IOException {
        Path fromSecret = credentials.file("ca.crt").orElse(null);
        if (caBundle == null && fromSecret == null) {
            return;
        }
        Path all = own.resolve("authorities.pem");
        try (OutputStream out = Files.newOutputStream(all)) {
            for (Path path : SYSTEM_AUTHORITIES) {
                if (Files.isRegularFile(path)) {
                    Files.copy(path, out);
                    break;
                }
            }
            for (Path path : Arrays.asList(caBundle, fromSecret)) {
                if (path != null) {
                    out.write('\n');
                    Files.copy(path, out);
                }
            }
        }
        configuration.put("http.sslCAInfo", all.toString());
    }

    /** Unknown hosts are refused: whoever answers in a host's place would be believed otherwise. */
    private static String ssh(GitRemote remote, Path own, Credentials credentials) throws IOException {
        StringBuilder ssh = new StringBuilder("ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=yes"
                + " -o ConnectTimeout=30 -o ServerAliveInterval=15 -o ServerAliveCountMax=4");
        Path key = credentials.file("ssh-privatekey").orElse(null);
        Path hosts = credentials.file("known_hosts").orElse(null);
        if (remote.isSsh() && key != null && hosts == null) {
            throw ContextException.user(
                    "the secret has no known_hosts, so nobody can tell whether the ssh host is the right one",
                    remote.shown(),
                    "Add the host's line of ssh-keyscan, checked against what its owner publishes, as known_hosts");
        }
        if (key != null) {
            ssh.append(" -o IdentitiesOnly=yes -i ").append(quoted(privateCopy(key, own)));
        }
        if (hosts != null) {
            ssh.append(" -o GlobalKnownHostsFile=/dev/null -o UserKnownHostsFile=")
                    .append(quoted(hosts));
        }
        return ssh.toString();
    }

    /** Ssh refuses a key that others may read, as a mounted secret's may be; and one without a line feed at its end. */
    private static Path privateCopy(Path key, Path own) throws IOException {
        Path copy = Files.createFile(
                own.resolve("key"), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(
                copy, Files.readString(key, StandardCharsets.ISO_8859_1).stripTrailing() + "\n");
        return copy;
    }

    private static String quoted(Path path) {
        return "'" + path.toString().replace("'", "'\\''") + "'";
    }

    /**
     * Makes an empty repository of the folder, which knows where to fetch from: as {@code git init} and {@code git remote add}
     * do it, without their processes.
     */
    void begin() throws IOException {
        EmptyRepository.in(into, remote.address());
    }

    /** Runs git and answers its output; a failure is explained. */
    String run(String... arguments) {
        GitCommand.Result result = command.run(arguments);
        if (!result.succeeded()) {
            throw failure(result, null);
        }
        return result.output().strip();
    }

    /** Runs git where the caller knows what to do with a failure. */
    GitCommand.Result attempt(String... arguments) {
        return command.run(arguments);
    }

    /** @param revision what was asked for, where it matters to the message */
    ContextException failure(GitCommand.Result result, @Nullable String revision) {
        GitTrouble trouble = GitTrouble.of(result.errors());
        String what = "git: " + trouble.meaning;
        String mend = trouble.mend;
        if (trouble == GitTrouble.UNKNOWN_REVISION && revision != null) {
            what = revision.equals("HEAD")
                    ? "git: the repository has no default branch"
                    : "git: the repository has no revision \"" + revision + "\"";
            mend = mend + known();
        }
        String detail = credentials.redact(Redacted.users(result.errors())).strip();
        return new ContextException(trouble.fault, what, remote.shown(), mend, detail, null);
    }

    /** A few of the names that the repository does have. */
    private String known() {
        GitCommand.Result listed = command.run("ls-remote", "--quiet", "--heads", "--tags", "--refs", "origin");
        List<String> names = listed.output()
                .lines()
                .map(line -> line.replaceFirst("^\\S+\\s+refs/(?:heads|tags)/", ""))
                .filter(name -> !name.isBlank())
                .limit(8)
                .toList();
        return names.isEmpty() ? "" : "; it has " + String.join(", ", names);
    }

    /** What of a commit's files needs more of git than a checkout; each of these questions is some processes. */
    record Special(boolean submodules, boolean attributes) {}

    /**
     * Asks how large the commit's files are before they are written: a repository of a few kilobytes can name the same
     * folder a million times.
     */
    Special refuseTooMuch(String commit, Bounds bounds) {
        long[] seen = new long[2];
        boolean[] special = new boolean[2];
        GitCommand.Result listed = command.run(
                line -> {
                    seen[0]++;
                    seen[1] += size(line);
                    special[0] |= line.startsWith(SUBMODULE);
                    special[1] |= line.endsWith(ATTRIBUTES);
                    return seen[0] <= bounds.entries() && seen[1] <= bounds.bytes();
                },
                "ls-tree",
                "-r",
                "-l",
                "--full-tree",
                commit);
        if (seen[0] > bounds.entries()) {
            throw Archives.tooMuch("it holds more than " + bounds.entries() + " files", remote.shown());
        }
        if (seen[1] > bounds.bytes()) {
            throw Archives.tooMuch("it holds more than " + bounds.bytes() + " bytes", remote.shown());
        }
        if (!listed.succeeded()) {
            throw failure(listed, null);
        }
        return new Special(special[0], special[1]);
    }

    /** Counts what is on the disk now: nothing tells before how much a fetch, submodules and Git LFS bring. */
    void refuseTooMuchHere() {
        watch.look();
    }

    /** The size in {@code MODE TYPE HASH SIZE<tab>NAME}; 0 where there is none, as for submodules. */
    static long size(String line) {
        int end = line.indexOf('\t');
        int begin = line.lastIndexOf(' ', end) + 1;
        return end < 0 || !Character.isDigit(line.charAt(begin)) ? 0 : Long.parseLong(line, begin, end, 10);
    }

    /** Without git-lfs the checked out files would be pointers, which no build wants. */
    void refuseMissingLfs(boolean submodules) {
        if (lfs) {
            return;
        }
        String files = submodules
                ? run("ls-files", "--recurse-submodules", "--", ":(attr:filter=lfs)")
                : run("ls-files", "--", ":(attr:filter=lfs)");
        if (!files.isEmpty()) {
            throw ContextException.user(
                    "git: " + files.lines().count() + " files are kept by Git LFS, such as "
                            + files.lines().findFirst().orElseThrow() + ", and git-lfs is not here",
                    remote.shown(),
                    "Use a builder image with git-lfs, or take the files out of LFS");
        }
    }

    @Override
    public void close() throws IOException {
        Removal.of(own);
    }
}
