package dev.strata.dockerfile;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The shell's patterns, {@code *} and {@code ?}, on a variable's value. All places of the pattern are followed at once,
 * so that the time is linear in the value's length, whatever the pattern.
 */
final class ShellPattern {
    private static final int ONE = -1;
    private static final int RUN = -2;
    private static final int NOWHERE = Integer.MAX_VALUE;

    /** A code point, {@link #ONE} or {@link #RUN} each; neither of the two takes a line feed. */
    private final int[] tokens;

    private ShellPattern(int[] tokens) {
        this.tokens = tokens;
    }

    static String withoutPrefix(String value, String pattern, boolean longest) {
        Match match = parse(pattern).find(value, 0, true, longest);
        return match == null ? value : value.substring(match.end);
    }

    /** Turned round, a suffix is a prefix. */
    static String withoutSuffix(String value, String pattern, boolean longest) {
        int[] reversed = parse(pattern).tokens.clone();
        for (int i = 0; i < reversed.length / 2; i++) {
            int other = reversed.length - 1 - i;
            int token = reversed[i];
            reversed[i] = reversed[other];
            reversed[other] = token;
        }
        Match match = new ShellPattern(reversed).find(reverse(value), 0, true, longest);
        return match == null ? value : value.substring(0, value.length() - match.end);
    }

    static String replace(String value, String pattern, String replacement, boolean all) {
        ShellPattern parsed = parse(pattern);
        StringBuilder out = new StringBuilder();
        int copied = 0;
        int from = 0;
        Match match = parsed.find(value, from, false, true);
        while (match != null) {
            boolean emptyAfterMatch = match.start == match.end && match.start == copied && copied > 0;
            if (!emptyAfterMatch) {
                out.append(value, copied, match.start).append(replacement);
                if (out.length() > ShellWord.LONGEST) {
                    throw ShellWord.tooLong();
                }
                copied = match.end;
            }
            from = match.end > match.start ? match.end : match.end + 1;
            match = all && from <= value.length() ? parsed.find(value, from, false, true) : null;
        }
        return out.append(value, copied, value.length()).toString();
    }

    private static String reverse(String text) {
        return new StringBuilder(text).reverse().toString();
    }

    static ShellPattern parse(String pattern) {
        int[] characters = pattern.codePoints().toArray();
        int[] tokens = new int[characters.length];
        int count = 0;
        for (int i = 0; i < characters.length; i++) {
            int token = characters[i];
            if (token == '\\') {
                int next = i + 1 < characters.length ? characters[i + 1] : -1;
                // } and / must be escaped to stand in ${}; the escape is not the pattern's
                boolean known = next == '}' || next == '/' || next == '*' || next == '?' || next == '\\';
                if (!known) {
                    throw new ExpansionException(
                            "pattern \"" + pattern + "\": a backslash may stand before * ? \\ / and } only");
                }
                i++;
                tokens[count++] = next;
            } else {
                tokens[count++] = token == '*' ? RUN : token == '?' ? ONE : token;
            }
        }
        return new ShellPattern(Arrays.copyOf(tokens, count));
    }

    private record Match(int start, int end) {}

    /** The match that starts first, and of those the longest or the shortest; null where there is none. */
    private @Nullable Match find(String value, int from, boolean anchored, boolean longest) {
        int[] starts = new int[tokens.length + 1];
        Arrays.fill(starts, NOWHERE);
        Match best = null;
        int at = from;
        while (true) {
            if (best == null && (!anchored || at == from)) {
                starts[0] = Math.min(starts[0], at);
            }
            passRuns(starts);
            int start = starts[tokens.length];
            if (start != NOWHERE && (best == null || start <= best.start)) {
                best = new Match(start, at);
                if (!longest) {
                    return best;
                }
            }
            if (at >= value.length() || !advance(starts, value.codePointAt(at), best)) {
                return best;
            }
            at += Character.charCount(value.codePointAt(at));
            if (best == null && anchored && allNowhere(starts)) {
                return null;
            }
        }
    }

    private static boolean allNowhere(int[] starts) {
        return Arrays.stream(starts).allMatch(start -> start == NOWHERE);
    }

    /** A run may be empty. */
    private void passRuns(int[] starts) {
        for (int i = 0; i < tokens.length; i++) {
            if (tokens[i] == RUN) {
                starts[i + 1] = Math.min(starts[i + 1], starts[i]);
            }
        }
    }

    /** Takes one character; false where a match is found and nothing that started as early can grow. */
    private boolean advance(int[] starts, int character, @Nullable Match best) {
        boolean alive = best == null;
        starts[tokens.length] = NOWHERE;
        for (int i = tokens.length - 1; i >= 0; i--) {
            int start = starts[i];
            boolean takes = tokens[i] == character || (tokens[i] < 0 && character != '\n');
            starts[i] = NOWHERE;
            if (start == NOWHERE || !takes || (best != null && start > best.start)) {
                continue;
            }
            alive = true;
            int next = tokens[i] == RUN ? i : i + 1;
            starts[next] = Math.min(starts[next], start);
        }
        return alive;
    }
}
