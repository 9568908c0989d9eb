package dev.strata.operator;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.BitSet;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Five fields as cron has them, in UTC: minute, hour, day of the month, month, weekday (0 and 7 are Sunday). Each is
 * {@code *}, a number, a range {@code 1-5}, either with a step {@code *}{@code /15}, or a list of those. Where day and
 * weekday are both given, either of them is enough. Source: POSIX, crontab.
 */
final class Schedule {
    private static final Pattern PART = Pattern.compile("(?:(\\*)|(\\d{1,2})(?:-(\\d{1,2}))?)(?:/(\\d{1,2}))?");
    /** A 29th of February may be eight years away. */
    private static final int DAYS = 366 * 8 + 2;

    private final BitSet minutes;
    private final BitSet hours;
    private final BitSet days;
    private final BitSet months;
    private final BitSet weekdays;
    private final boolean eitherDay;

    private Schedule(String[] fields) {
        minutes = field("minute", fields[0], 0, 59);
        hours = field("hour", fields[1], 0, 23);
        days = field("day", fields[2], 1, 31);
        months = field("month", fields[3], 1, 12);
        weekdays = field("weekday", fields[4], 0, 7);
        if (weekdays.get(7)) {
            weekdays.set(0);
        }
        eitherDay = !fields[2].startsWith("*") && !fields[4].startsWith("*");
    }

    /** @throws IllegalArgumentException where the text is no such schedule, or never comes */
    static Schedule parse(String text) {
        String[] fields = text.strip().split("\\s+");
        if (fields.length != 5) {
            throw new IllegalArgumentException("\"" + text + "\" has " + fields.length
                    + " fields; five are needed: minute, hour, day, month, weekday, such as 0 3 * * 1-5");
        }
        Schedule schedule = new Schedule(fields);
        if (schedule.next(Instant.EPOCH).isEmpty()) {
            throw new IllegalArgumentException("\"" + text + "\" never comes: no month has such a day");
        }
        return schedule;
    }

    private static BitSet field(String name, String text, int first, int last) {
        BitSet set = new BitSet(last + 1);
        for (String part : text.split(",", -1)) {
            Matcher matcher = PART.matcher(part);
            if (!matcher.matches()) {
                throw new IllegalArgumentException("the " + name + " \"" + part
                        + "\" is neither *, a number, a range such as 1-5, nor one of these with a step such as */15");
            }
            boolean all = matcher.group(1) != null;
            int from = all ? first : Integer.parseInt(matcher.group(2));
            int step = matcher.group(4) == null ? 1 : Integer.parseInt(matcher.group(4));
            int to = end(matcher, all || (matcher.group(4) != null && matcher.group(3) == null), from, last);
            if (from < first || to > last || from > to || step < 1) {
                throw new IllegalArgumentException(
                        "the " + name + " \"" + part + "\" does not lie between " + first + " and " + last);
            }
            for (int value = from; value <= to; value += step) {
                set.set(value);
            }
        }
        return set;
    }

    private static int end(Matcher matcher, boolean open, int from, int last) {
        if (matcher.group(3) != null) {
            return Integer.parseInt(matcher.group(3));
        }
        return open ? last : from;
    }

    /** The latest time that the schedule called for, not after {@code now}; empty where there was none for years. */
    Optional<Instant> latest(Instant now) {
        LocalDateTime end = LocalDateTime.ofInstant(now, ZoneOffset.UTC);
        for (int back = 0; back < DAYS; back++) {
            LocalDate day = end.toLocalDate().minusDays(back);
            if (isDay(day)) {
                int before = back == 0 ? minuteOfDay(end) : 24 * 60 - 1;
                for (int minute = before; minute >= 0; minute--) {
                    if (isMinute(minute)) {
                        return Optional.of(at(day, minute));
                    }
                }
            }
        }
        return Optional.empty();
    }

    /** The first time after {@code now} that the schedule calls for. */
    Optional<Instant> next(Instant now) {
        LocalDateTime start = LocalDateTime.ofInstant(now, ZoneOffset.UTC);
        for (int ahead = 0; ahead < DAYS; ahead++) {
            LocalDate day = start.toLocalDate().plusDays(ahead);
            if (isDay(day)) {
                for (int minute = ahead == 0 ? minuteOfDay(start) + 1 : 0; minute < 24 * 60; minute++) {
                    if (isMinute(minute)) {
                        return Optional.of(at(day, minute));
                    }
                }
            }
        }
        return Optional.empty();
    }

    private static int minuteOfDay(LocalDateTime time) {
        return time.getHour() * 60 + time.getMinute();
    }

    private static Instant at(LocalDate day, int minute) {
        return day.atTime(minute / 60, minute % 60).toInstant(ZoneOffset.UTC);
    }

    private boolean isMinute(int minuteOfDay) {
        return hours.get(minuteOfDay / 60) && minutes.get(minuteOfDay % 60);
    }

    private boolean isDay(LocalDate day) {
        boolean byMonth = days.get(day.getDayOfMonth());
        boolean byWeek = weekdays.get(
                day.getDayOfWeek() == DayOfWeek.SUNDAY ? 0 : day.getDayOfWeek().getValue());
        return months.get(day.getMonthValue()) && (eitherDay ? byMonth || byWeek : byMonth && byWeek);
    }
}
