package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScheduleTest {
    @ParameterizedTest(name = "{0} at {1}")
    @CsvSource({
        "0 3 * * *,       2026-01-01T12:00:00Z, 2026-01-01T03:00:00Z, 2026-01-02T03:00:00Z",
        "0 3 * * *,       2026-01-01T03:00:00Z, 2026-01-01T03:00:00Z, 2026-01-02T03:00:00Z",
        "0 3 * * *,       2026-01-01T02:59:59Z, 2025-12-31T03:00:00Z, 2026-01-01T03:00:00Z",
        "*/15 * * * *,    2026-01-01T12:16:30Z, 2026-01-01T12:15:00Z, 2026-01-01T12:30:00Z",
        "5/20 8-9 * * *,  2026-01-01T08:30:00Z, 2026-01-01T08:25:00Z, 2026-01-01T08:45:00Z",
        "0 0 * * 1-5,     2026-01-03T12:00:00Z, 2026-01-02T00:00:00Z, 2026-01-05T00:00:00Z",
        "0 0 * * 7,       2026-01-01T12:00:00Z, 2025-12-28T00:00:00Z, 2026-01-04T00:00:00Z",
        "0 0 13 * 5,      2026-01-10T00:00:00Z, 2026-01-09T00:00:00Z, 2026-01-13T00:00:00Z",
        "0 0 29 2 *,      2026-01-01T00:00:00Z, 2024-02-29T00:00:00Z, 2028-02-29T00:00:00Z",
        "'0,30 0 1 1,7 *',2026-05-05T00:00:00Z, 2026-01-01T00:30:00Z, 2026-07-01T00:00:00Z"
    })
    void knowsTheTimeBeforeAndTheTimeAfter(String text, String now, String latest, String next) {
        Schedule schedule = Schedule.parse(text);

        assertThat(schedule.latest(Instant.parse(now))).contains(Instant.parse(latest));
        assertThat(schedule.next(Instant.parse(now))).contains(Instant.parse(next));
    }

    @ParameterizedTest
    @CsvSource({
        "* * * *,          5 fields",
        "60 * * * *,       minute \"60\"",
        "0 24 * * *,       hour \"24\"",
        "0 0 0 * *,        day \"0\"",
        "0 0 * 13 *,       month \"13\"",
        "0 0 * * MON,      weekday \"MON\"",
        "5-1 * * * *,      minute \"5-1\"",
        "*/0 * * * *,      minute \"*/0\"",
        "0 0 31 2 *,       never comes",
        "@daily x y z w,   minute \"@daily\""
    })
    void refusesWhatIsNone(String text, String complaint) {
        assertThatThrownBy(() -> Schedule.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(complaint.replace("5 fields", "fields; five are needed"));
    }
}
