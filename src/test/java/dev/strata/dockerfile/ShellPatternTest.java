package dev.strata.dockerfile;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ShellPatternTest {

    /** The shell's patterns are a small part of regular expressions, which are slow but beyond doubt. */
    @Test
    void itFindsWhatARegularExpressionFinds() {
        Random random = new Random(7);
        for (int i = 0; i < 20_000; i++) {
            String value = word(random, "ab\n", 8);
            String pattern = word(random, "ab*?", 5);
            String regex = pattern.replace("?", ".").replace("*", ".*");
            String lazy = pattern.replace("?", ".").replace("*", ".*?");
            String what = pattern + " on " + value;
            assertThat(ShellPattern.replace(value, pattern, "X", false))
                    .as(what)
                    .isEqualTo(Pattern.compile(regex).matcher(value).replaceFirst("X"));
            assertThat(ShellPattern.withoutPrefix(value, pattern, true))
                    .as(what)
                    .isEqualTo(cut(value, regex));
            assertThat(ShellPattern.withoutPrefix(value, pattern, false))
                    .as(what)
                    .isEqualTo(cut(value, lazy));
        }
    }

    private static String cut(String value, String regex) {
        Matcher matcher = Pattern.compile(regex).matcher(value);
        return matcher.lookingAt() ? value.substring(matcher.end()) : value;
    }

    private static String word(Random random, String letters, int longest) {
        StringBuilder out = new StringBuilder();
        int length = random.nextInt(longest + 1);
        for (int i = 0; i < length; i++) {
            out.append(letters.charAt(random.nextInt(letters.length())));
        }
        return out.toString();
    }

    @Test
    void everyMatchIsReplacedWithBothSlashes() {
        assertThat(ShellPattern.replace("a.b.c", ".", "-", true)).isEqualTo("a-b-c");
        assertThat(ShellPattern.replace("aXbXc", "X*", "", true)).isEqualTo("a");
        assertThat(ShellPattern.replace("abc", "", "-", true)).isEqualTo("-a-b-c-");
    }

    @Test
    void manyStarsOnALongValueAreNoTrouble() {
        String value = "a".repeat(200_000);
        assertThat(ShellPattern.withoutSuffix(value, "*a*a*a*a*a*a*a*b", true)).isEqualTo(value);
        assertThat(ShellPattern.replace(value, "a*a*a*a*a*a*a*b", "", true)).isEqualTo(value);
    }
}
