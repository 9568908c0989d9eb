package dev.strata.dockerfile;

import java.util.regex.Pattern;

/**
 * Sources of ADD that are not in the build context, told by their form alone. Source: Dockerfile reference, ADD; an http
 * address is git's when its path ends in {@code .git}.
 */
public final class RemoteSource {
    private static final Pattern GIT = Pattern.compile(
            "(?i:git|ssh)://.*|(?i:https?)://[^?#]*\\.git(?:[?#].*)?|[a-zA-Z0-9_][a-zA-Z0-9_.-]*@[a-zA-Z0-9.-]+:(?!//).*");
    private static final Pattern HTTP = Pattern.compile("https?://.*");

    private RemoteSource() {}

    /** A git repository, perhaps with what is wanted of it. */
    public static boolean isGit(String source) {
        return GIT.matcher(source).matches();
    }

    /** A file behind a URL, not a git repository, whose commit is its own checksum. */
    public static boolean isDownload(String source) {
        return HTTP.matcher(source).matches() && !isGit(source);
    }
}
