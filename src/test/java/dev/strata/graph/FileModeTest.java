package dev.strata.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FileModeTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        0600        | 755  | 600
        4755        | 644  | 4755
        u=rwX,go=rX | 600  | 644
        u=rwX,go=rX | 700  | 755
        a-w         | 644  | 444
        +x          | 644  | 755
        go=u        | 750  | 777
        go=u        | 640  | 666
        o=g         | 750  | 755
        g+u         | 610  | 670
        u+s,g+s     | 755  | 6755
        a=,u=r      | 777  | 400
        u=rw+x      | 44   | 744
        u=g         | 4755 | 4555
        u=rx        | 4755 | 555
        u+x,g+X     | 644  | 744
        a-x,a+X     | 755  | 755
        o+t         | 755  | 755
        a+t         | 755  | 1755
        """)
    void aModeIsAppliedToAFile(String mode, String before, String after) {
        assertThat(Integer.toOctalString(FileMode.parse(mode).apply(Integer.parseInt(before, 8), false)))
                .isEqualTo(after);
    }

    @Test
    void aFolderIsAlwaysSearchable() {
        assertThat(FileMode.parse("go=rX").apply(0600, true)).isEqualTo(0655);
    }

    @Test
    void aFolderIsSetToWhatIsSaidAndNoMore() {
        assertThat(FileMode.parse("g=rx").apply(02775, true)).isEqualTo(0755);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "99", "10000", "u", "u=rwz", "u=gw", "x=r", "u=r;g=w"})
    void whatIsNoModeIsRefused(String text) {
        assertThatThrownBy(() -> FileMode.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
