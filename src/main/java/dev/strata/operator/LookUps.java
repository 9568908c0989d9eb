package dev.strata.operator;

import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks outside of the cluster, again and again: one look-up for all builds that ask for the same thing, as often as the
 * most eager of them wants it, with back-off while it fails. A build is woken when an answer is another than before, so
 * that a thousand quiet repositories cost no reconciliation.
 */
final class LookUps implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LookUps.class);
    private static final int AT_ONCE = 8;
    private static final Duration LONGEST_PAUSE = Duration.ofHours(1);
    /** Hastened look-ups of one thing are so far apart, however many requests come in. */
    private static final Duration SHORTEST_PAUSE = Duration.ofSeconds(2);

    /** What a look-up is for. */
    enum Kind {
        SOURCE,
        BASE,
        IMAGE
    }

    /**
     * The same key is the same question.
     *
     * @param what such as a repository's URL; also for people
     * @param by whose credentials and settings it is asked with
     */
    record Key(Kind kind, String what, String by) {}

    /** Looks once. A {@link RuntimeException}'s message says why it could not; it must not change from time to time. */
    interface Look {
        SortedMap<String, String> look() throws InterruptedException;
    }

    /** What a build wants to know, and how often. */
    record Question(Duration interval, Look look) {}

    /**
     * @param value as it was seen last; null where it never was
     * @param failure why it cannot be seen at the moment; null where it can
     */
    record Answer(
            @Nullable SortedMap<String, String> value,
            @Nullable String failure) {
        static final Answer NONE = new Answer(null, null);
    }

    private final Consumer<ResourceID> wake;
    private final Predicate<ResourceID> exists;
    private final Clock clock;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("look-ups").factory());
    private final Semaphore slots = new Semaphore(AT_ONCE);
    private final Map<Key, Subject> subjects = new LinkedHashMap<>();
    private final Map<ResourceID, Set<Key>> asked = new LinkedHashMap<>();

    /**
     * @param wake called for each build that a new answer concerns; never while a lock is held
     * @param exists whether there still is such a build; those that are gone are forgotten
     */
    LookUps(Consumer<ResourceID> wake, Predicate<ResourceID> exists, Clock clock) {
        this.wake = wake;
        this.exists = exists;
        this.clock = clock;
    }

    private static final class Subject {
        final Map<ResourceID, Question> askers = new LinkedHashMap<>();
        Answer answer = Answer.NONE;
        Instant started = Instant.MIN;
        boolean running;
        boolean again;
        int failures;

        @Nullable
        Future<?> next;

        Duration interval() {
            return askers.values().stream()
                    .map(Question::interval)
                    .min(Comparator.naturalOrder())
                    .orElse(LONGEST_PAUSE);
        }

        /** Doubles from failure to failure, and is never shorter than what was asked for. */
        Duration pause() {
            Duration interval = interval();
            Duration backingOff = interval.multipliedBy(1L << Math.min(failures, 8));
            Duration most = interval.compareTo(LONGEST_PAUSE) > 0 ? interval : LONGEST_PAUSE;
            return backingOff.compareTo(most) > 0 ? most : backingOff;
        }
    }

    /** What a build wants to know from now on, instead of what it wanted before; answers what is known already. */
    synchronized SequencedMap<Key, Answer> ask(ResourceID build, Map<Key, Question> questions) {
        for (Key key : asked.getOrDefault(build, Set.of())) {
            if (!questions.containsKey(key)) {
                leave(build, key);
            }
        }
        if (questions.isEmpty()) {
            asked.remove(build);
        } else {
            asked.put(build, Set.copyOf(questions.keySet()));
        }
        questions.forEach((key, question) -> {
            Subject subject = subjects.computeIfAbsent(key, unknown -> new Subject());
            Question before = subject.askers.put(build, question);
            if (before == null || !before.interval().equals(question.interval())) {
                schedule(key, subject);
            }
        });
        return known(build);
    }

    /** The answers to what a build asked, as they are now. */
    synchronized SequencedMap<Key, Answer> known(ResourceID build) {
        return asked.getOrDefault(build, Set.of()).stream()
                .sorted(Comparator.comparing(Key::kind).thenComparing(Key::what))
                .collect(Collectors.toMap(
                        key -> key,
                        key -> Objects.requireNonNull(subjects.get(key)).answer,
                        (one, other) -> one,
                        LinkedHashMap::new));
    }

    /** Looks up at once what a build asked of this kind: there is a reason to believe that it has changed. */
    synchronized void hasten(ResourceID build, Kind kind) {
        asked.getOrDefault(build, Set.of()).stream()
                .filter(key -> key.kind() == kind)
                .forEach(this::hasten);
    }

    /** Looks up at once what a build asked in vain: there is a reason to believe that it can be seen now. */
    synchronized void hastenFailed(ResourceID build) {
        asked.getOrDefault(build, Set.of()).stream()
                .filter(key -> Objects.requireNonNull(subjects.get(key)).failures > 0)
                .forEach(this::hasten);
    }

    private void hasten(Key key) {
        Subject subject = Objects.requireNonNull(subjects.get(key));
        if (subject.running) {
            subject.again = true; // what runs may have looked too early
            return;
        }
        Duration since = since(subject);
        schedule(key, subject, since.compareTo(SHORTEST_PAUSE) < 0 ? SHORTEST_PAUSE.minus(since) : Duration.ZERO);
    }

    private Duration since(Subject subject) {
        return subject.started.equals(Instant.MIN) ? LONGEST_PAUSE : Duration.between(subject.started, clock.instant());
    }

    private void schedule(Key key, Subject subject) {
        if (!subject.running) {
            Duration left = subject.started.equals(Instant.MIN)
                    ? Duration.ZERO
                    : subject.pause().minus(since(subject));
            schedule(key, subject, left.isNegative() ? Duration.ZERO : left);
        }
    }

    private void schedule(Key key, Subject subject, Duration after) {
        if (subject.next != null) {
            subject.next.cancel(false);
        }
        if (!timer.isShutdown()) {
            subject.next = timer.schedule(() -> start(key), after.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private synchronized void start(Key key) {
        Subject subject = subjects.get(key);
        if (subject == null || subject.running) {
            return;
        }
        subject.askers.keySet().stream().filter(exists.negate()).toList().forEach(gone -> {
            leave(gone, key);
            asked.remove(gone);
        });
        if (subjects.containsKey(key)) {
            subject.running = true;
            subject.started = clock.instant();
            Look look = subject.askers.values().iterator().next().look();
            Thread.ofVirtual().name("look-up-" + key.what()).start(() -> run(key, look));
        }
    }

    private void run(Key key, Look look) {
        SortedMap<String, String> value = null;
        String failure = null;
        try {
            slots.acquire();
            try {
                value = new TreeMap<>(look.look());
            } finally {
                slots.release();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            failure = "it was stopped";
        } catch (RuntimeException e) {
            failure = e.getMessage() == null ? e.toString() : e.getMessage();
            LOG.debug("looking up {}: {}", key.what(), failure);
        }
        end(key, value, failure).forEach(wake);
    }

    /** Answers whom to wake. */
    private synchronized Set<ResourceID> end(
            Key key, @Nullable SortedMap<String, String> value, @Nullable String failure) {
        Subject subject = subjects.get(key);
        if (subject == null) {
            return Set.of();
        }
        Answer before = subject.answer;
        subject.running = false;
        subject.failures = failure == null ? 0 : subject.failures + 1;
        subject.answer = new Answer(failure == null ? value : before.value(), failure);
        if (subject.again) {
            subject.again = false;
            schedule(key, subject, SHORTEST_PAUSE);
        } else {
            schedule(key, subject, subject.pause());
        }
        return subject.answer.equals(before) ? Set.of() : Set.copyOf(subject.askers.keySet());
    }

    private void leave(ResourceID build, Key key) {
        Subject subject = subjects.get(key);
        if (subject != null) {
            subject.askers.remove(build);
            if (subject.askers.isEmpty()) {
                if (subject.next != null) {
                    subject.next.cancel(false);
                }
                subjects.remove(key);
            }
        }
    }

    /** How many things are looked up, for the metrics. */
    synchronized int size() {
        return subjects.size();
    }

    @Override
    public synchronized void close() {
        timer.shutdownNow();
    }
}
