package dev.strata;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class MainTest {
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return Main.commandLine().setErr(new PrintWriter(err, true)).execute(arguments);
    }

    @Test
    void wrongUsageIsToldInAFewLinesWithWhatWasMeant() {
        assertThat(run("lint", "--fromat=json")).isEqualTo(Main.USAGE);
        assertThat(err.toString()).isEqualTo("""
                        Unknown option: '--fromat=json' (did you mean --format?)
                        Try: strata lint --help
                        """);
    }

    @Test
    void aCommandThatIsNotThereIsWrongUsage() {
        assertThat(run("biuld")).isEqualTo(Main.USAGE);
        assertThat(err.toString()).isEqualTo("""
                        Unmatched argument at index 0: 'biuld' (did you mean build?)
                        Try: strata --help
                        """);
    }
}
