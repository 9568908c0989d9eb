package dev.strata.context;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A git repository and what to take of it, as Dockerfiles and command lines write it: {@code
 * https://host/path.git#revision:folder}, {@code ssh://git@host/path}, {@code git@host:path.git} or {@code
 * https://host/path.git?ref=…&subdir=…}. Source: Docker's manual, "Build context", "Git repositories".
 *
 * @param remote what git is given: the address without fragment and query
 * @param revision branch, tag or commit; null is the remote's default
 * @param folder folder inside the repository; null is its root
 * @param commit what the revision must turn out to be, at least its first seven digits; null is unchecked
 * @param keepGitDirectory null where the address does not say
 * @param submodules null where the address does not say
 */
public record GitAddress(
        String remote,
        @Nullable String revision,
        @Nullable String folder,
        @Nullable String commit,
        @Nullable Boolean keepGitDirectory,
        @Nullable Boolean submodules) {

    private static final Pattern SCHEME = Pattern.compile("([a-zA-Z][a-zA-Z0-9+.-]*)://.*");
    private static final Pattern SCP = Pattern.compile("[a-zA-Z0-9_][a-zA-Z0-9_.-]*@[a-zA-Z0-9.-]+:(?!//).*");

    /**
     * Reads an address; empty where the text is no git address but a path, an image or a plain file of a web server
     * (an http address is git's only when its path ends in {@code .git}).
     *
     * @throws ContextException where it is one but says something impossible
     */
    public static Optional<GitAddress> parse(String text) {
        Matcher scheme = SCHEME.matcher(text);
        if (scheme.matches()) {
            return switch (scheme.group(1).toLowerCase(Locale.ROOT)) {
                case "git", "ssh" -> Optional.of(split(text));
                case "http", "https" -> hasGitPath(text) ? Optional.of(split(text)) : Optional.empty();
                default -> Optional.empty();
            };
        }
        return SCP.matcher(text).matches() ? Optional.of(split(text)) : Optional.empty();
    }

    /** A repository as {@link dev.strata.plan.Plan.Source.Git} names it. */
    static GitAddress of(String remote, @Nullable String revision, @Nullable String folder, boolean submodules) {
        return new GitAddress(remote, revision, folder, null, null, submodules);
    }

    /** The same, with {@code .git} staying whatever the caller says. */
    public GitAddress keepingGitDirectory() {
        return new GitAddress(remote, revision, folder, commit, true, submodules);
    }

    private static boolean hasGitPath(String text) {
        return text.replaceFirst("[?#].*", "").endsWith(".git");
    }

    private static GitAddress split(String text) {
        int hash = text.indexOf('#');
        String fragment = hash < 0 ? "" : text.substring(hash + 1);
        String rest = hash < 0 ? text : text.substring(0, hash);
        int question = rest.indexOf('?');
        Map<String, String> query = question < 0 ? Map.of() : query(text, rest.substring(question + 1));
        String remote = question < 0 ? rest : rest.substring(0, question);
        if (!query.isEmpty() && !fragment.isEmpty()) {
            throw problem(text, "the revision may be behind # or in the query, not both");
        }
        if (!query.isEmpty()) {
            return fromQuery(text, remote, query);
        }
        int colon = fragment.indexOf(':');
        String revision = colon < 0 ? fragment : fragment.substring(0, colon);
        String folder = colon < 0 ? "" : fragment.substring(colon + 1);
        return new GitAddress(remote, nullIfEmpty(revision), nullIfEmpty(folder), null, null, null);
    }

    private static GitAddress fromQuery(String text, String remote, Map<String, String> query) {
        String revision = null;
        String commit = null;
        String folder = null;
        Boolean keep = null;
        Boolean submodules = null;
        for (Map.Entry<String, String> entry : query.entrySet()) {
            String value = entry.getValue();
            switch (entry.getKey()) {
                case "ref" -> revision = once(text, revision, value);
                case "branch" -> revision = once(text, revision, "refs/heads/" + value);
                case "tag" -> revision = once(text, revision, "refs/tags/" + value);
                case "subdir" -> folder = value;
                case "checksum", "commit" -> commit = once(text, commit, value);
                case "keep-git-dir" -> keep = truth(text, entry.getKey(), value);
                case "submodules" -> submodules = truth(text, entry.getKey(), value);
                default -> throw problem(text, "unknown query key \"" + entry.getKey() + "\"");
            }
        }
        return new GitAddress(remote, nullIfEmpty(revision), nullIfEmpty(folder), commit, keep, submodules);
    }

    private static String once(String text, @Nullable String before, String value) {
        if (before != null) {
            throw problem(text, "ref, branch and tag exclude each other, and so do checksum and commit");
        }
        return value;
    }

    private static boolean truth(String text, String key, String value) {
        return switch (value) {
            case "", "1", "true" -> true;
            case "0", "false" -> false;
            default -> throw problem(text, key + " must be true or false, not \"" + value + "\"");
        };
    }

    private static Map<String, String> query(String text, String query) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String pair : query.split("&", -1)) {
            int equals = pair.indexOf('=');
            String key = equals < 0 ? pair : pair.substring(0, equals);
            String value = decoded(text, equals < 0 ? "" : pair.substring(equals + 1));
            if (!key.isEmpty() && values.put(key, value) != null) {
                throw problem(text, "query key \"" + key + "\" is given twice");
            }
        }
        return values;
    }

    private static String decoded(String text, String value) {
        try {
            return URLDecoder.decode(value, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw problem(text, "\"" + value + "\" is not percent-encoded text");
        }
    }

    private static ContextException problem(String text, String what) {
        return ContextException.user(
                "git address: " + what,
                Redacted.url(text),
                "Known keys are ref, branch, tag, subdir, checksum, commit, keep-git-dir and submodules");
    }

    private static @Nullable String nullIfEmpty(@Nullable String text) {
        return text == null || text.isEmpty() ? null : text;
    }
}
