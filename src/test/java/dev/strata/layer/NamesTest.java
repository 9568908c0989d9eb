package dev.strata.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NamesTest {
    @Test
    void anyBytesSurviveBeingText() {
        Random random = new Random(7);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[random.nextInt(12)];
            random.nextBytes(bytes);
            assertThat(Names.bytes(Names.text(bytes))).isEqualTo(bytes);
        }
    }

    @Test
    void theReplacementCharacterItselfIsKept() {
        assertThat(Names.text(Names.bytes("a\uFFFDb"))).isEqualTo("a\uFFFDb");
    }

    @Test
    void theOrderIsThatOfBytes() {
        Random random = new Random(8);
        List<String> names =
                new ArrayList<>(List.of("a", "a/b", "a-b", "\uFF5E", "\uD83D\uDE00", "\uDC80", "\u00e9", ""));
        for (int i = 0; i < 500; i++) {
            byte[] bytes = new byte[random.nextInt(6)];
            random.nextBytes(bytes);
            names.add(Names.text(bytes));
        }
        List<String> byBytes = new ArrayList<>(names);
        byBytes.sort((one, other) -> Arrays.compareUnsigned(Names.bytes(one), Names.bytes(other)));
        names.sort(Names.ORDER);
        assertThat(names).isEqualTo(byBytes);
    }

    @Test
    void halfACharacterIsRefused() {
        assertThatThrownBy(() -> Names.bytes("\uD83D")).isInstanceOf(IllegalArgumentException.class);
    }
}
