package dev.strata.graph;

import dev.strata.image.Execution;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The texts that docker and BuildKit write into an image's history; tools read them back. */
final class History {
    private History() {}

    /** {@code ["a" "b"]}, as Go's {@code %q} prints a list. */
    static String quoted(List<String> words) {
        return "[" + String.join(" ", words.stream().map(History::quoted).toList()) + "]";
    }

    private static String quoted(String word) {
        StringBuilder text = new StringBuilder("\"");
        word.codePoints().forEach(c -> {
            switch (c) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                case 7 -> text.append("\\a");
                case '\b' -> text.append("\\b");
                case '\f' -> text.append("\\f");
                case 11 -> text.append("\\v");
                default -> {
                    if (c < 32 || c == 127) {
                        text.append(String.format("\\x%02x", c));
                    } else {
                        text.appendCodePoint(c);
                    }
                }
            }
        });
        return text.append('"').toString();
    }

    /** {@code [a b]}, as Go's {@code %v} prints a list. */
    static String plain(List<String> words) {
        return "[" + String.join(" ", words) + "]";
    }

    static String healthcheck(Execution.Healthcheck check) {
        return "{Test:" + plain(check.test() == null ? List.of() : check.test()) + " Interval:"
                + duration(check.interval()) + " Timeout:" + duration(check.timeout()) + " StartPeriod:"
                + duration(check.startPeriod()) + " StartInterval:" + duration(check.startInterval()) + " Retries:"
                + check.retries() + "}";
    }

    /** As Go prints a duration: {@code 1h30m0s}, {@code 1.5s}, {@code 250ms}. */
    private static String duration(long nanoseconds) {
        if (nanoseconds == 0) {
            return "0s";
        }
        Duration value = Duration.ofNanos(nanoseconds);
        if (nanoseconds < 1_000) {
            return nanoseconds + "ns";
        }
        if (nanoseconds < 1_000_000) {
            return decimal(nanoseconds, 1_000) + "µs";
        }
        if (nanoseconds < 1_000_000_000) {
            return decimal(nanoseconds, 1_000_000) + "ms";
        }
        String seconds = decimal(nanoseconds % 60_000_000_000L, 1_000_000_000L) + "s";
        if (value.toHours() > 0) {
            return value.toHours() + "h" + value.toMinutesPart() + "m" + seconds;
        }
        return value.toMinutes() > 0 ? value.toMinutes() + "m" + seconds : seconds;
    }

    private static String decimal(long value, long unit) {
        return java.math.BigDecimal.valueOf(value)
                .divide(java.math.BigDecimal.valueOf(unit))
                .stripTrailingZeros()
                .toPlainString();
    }

    /** {@code |1 VERSION=2 /bin/sh -c make}: a command with the build arguments it saw. */
    static String run(List<String> command, Map<String, String> arguments) {
        List<String> words = new ArrayList<>();
        if (!arguments.isEmpty()) {
            words.add("|" + arguments.size());
            arguments.forEach((name, value) -> words.add(name + "=" + value));
        }
        words.addAll(command);
        return String.join(" ", words);
    }
}
