package dev.strata.dockerfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExpansionTest {
    private static final Expansion.Variables VARIABLES =
            Expansion.Variables.of(List.of("x=one", "empty=", "path=a/b/c.tar.gz", "two=p  q"));
    private static final Expansion EXPANSION = new Expansion('\\');

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '^',
            delimiter = '|',
            value = {
                "$x | one",
                "${x}s | ones",
                "$unset. | .",
                "${unset-w} | w",
                "${empty-w} | ^^",
                "${empty:-w} | w",
                "${unset:-${x}} | one",
                "${x+w} | w",
                "${empty:+w} | ^^",
                "${x:?no} | one",
                "${path#*/} | b/c.tar.gz",
                "${path##*/} | c.tar.gz",
                "${path%.*} | a/b/c.tar",
                "${path%%.*} | a/b/c",
                "${path/a/z} | z/b/c.tar.gz",
                "${path//[/]/-} | a/b/c.tar.gz",
                "${path//\\//-} | a-b-c.tar.gz",
                "${path#'a'*} | /b/c.tar.gz",
                "'$x' | $x",
                "\"$x 'y'\" | one 'y'",
                "\\$x | $x",
                "a\\ b | a b",
                "$ | $",
                "${x}$ | one$",
            })
    void everyFormOfVariable(String written, String expected) {
        assertThat(EXPANSION.word(written, VARIABLES).text()).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'",
                "\"",
                "${",
                "${}",
                "${x",
                "${x:=y}",
                "${x:#y}",
                "${unset:?}",
                "${empty:?}",
                "${x/a",
                "${x#\\q}"
            })
    void whatCannotBeExpandedIsRefusedWithAReason(String written) {
        assertThatThrownBy(() -> EXPANSION.word(written, VARIABLES))
                .isInstanceOf(ExpansionException.class)
                .message()
                .hasSizeGreaterThan(10);
    }

    @Test
    void onlyWhatIsNotQuotedSplits() {
        assertThat(EXPANSION.words("a$two 'b c' \"$two\" d\\ e", VARIABLES))
                .containsExactly("ap", "q", "b c", "p  q", "d e");
    }

    @Test
    void aHeredocKeepsItsQuotesButNotItsEscapes() {
        assertThat(EXPANSION.heredoc("say \"$x\" 'and' \\$x \\\\\n", VARIABLES).text())
                .isEqualTo("say \"one\" 'and' $x \\\n");
    }

    @Test
    void theBacktickEscapesWhereItWasChosen() {
        assertThat(new Expansion('`').word("C:\\a`$x", VARIABLES).text()).isEqualTo("C:\\a$x");
    }

    @Test
    void theNamesThatWereAskedForAreTold() {
        Expansion.Expanded expanded = EXPANSION.word("$x${unset:-$other}", VARIABLES);
        assertThat(expanded.matched()).containsExactly("x");
        assertThat(expanded.unmatched()).containsExactlyInAnyOrder("other", "unset");
    }
}
