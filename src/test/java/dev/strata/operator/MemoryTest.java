package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Quantity;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MemoryTest {
    private static @Nullable Quantity quantity(@Nullable String text) {
        return text == null ? null : new Quantity(text);
    }

    @ParameterizedTest(name = "{0} of at most {1} becomes {2}")
    @CsvSource({
        "512Mi,       ,     1024Mi",
        "512Mi,       4Gi,  1024Mi",
        "3Gi,         4Gi,  4Gi",
        "4Gi,         4Gi,  ",
        "5Gi,         4Gi,  ",
        "1G,          ,     1908Mi",
        "1000000,     ,     2Mi"
    })
    void isDoubledWithinWhatTheClassAllows(String limit, @Nullable String most, @Nullable String more) {
        assertThat(Memory.more(new Quantity(limit), quantity(most))).isEqualTo(more);
    }

    @ParameterizedTest(name = "{0} remembered, {1} asked for, {2} allowed: {3}")
    @CsvSource({
        "1024Mi, 512Mi, ,     1024Mi",
        "1024Mi, 2Gi,   ,     ",
        "8Gi,    1Gi,   4Gi,  4Gi",
        "8Gi,    4Gi,   4Gi,  ",
        "8Gi,    ,      ,     ",
        ",       1Gi,   ,     "
    })
    void isRememberedWhileLessIsAskedFor(
            @Nullable String remembered, @Nullable String limit, @Nullable String most, @Nullable String start) {
        assertThat(Memory.start(remembered, quantity(limit), quantity(most))).isEqualTo(start);
    }
}
