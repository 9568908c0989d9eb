package dev.strata.dockerfile;

import java.util.ArrayList;
import java.util.List;

/**
 * Patterns of which the last that matches a path decides; one that begins with {@code !} is an exception.
 *
 * <p>Source: moby/patternmatcher, MatchesOrParentMatches: a path matches too when a folder above it does.
 */
public final class PathPatterns {
    /** @param literal the pattern up to its trailing {@code *}s has no other sign with a meaning */
    private record Entry(PathPattern pattern, boolean exception, String prefix, boolean literal) {}

    private final List<Entry> entries;
    private final boolean exceptions;

    private PathPatterns(List<Entry> entries) {
        this.entries = List.copyOf(entries);
        this.exceptions = entries.stream().anyMatch(Entry::exception);
    }

    /** Reads patterns; blank ones do not count. An {@link IllegalArgumentException} says what is wrong. */
    public static PathPatterns of(List<String> patterns) {
        List<Entry> entries = new ArrayList<>();
        for (String written : patterns) {
            String trimmed = Whitespace.trim(written);
            if (!trimmed.isEmpty()) {
                entries.add(entry(SlashPath.clean(trimmed)));
            }
        }
        return new PathPatterns(entries);
    }

    private static Entry entry(String cleaned) {
        boolean exception = cleaned.startsWith("!");
        String pattern = exception ? cleaned.substring(1) : cleaned;
        if (pattern.isEmpty()) {
            throw new IllegalArgumentException("illegal exclusion pattern: \"!\"; a pattern must follow the !");
        }
        String prefix = pattern;
        while (prefix.endsWith("*")) {
            prefix = prefix.substring(0, prefix.length() - 1);
        }
        while (prefix.endsWith("/")) {
            prefix = prefix.substring(0, prefix.length() - 1);
        }
        boolean literal = prefix.chars().noneMatch(c -> "*?[]\\".indexOf(c) >= 0);
        return new Entry(PathPattern.ofIgnore(pattern), exception, prefix, literal);
    }

    public int size() {
        return entries.size();
    }

    /** Whether one of them is an exception. */
    public boolean hasExceptions() {
        return exceptions;
    }

    /** Whether the path, or a folder above it, matches; paths are relative and have no leading {@code /}. */
    public boolean matches(String path) {
        List<String> folders = foldersAbove(path);
        boolean matched = false;
        for (Entry entry : entries) {
            if (entry.exception() == matched && matches(entry.pattern(), path, folders)) {
                matched = !entry.exception();
            }
        }
        return matched;
    }

    /** Whether the folder matches and no exception can match anything in it: a walk need not look inside. */
    public boolean matchesWhole(String folder) {
        if (!matches(folder)) {
            return false;
        }
        String inside = folder + "/";
        for (Entry entry : entries) {
            if (entry.exception() && (!entry.literal() || (entry.prefix() + "/").startsWith(inside))) {
                return false;
            }
        }
        return true;
    }

    private static boolean matches(PathPattern pattern, String path, List<String> folders) {
        if (pattern.matches(path)) {
            return true;
        }
        for (String folder : folders) {
            if (pattern.matches(folder)) {
                return true;
            }
        }
        return false;
    }

    private static List<String> foldersAbove(String path) {
        int last = path.lastIndexOf('/');
        if (last < 0) {
            return List.of();
        }
        String parent = SlashPath.clean(path.substring(0, last + 1));
        if (parent.equals(".")) {
            return List.of();
        }
        List<String> folders = new ArrayList<>();
        for (int slash = parent.indexOf('/'); slash >= 0; slash = parent.indexOf('/', slash + 1)) {
            folders.add(parent.substring(0, slash));
        }
        folders.add(parent);
        return folders;
    }
}
