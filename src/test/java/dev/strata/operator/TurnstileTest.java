package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import dev.strata.api.Reason;
import dev.strata.operator.Queue.Limits;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class TurnstileTest {
    private final SequencedMap<String, Pod> pods = new LinkedHashMap<>();
    private final Map<ResourceID, ImageBuild> builds = new LinkedHashMap<>();
    /** The inputs of images that are there. */
    private final Map<ResourceID, String> built = new HashMap<>();

    private final Deque<ResourceID> woken = new ArrayDeque<>();
    private Instant now = Examples.NOW;
    private Limits limits = new Limits(null, 1);

    private final Turnstile turnstile = new Turnstile(() -> pods.values().stream(), new Known(), woken::add);

    private final class Known implements Turnstile.Builds {
        @Override
        public boolean exists(ResourceID build) {
            return builds.containsKey(build);
        }

        @Override
        public Stream<ImageBuild> underWay(String namespace, String inputs) {
            return Stream.empty();
        }

        @Override
        public Stream<ImageBuild> begun(String namespace, String inputs) {
            return builds.values().stream().filter(build -> inputs.equals(built.get(ResourceID.fromResource(build))));
        }
    }

    private ResourceID build(String namespace, String name) {
        ImageBuild build = new ImageBuild();
        build.setMetadata(new ObjectMetaBuilder()
                .withName(name)
                .withNamespace(namespace)
                .withUid(namespace + "-" + name)
                .build());
        builds.put(ResourceID.fromResource(build), build);
        return ResourceID.fromResource(build);
    }

    /** A build with these inputs, of which nothing has been done yet. */
    private Observed observed(Wanted.Valid valid) {
        return new Observed(
                1,
                false,
                valid,
                null,
                ImageBuildStatus.NONE,
                List.of(),
                Looked.NOWHERE,
                null,
                true,
                3,
                Duration.ZERO,
                null,
                now);
    }

    /** As a reconciliation does it: asks, makes the pods that it may, and has others take their turn. */
    private Decision reconcile(ResourceID id) {
        ImageBuild build = Objects.requireNonNull(builds.get(id));
        Wanted.Valid valid = valid(
                Examples.digest('1').substring(0, 20) + build.getMetadata().getUid());
        Observed seen = observed(valid);
        Decision decision = turnstile.admit(
                build, seen, valid, new Decision.Start(List.of(new Decision.Order(Examples.PLATFORM, 1, null))));
        if (decision instanceof Decision.Start start) {
            start.orders().forEach(order -> pod(build, valid, DesiredPod.name(build, valid.hash(), order)));
        }
        turnstile.turn(now);
        return decision;
    }

    private Wanted.Valid valid(String hash) {
        Wanted.Valid plain = Examples.valid(hash);
        Wanted.Course course = new Wanted.Course(
                "default",
                0,
                limits,
                Examples.COURSE.concurrency(),
                List.of(),
                null,
                Duration.ofHours(1),
                Duration.ofHours(1),
                Duration.ZERO);
        return new Wanted.Valid(
                hash,
                plain.platforms(),
                plain.repository(),
                plain.pod(),
                null,
                course,
                plain.access(),
                plain.found(),
                List.of());
    }

    private void pod(ImageBuild build, Wanted.Valid valid, String name) {
        pods.put(
                name,
                new PodBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .withNamespace(build.getMetadata().getNamespace())
                        .withCreationTimestamp(Attempts.text(now))
                        .withAnnotations(Map.of(PodLabels.INPUTS, valid.hash(), PodLabels.CLASS, "default"))
                        .withOwnerReferences(new OwnerReferenceBuilder()
                                .withUid(build.getMetadata().getUid())
                                .build())
                        .endMetadata()
                        .withNewStatus()
                        .withPhase("Running")
                        .endStatus()
                        .build());
    }

    private void endOldestPod() {
        pods.remove(pods.firstEntry().getKey());
        turnstile.took("default", Duration.ofMinutes(1));
        turnstile.turn(now);
    }

    @Test
    void whoeverWaitsIsWokenWhenAPlaceIsFreeAndNobodyBefore() {
        limits = new Limits(null, 2);
        ResourceID third = build("a", "third");
        ResourceID other = build("b", "other");
        assertThat(reconcile(build("a", "first"))).isInstanceOf(Decision.Start.class);
        assertThat(reconcile(build("a", "second"))).isInstanceOf(Decision.Start.class);
        assertThat(reconcile(third)).isInstanceOf(Decision.Queued.class);
        assertThat(reconcile(other))
                .isInstanceOfSatisfying(
                        Decision.Queued.class,
                        queued -> assertThat(queued.place())
                                .as("its namespace has no builder yet")
                                .isEqualTo(1));
        assertThat(woken).isEmpty();
        assertThat(turnstile.length()).isEqualTo(2);

        endOldestPod();
        assertThat(woken).containsExactly(other);
        assertThat(reconcile(other)).isInstanceOf(Decision.Start.class);
        assertThat(turnstile.length()).isEqualTo(1);
    }

    @Test
    void aBuildThatIsGoneHoldsNobodyUp() {
        reconcile(build("a", "first"));
        ResourceID gone = build("b", "gone");
        reconcile(gone);
        ResourceID next = build("c", "next");
        reconcile(next);
        builds.remove(gone);

        endOldestPod();

        assertThat(woken).containsExactly(next);
        assertThat(turnstile.length()).isEqualTo(1);
    }

    @Test
    void theSecondOfTwoWithTheSameInputsIsHeldWhateverTheLimits() {
        limits = Limits.NONE;
        ResourceID first = build("a", "same");
        reconcile(first);
        ImageBuild twin = new ImageBuild();
        twin.setMetadata(new ObjectMetaBuilder()
                .withName("twin")
                .withNamespace("a")
                .withUid("another")
                .build());
        builds.put(ResourceID.fromResource(twin), twin);
        Wanted.Valid valid = valid(Examples.digest('1').substring(0, 20) + "a-same");
        Observed seen = observed(valid);

        assertThat(turnstile.admit(
                        twin, seen, valid, new Decision.Start(List.of(new Decision.Order(Examples.PLATFORM, 1, null)))))
                .isInstanceOfSatisfying(
                        Decision.Hold.class, hold -> assertThat(hold.reason()).isEqualTo(Reason.SAME_INPUTS));
        endOldestPod();
        assertThat(woken).containsExactly(ResourceID.fromResource(twin));
    }

    /** The watches tell of the image after the build was looked at, and of the end of its pod before that. */
    @Test
    void anImageThatCameSinceTheBuildWasLookedAtIsWaitedFor() {
        limits = Limits.NONE;
        ResourceID first = build("a", "first");
        ResourceID second = build("a", "second");
        Wanted.Valid valid = valid(Examples.digest('1'));
        Observed seen = observed(valid);
        built.put(first, valid.hash());
        Decision start = new Decision.Start(List.of(new Decision.Order(Examples.PLATFORM, 1, null)));

        assertThat(turnstile.admit(Objects.requireNonNull(builds.get(second)), seen, valid, start))
                .isInstanceOfSatisfying(
                        Decision.Hold.class, hold -> assertThat(hold.reason()).isEqualTo(Reason.SAME_INPUTS));

        turnstile.turn(now);
        assertThat(woken).as("it is looked at again at once").containsExactly(second);
    }

    /**
     * Five thousand builds come at once, five hundred may run, and each running one tells something five times. What a call
     * costs must not grow with how many wait: with a sort of all of them in each, this takes minutes.
     */
    @Test
    @Timeout(300)
    void fiveThousandWaitingBuildsAreNoLoad() {
        limits = new Limits(50, 500);
        long begun = System.nanoTime();
        for (int number = 0; number < 5_000; number++) {
            reconcile(build("team-" + number % 50, "build-" + number));
        }
        assertThat(pods).hasSize(500);
        int started = 500;
        for (int end = 0; end < 5_000; end++) {
            now = now.plusMillis(10);
            for (int event = 0; event < 5; event++) {
                turnstile.turn(now);
            }
            endOldestPod();
            while (!woken.isEmpty()) {
                if (reconcile(woken.remove()) instanceof Decision.Start) {
                    started++;
                }
            }
        }
        System.err.println("took " + Duration.ofNanos(System.nanoTime() - begun));
        assertThat(started).isEqualTo(5_000);
        assertThat(pods).isEmpty();
        assertThat(turnstile.length()).isZero();
    }
}
