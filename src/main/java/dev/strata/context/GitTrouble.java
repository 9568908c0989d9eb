package dev.strata.context;

import dev.strata.plan.Failure;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What git's error text means: whose fault, and what to do. Git has one exit code for nearly everything, so its words
 * (in the C locale) are all there is.
 */
enum GitTrouble {
    UNKNOWN_REVISION(
            Failure.Cause.USER,
            "couldn't find remote ref|not our ref|unadvertised object|bad object|bad revision|unknown revision|Needed a single"
                    + " revision|not a valid object name|reference is not a tree|Remote branch .* not found",
            "the repository has no such revision",
            "Name a branch, a tag or a commit that was pushed"),
    UNKNOWN_HOST_KEY(
            Failure.Cause.USER,
            "Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|No .* host key is known",
            "the ssh host's key is not the known one",
            "Put the host's line of ssh-keyscan, checked against what its owner publishes, under known_hosts into the"
                    + " secret"),
    UNTRUSTED(
            Failure.Cause.USER,
            "SSL certificate problem|certificate verification failed|certificate subject name|SSL: no alternative"
                    + "|certificate has expired|unable to get local issuer",
            "the server's TLS certificate is not trusted",
            "Put the authority's certificate under ca.crt into the secret, or mend the server's certificate"),
    UNAUTHORIZED(
            Failure.Cause.USER,
            "Authentication failed|could not read Username|could not read Password|returned error: 401"
                    + "|Permission denied \\(|HTTP Basic: Access denied|Invalid username or|Load key",
            "the server asks for credentials, and there are none or they are wrong",
            "Name a secret of the type kubernetes.io/basic-auth or kubernetes.io/ssh-auth that is good for it"),
    FORBIDDEN(
            Failure.Cause.USER,
            "returned error: 403|access denied or repository not exported|Access denied|insufficient permission",
            "the server refuses these credentials",
            "Give the account the right to read the repository"),
    NOT_FOUND(
            Failure.Cause.USER,
            "repository '.*' not found|returned error: 404|Repository not found|Could not find Repository"
                    + "|project you were looking for could not be found",
            "there is no such repository, or it is private",
            "Check the address; for a private one name a secret"),
    NOT_ALLOWED(
            Failure.Cause.USER,
            "transport '.*' not allowed",
            "git may not speak this protocol here",
            "Use https, ssh or http; submodules may not name local folders"),
    UNKNOWN_HOST(
            Failure.Cause.OUTSIDE,
            "Could not resolve host|Name or service not known|Temporary failure in name resolution"
                    + "|nodename nor servname",
            "the host's name is not known",
            "Check its spelling and the name service"),
    NOT_A_REPOSITORY(
            Failure.Cause.USER,
            "does not appear to be a git repository|not valid: is this a git repository|not a git repository"
                    + "|invalid server response; got|unexpectedly said|protocol error: bad line length",
            "what answers there is not a git repository",
            "Check the address; a tar of files is a source of the kind http"),
    UNREACHABLE(
            Failure.Cause.OUTSIDE,
            "Connection refused|[Tt]imed out|Failed to connect|Couldn't connect|Could not connect|Connection reset"
                    + "|No route to host|Network is unreachable|early EOF|RPC failed|hung up|Operation too slow"
                    + "|Connection closed|gnutls_handshake|SSL_connect|SSL_ERROR|Empty reply|kex_exchange",
            "the server cannot be reached or went silent",
            "Check that the builder's network lets it through"),
    BROKEN_SERVER(
            Failure.Cause.OUTSIDE,
            "returned error: (?:5\\d\\d|429)",
            "the server has trouble",
            "It is asked again later"),
    LFS(
            Failure.Cause.USER,
            "smudge filter lfs failed|external filter 'git-lfs|Object does not exist on the server",
            "a file of Git LFS cannot be had",
            "Push it (git lfs push --all), and look at what lfs.url in .lfsconfig names"),
    UNSAFE(
            Failure.Cause.USER,
            "invalid path '|strange hostname|suspicious submodule name|ignoring suspicious|submodule git dir .* is inside"
                    + "|No url found for submodule path|invalid value for",
            "the repository has names or submodules that git refuses",
            "Look at .gitmodules and at the names below"),
    OTHER(Failure.Cause.OUTSIDE, ".*", "git failed", null);

    private static final List<GitTrouble> ORDER = List.of(values());

    final Failure.Cause fault;
    final String meaning;
    final @Nullable String mend;
    private final Pattern words;

    GitTrouble(Failure.Cause fault, String words, String meaning, @Nullable String mend) {
        this.fault = fault;
        this.words = Pattern.compile(words, Pattern.DOTALL);
        this.meaning = meaning;
        this.mend = mend;
    }

    static GitTrouble of(String errors) {
        return ORDER.stream()
                .filter(trouble -> trouble.words.matcher(errors).find())
                .findFirst()
                .orElse(OTHER);
    }
}
