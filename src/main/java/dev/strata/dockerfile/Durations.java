package dev.strata.dockerfile;

import java.time.Duration;

/** Durations as Go writes them: {@code 1h30m}, {@code 1.5s}, {@code 500ms}. */
final class Durations {
    private static final long MOST_OF_FRACTION = Long.MAX_VALUE / 100;

    private final String text;
    private int at;

    private Durations(String text) {
        this.text = text;
    }

    /** Reads a duration; an {@link IllegalArgumentException} says how it must look. */
    static Duration parse(String text) {
        Durations reader = new Durations(text);
        try {
            return Duration.ofNanos(reader.nanos());
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("\"" + text + "\" is longer than 292 years", e);
        }
    }

    private long nanos() {
        boolean negative = text.startsWith("-");
        at = negative || text.startsWith("+") ? 1 : 0;
        if (text.length() == at + 1 && text.charAt(at) == '0') {
            return 0;
        }
        long sum = 0;
        do {
            sum = Math.addExact(sum, part());
        } while (at < text.length());
        return negative ? -sum : sum;
    }

    /** A number with its unit. */
    private long part() {
        int start = at;
        long whole = 0;
        while (isDigit()) {
            whole = Math.addExact(Math.multiplyExact(whole, 10L), text.charAt(at++) - '0');
        }
        int digits = at - start;
        long fraction = 0;
        double scale = 1;
        if (at < text.length() && text.charAt(at) == '.') {
            at++;
            while (isDigit()) {
                int digit = text.charAt(at++) - '0';
                digits++;
                if (fraction < MOST_OF_FRACTION) { // further digits are less than a nanosecond
                    fraction = fraction * 10 + digit;
                    scale *= 10;
                }
            }
        }
        if (digits == 0) {
            throw malformed();
        }
        long unit = unit();
        return Math.addExact(Math.multiplyExact(whole, unit), (long) (fraction * (unit / scale)));
    }

    private boolean isDigit() {
        return at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9';
    }

    private long unit() {
        int start = at;
        while (at < text.length() && !isDigit() && text.charAt(at) != '.') {
            at++;
        }
        return switch (text.substring(start, at)) {
            case "ns" -> 1;
            case "us", "µs", "μs" -> 1_000;
            case "ms" -> 1_000_000;
            case "s" -> 1_000_000_000;
            case "m" -> 60_000_000_000L;
            case "h" -> 3_600_000_000_000L;
            default -> throw malformed();
        };
    }

    private IllegalArgumentException malformed() {
        return new IllegalArgumentException(
                "\"" + text + "\" is no duration; it must look like 30s, 1m30s, 1.5h or 500ms");
    }
}
