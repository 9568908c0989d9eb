package dev.strata.dockerfile;

import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Finds the word that was probably meant. */
public final class Suggestion {
    private static final int LONGEST = 64;
    /** Of more words none is looked for. */
    static final int MOST = 1000;

    private Suggestion() {}

    /** The closest of the known words, regardless of case; null where none is close. */
    public static @Nullable String closest(String word, Collection<String> known) {
        if (word.length() > LONGEST || known.size() > MOST) {
            return null;
        }
        String wanted = word.toLowerCase(Locale.ROOT);
        String best = null;
        int bestDistance = Math.min(3, Math.max(1, wanted.length() / 2) + 1);
        for (String candidate : known) {
            int distance = candidate.length() > LONGEST
                    ? Integer.MAX_VALUE
                    : distance(wanted, candidate.toLowerCase(Locale.ROOT));
            if (distance < bestDistance && !candidate.equals(word)) {
                best = candidate;
                bestDistance = distance;
            }
        }
        return best;
    }

    /** The number of letters to insert, leave out, change or swap with their neighbour. */
    private static int distance(String a, String b) {
        int[][] cost = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    cost[i][j] = i + j;
                    continue;
                }
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                int least = Math.min(cost[i - 1][j - 1] + change, Math.min(cost[i - 1][j], cost[i][j - 1]) + 1);
                boolean swapped =
                        i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
                cost[i][j] = swapped ? Math.min(least, cost[i - 2][j - 2] + 1) : least;
            }
        }
        return cost[a.length()][b.length()];
    }
}
