package dev.strata.registry;

import java.time.Duration;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * How often and after what time something is tried again.
 *
 * @param attempts in all, the first included
 * @param first the longest wait before the second attempt; doubles each time
 * @param longest no wait is longer; a registry that asks for more is told "no" at once
 * @param pause how to wait; tests do not
 */
record Retry(int attempts, Duration first, Duration longest, Pause pause, InstantSource clock, RandomGenerator random) {

    /** A wait. */
    interface Pause {
        void sleep(Duration time) throws InterruptedException;
    }

    static Retry usual() {
        return new Retry(
                6,
                Duration.ofMillis(300),
                Duration.ofSeconds(60),
                Thread::sleep,
                InstantSource.system(),
                RandomGenerator.getDefault());
    }

    /**
     * Whether there is another attempt after this one, and then how long to wait before it.
     *
     * @param attempt the one that failed, from 1
     * @param asked what the other end asked for
     */
    Optional<Duration> after(int attempt, Optional<Duration> asked) {
        if (attempt >= attempts) {
            return Optional.empty();
        }
        long most = Math.min(longest.toMillis(), first.toMillis() << Math.min(attempt - 1, 20));
        Duration own = Duration.ofMillis(most / 2 + random.nextLong(most / 2 + 1));
        if (asked.isPresent() && asked.get().compareTo(longest) > 0) {
            return Optional.empty();
        }
        // Jitter on top of what was asked, so that all who were told the same do not come back at once.
        return Optional.of(asked.map(time -> time.plus(own)).orElse(own));
    }

    /** Asks again while the answer is "not now" or none at all; gives the last answer, or throws the last failure. */
    Answer persist(Supplier<Answer> exchange) {
        for (int attempt = 1; ; attempt++) {
            Optional<Duration> wait;
            try {
                Answer answer = exchange.get();
                wait = isBusy(answer.status()) ? after(attempt, asked(answer)) : Optional.empty();
                if (wait.isEmpty()) {
                    return answer;
                }
                answer.close();
            } catch (RegistryException e) {
                wait = mayHelp(e) ? after(attempt, Optional.empty()) : Optional.empty();
                if (wait.isEmpty()) {
                    throw e;
                }
            }
            sleep(wait.get());
        }
    }

    static boolean mayHelp(RegistryException e) {
        return e.temporary() && e.kind() != RegistryException.Kind.INTERRUPTED;
    }

    private static boolean isBusy(int status) {
        return switch (status) {
            case 408, 429, 500, 502, 503, 504 -> true;
            default -> false;
        };
    }

    /** Reads {@code Retry-After}: seconds or a date. Source: RFC 9110, section 10.2.3. */
    Optional<Duration> asked(Answer answer) {
        return answer.header("Retry-After").flatMap(text -> {
            if (text.strip().matches("\\d{1,9}")) {
                return Optional.of(Duration.ofSeconds(Long.parseLong(text.strip())));
            }
            try {
                ZonedDateTime date = ZonedDateTime.parse(text.strip(), DateTimeFormatter.RFC_1123_DATE_TIME);
                Duration until = Duration.between(clock.instant(), date.toInstant());
                return Optional.of(until.isNegative() ? Duration.ZERO : until);
            } catch (DateTimeParseException e) {
                return Optional.empty(); // as if it had not been there
            }
        });
    }

    void sleep(Duration time) {
        try {
            pause.sleep(time);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    static RegistryException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new RegistryException(
                RegistryException.Kind.INTERRUPTED, null, null, "interrupted while a registry was asked", null, e);
    }
}
