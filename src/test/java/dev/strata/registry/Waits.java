package dev.strata.registry;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** A clock that moves only when somebody waits, so that no test does. */
public final class Waits implements Retry.Pause, InstantSource {
    private final AtomicLong millis = new AtomicLong();
    final List<Duration> all = new CopyOnWriteArrayList<>();

    @Override
    public void sleep(Duration time) {
        all.add(time);
        pass(time);
    }

    void pass(Duration time) {
        millis.addAndGet(time.toMillis());
    }

    @Override
    public Instant instant() {
        return Instant.parse("2026-01-01T00:00:00Z").plusMillis(millis.get());
    }

    Retry retry() {
        return new Retry(6, Duration.ofMillis(300), Duration.ofSeconds(60), this, this, new Random(1));
    }

    /** A client that never waits really. */
    public Registry client(RegistryOptions options) {
        return new Registry(options, retry(), Map.of(), CredentialProgram::runProcess);
    }
}
