package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.strata.operator.LookUps.Answer;
import dev.strata.operator.LookUps.Kind;
import dev.strata.operator.LookUps.Question;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class LookUpsTest {
    private static final LookUps.Key SHOP = new LookUps.Key(Kind.SOURCE, "https://git.example/shop.git", "");
    private static final Duration OFTEN = Duration.ofMillis(5);
    private static final Duration SELDOM = Duration.ofHours(1);

    private final List<ResourceID> woken = new CopyOnWriteArrayList<>();
    private final Set<ResourceID> gone = ConcurrentHashMap.newKeySet();
    private final AtomicInteger looks = new AtomicInteger();
    private final AtomicReference<String> main = new AtomicReference<>("a");
    private final LookUps lookUps = new LookUps(woken::add, build -> !gone.contains(build), Clock.systemUTC());

    @AfterEach
    void close() {
        lookUps.close();
    }

    private static ResourceID build(int number) {
        return new ResourceID("build-" + number, "team-a");
    }

    private SortedMap<String, String> look() {
        String seen = Objects.requireNonNull(main.get());
        looks.incrementAndGet();
        if (seen.startsWith("!")) {
            throw new IllegalStateException(seen.substring(1));
        }
        return new TreeMap<>(Map.of("refs/heads/main", seen));
    }

    private void ask(ResourceID build, Duration interval) {
        lookUps.ask(build, Map.of(SHOP, new Question(interval, this::look)));
    }

    private Answer answer(ResourceID build) {
        return lookUps.known(build).getOrDefault(SHOP, Answer.NONE);
    }

    @Test
    void oneLookUpAnswersAHundredBuildsAndWakesThemAll() {
        CountDownLatch allHaveAsked = new CountDownLatch(1);
        IntStream.range(0, 100)
                .forEach(number -> lookUps.ask(build(number), Map.of(SHOP, new Question(SELDOM, () -> {
                    allHaveAsked.await();
                    return look();
                }))));
        allHaveAsked.countDown();

        await().untilAsserted(() -> assertThat(woken).hasSize(100).doesNotHaveDuplicates());
        assertThat(looks).hasValue(1);
        assertThat(answer(build(99)).value()).containsEntry("refs/heads/main", "a");
    }

    @Test
    void aQuietRepositoryWakesNobody() {
        ask(build(1), OFTEN);

        await().until(() -> looks.get() > 10);
        assertThat(woken).containsExactly(build(1));
        main.set("b");
        await().untilAsserted(() -> assertThat(woken).hasSize(2));
        assertThat(answer(build(1)).value()).containsEntry("refs/heads/main", "b");
    }

    @Test
    void theMostEagerAskerSaysHowOften() {
        ask(build(1), SELDOM);
        await().until(() -> looks.get() == 1);

        ask(build(2), OFTEN);

        await().until(() -> looks.get() > 5);
    }

    @Test
    void aFailureIsToldOnceKeepsWhatWasSeenAndSlowsDown() {
        ask(build(1), Duration.ofMillis(20));
        await().until(() -> answer(build(1)).value() != null);
        main.set("!the host does not answer");

        await().until(() -> answer(build(1)).failure() != null);
        assertThat(answer(build(1)).value()).containsEntry("refs/heads/main", "a");
        long begun = System.nanoTime();
        int before = looks.get();
        await().until(() -> looks.get() >= before + 4);
        assertThat(Duration.ofNanos(System.nanoTime() - begun))
                .as("20 ms doubled to 40, 80, 160, 320")
                .isGreaterThan(Duration.ofMillis(300));
        assertThat(woken).hasSize(2);

        main.set("a");
        await().until(() -> answer(build(1)).failure() == null);
    }

    @Test
    void aWebhookHasItLookedUpAtOnce() {
        ask(build(1), SELDOM);
        await().until(() -> woken.size() == 1);
        main.set("b");

        lookUps.hasten(build(1), Kind.SOURCE);

        await().until(() -> woken.size() == 2);
        assertThat(answer(build(1)).value()).containsEntry("refs/heads/main", "b");
    }

    @Test
    void manyWebhooksWhileItIsLookedUpAreOneMoreLookUp() {
        CountDownLatch allHaveCome = new CountDownLatch(1);
        lookUps.ask(build(1), Map.of(SHOP, new Question(SELDOM, () -> {
            SortedMap<String, String> seen = look();
            allHaveCome.await();
            return seen;
        })));
        await().until(() -> looks.get() == 1);

        lookUps.hasten(build(1), Kind.SOURCE);
        lookUps.hasten(build(1), Kind.SOURCE);
        lookUps.hasten(build(1), Kind.BASE);
        main.set("b");
        allHaveCome.countDown();

        await().until(() -> woken.size() == 2);
        assertThat(looks).hasValue(2);
    }

    @Test
    void newCredentialsHaveWhatFailedLookedUpAtOnceAndNothingElse() {
        AtomicInteger others = new AtomicInteger();
        LookUps.Key healthy = new LookUps.Key(Kind.BASE, "debian:latest", "");
        main.set("!401");
        lookUps.ask(build(1), Map.of(SHOP, new Question(SELDOM, this::look), healthy, new Question(SELDOM, () -> {
            others.incrementAndGet();
            return new TreeMap<>();
        })));
        await().until(() -> answer(build(1)).failure() != null && others.get() == 1);
        main.set("a");

        lookUps.hastenFailed(build(1));

        await().until(() -> answer(build(1)).value() != null);
        assertThat(answer(build(1)).failure()).isNull();
        assertThat(others).hasValue(1);
    }

    @Test
    void whoAsksForNothingMoreAndWhoIsGoneIsForgotten() {
        ask(build(1), OFTEN);
        ask(build(2), OFTEN);
        await().until(() -> looks.get() > 1);

        lookUps.ask(build(1), Map.of());
        gone.add(build(2));

        await().until(() -> lookUps.size() == 0);
        assertThat(lookUps.known(build(2))).isEmpty();
    }
}
