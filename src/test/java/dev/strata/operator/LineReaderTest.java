package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringReader;
import org.junit.jupiter.api.Test;

class LineReaderTest {
    @Test
    void linesComeOneByOneAndTheLastNeedsNoEnd() throws IOException {
        LineReader lines = new LineReader(new StringReader("a\n\nb"));

        assertThat(lines.next()).isEqualTo("a");
        assertThat(lines.next()).isEmpty();
        assertThat(lines.next()).isEqualTo("b");
        assertThat(lines.next()).isNull();
    }

    @Test
    void aLineWithoutEndIsCut() throws IOException {
        LineReader lines = new LineReader(new StringReader("x".repeat(3 * LineReader.LIMIT) + "\nnext\n"));

        assertThat(lines.next()).hasSize(LineReader.LIMIT);
        assertThat(lines.next()).isEqualTo("next");
    }
}
