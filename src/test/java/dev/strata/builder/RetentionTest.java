package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.builder.Retention.Cleaning;
import dev.strata.builder.Retention.Item;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RetentionTest {
    private static final Instant NOW = Instant.parse("2026-02-01T00:00:00Z");

    private static Item item(String name, int daysOld, Map<String, Long> contents, String... needs) {
        return new Item("step", name, "", List.of(needs), contents, NOW.minus(Duration.ofDays(daysOld)));
    }

    private static List<String> stays(Retention retention, Item... items) {
        Cleaning cleaning = retention.of(List.of(items), NOW);
        assertThat(cleaning.stays().size() + cleaning.goes().size()).isEqualTo(items.length);
        return cleaning.stays().stream().map(Item::name).toList();
    }

    @Test
    void withoutLimitsAllStays() {
        assertThat(stays(Retention.ALL, item("a", 1, Map.of()), item("b", 1000, Map.of())))
                .containsExactly("a", "b");
    }

    @Test
    void whatWasNotUsedForLongGoes() {
        Retention week = new Retention(Duration.ofDays(7), null);
        assertThat(stays(week, item("a", 8, Map.of()), item("b", 7, Map.of()), item("c", 1, Map.of())))
                .containsExactly("c", "b");
    }

    @Test
    void whatSomethingNewerNeedsStaysHoweverOldItIs() {
        Retention week = new Retention(Duration.ofDays(7), null);
        assertThat(stays(
                        week,
                        item("new", 1, Map.of(), "old"),
                        item("old", 30, Map.of(), "older"),
                        item("older", 60, Map.of(), "gone"),
                        item("alone", 30, Map.of())))
                .containsExactly("new", "old", "older");
    }

    @Test
    void theNewestStayWhileThereIsRoom() {
        Retention small = new Retention(null, 100L);
        assertThat(stays(
                        small,
                        item("a", 1, Map.of("x", 60L)),
                        item("b", 2, Map.of("y", 50L)),
                        item("c", 3, Map.of("z", 40L))))
                .as("b does not fit, the smaller c does")
                .containsExactly("a", "c");
    }

    @Test
    void contentsThatAreSharedCountOnce() {
        Retention small = new Retention(null, 100L);
        assertThat(stays(
                        small,
                        item("a", 1, Map.of("x", 60L)),
                        item("b", 2, Map.of("x", 60L, "y", 40L)),
                        item("c", 3, Map.of("z", 1L))))
                .containsExactly("a", "b");
        Cleaning cleaning =
                small.of(List.of(item("a", 1, Map.of("x", 60L)), item("b", 2, Map.of("x", 60L, "y", 50L))), NOW);
        assertThat(cleaning.freed()).isEqualTo(50);
    }

    @Test
    void whatDoesNotFitWithAllThatItNeedsDoesNotStayWithout() {
        Retention small = new Retention(null, 100L);
        assertThat(stays(
                        small,
                        item("top", 1, Map.of("x", 10L), "bottom"),
                        item("bottom", 9, Map.of("y", 95L)),
                        item("other", 10, Map.of("z", 5L))))
                .containsExactly("bottom", "other");
    }

    @Test
    void thingsThatNeedEachOtherAreNoTrap() {
        Retention week = new Retention(Duration.ofDays(7), 10L);
        assertThat(stays(week, item("a", 1, Map.of("x", 5L), "b"), item("b", 9, Map.of("y", 5L), "a")))
                .containsExactly("a", "b");
    }
}
