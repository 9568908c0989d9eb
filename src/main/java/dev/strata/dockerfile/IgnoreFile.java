package dev.strata.dockerfile;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which files of a folder are not part of the build context: {@code .dockerignore}.
 *
 * @param patterns the lines without comments, cleaned
 */
public record IgnoreFile(List<String> patterns, PathPatterns matcher) {
    public IgnoreFile {
        patterns = List.copyOf(patterns);
    }

    /** Ignores nothing. */
    public static final IgnoreFile NONE = new IgnoreFile(List.of(), PathPatterns.of(List.of()));

    /**
     * Reads an ignore file.
     *
     * @param name the file's name, for messages
     * @throws DockerfileException with all that is wrong
     */
    public static IgnoreFile parse(String name, String text) {
        List<String> lines = Lines.split(text.startsWith("\ufeff") ? text.substring(1) : text).stream()
                .map(Lines::withoutEnd)
                .toList();
        List<String> patterns = new ArrayList<>();
        List<SyntaxError> errors = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String pattern = pattern(lines.get(i));
            if (pattern == null) {
                continue;
            }
            try {
                PathPatterns.of(List.of(pattern));
                patterns.add(pattern);
            } catch (IllegalArgumentException e) {
                String message = e.getMessage() == null ? "the pattern cannot be read" : e.getMessage();
                errors.add(new SyntaxError(new Location(i + 1, i + 1), message, null, null, pattern));
            }
        }
        if (!errors.isEmpty()) {
            throw new DockerfileException(name, lines, errors);
        }
        return new IgnoreFile(patterns, PathPatterns.of(patterns));
    }

    /** Null for comments and blank lines. */
    private static @Nullable String pattern(String line) {
        String trimmed = Whitespace.trim(line);
        if (line.startsWith("#") || trimmed.isEmpty()) {
            return null;
        }
        boolean exception = trimmed.startsWith("!");
        String pattern = exception ? Whitespace.trim(trimmed.substring(1)) : trimmed;
        if (!pattern.isEmpty()) {
            pattern = SlashPath.clean(pattern);
            pattern = pattern.length() > 1 && pattern.startsWith("/") ? pattern.substring(1) : pattern;
        }
        return exception ? "!" + pattern : pattern;
    }

    /** Whether a path, relative to the context and without a leading {@code /}, is left out. */
    public boolean ignores(String path) {
        return matcher.matches(path);
    }

    /** The rule that leaves a path out: of those that name it the last; null where none does. */
    public @Nullable String rule(String path) {
        for (String pattern : patterns.reversed()) {
            if (!pattern.startsWith("!") && PathPatterns.of(List.of(pattern)).matches(path)) {
                return ignores(path) ? pattern : null;
            }
        }
        return null;
    }

    /** Whether a folder is left out with all in it, so that a walk need not look inside. */
    public boolean ignoresWhole(String folder) {
        return matcher.matchesWhole(folder);
    }
}
