package dev.strata.dockerfile;

import java.util.regex.Pattern;

/** Sources of ADD that are not in the build context. */
final class RemoteSource {
    private static final Pattern HTTP = Pattern.compile("https?://\\S+");
    private static final Pattern GIT = Pattern.compile("[^#?]*\\.git(?:[#?].*)?");

    private RemoteSource() {}

    /** A file behind a URL, not a git repository, whose commit is its own checksum. */
    static boolean isDownload(String source) {
        return HTTP.matcher(source).matches() && !GIT.matcher(source).matches();
    }
}
