package dev.strata.operator;

import static dev.strata.operator.Examples.HASH;
import static dev.strata.operator.Examples.NOW;
import static dev.strata.operator.Examples.attempt;
import static dev.strata.operator.Examples.digest;
import static dev.strata.operator.Examples.failed;
import static dev.strata.operator.Examples.observed;
import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.api.Condition;
import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.Attempt;
import dev.strata.api.ImageBuildStatus.Attempt.Fault;
import dev.strata.api.ImageBuildStatus.Base;
import dev.strata.api.ImageBuildStatus.Found;
import dev.strata.api.ImageBuildStatus.Inputs;
import dev.strata.api.ImageBuildStatus.Named;
import dev.strata.api.ImageBuildStatus.Summary;
import dev.strata.api.ImageBuildStatus.Trigger;
import dev.strata.api.Reason;
import dev.strata.image.Digest;
import dev.strata.image.Json;
import dev.strata.plan.EventLog;
import dev.strata.plan.Failure;
import dev.strata.plan.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StatusesTest {
    private static final Decision.Start START = new Decision.Start(List.of(new Decision.Order(Examples.PLATFORM, 1)));

    private static ImageBuildStatus next(Observed seen, Decision decision, Map<String, Progress.Seen> told) {
        return Statuses.next(seen, decision, told, 3, order -> "shop-" + order.attempt());
    }

    private static ImageBuildStatus next(Observed seen) {
        return next(seen, Decision.decide(seen), Map.of());
    }

    private static Map<String, Progress.Seen> told(String... lines) {
        Progress progress = new Progress("linux/amd64");
        for (String line : lines) {
            progress.fold(NOW, EventLog.read(line).orElseThrow());
        }
        return Map.of("linux/amd64", progress.seen("userNamespace", 100));
    }

    private static Map<String, Progress.Seen> story() {
        return told(
                "source git 9f1c",
                "base docker.io/library/debian:12 " + digest('b'),
                "#1 [0 1/2 :1] FROM debian:12",
                "#1 CACHED",
                "#2 [0 2/2 :2] RUN make",
                "stack base " + digest('c') + " 100 x diff " + digest('d') + " ADD rootfs",
                "image " + digest('a') + " registry.example/shop:latest");
    }

    private static Trigger trigger(ImageBuildStatus status) {
        return Objects.requireNonNull(status.trigger());
    }

    private static Inputs inputs(ImageBuildStatus status) {
        return Objects.requireNonNull(status.inputs());
    }

    private static Summary summary(ImageBuildStatus status) {
        return Objects.requireNonNull(status.summary());
    }

    private static List<String> conditions(ImageBuildStatus status) {
        return status.conditions().stream()
                .map(condition -> condition.type().word() + "=" + condition.status() + " "
                        + condition.reason().word())
                .toList();
    }

    @Test
    void aStartRemembersAttemptAndTrigger() {
        ImageBuildStatus status = next(observed().now(), START, Map.of());

        assertThat(conditions(status)).containsExactly("Ready=UNKNOWN Starting", "Reconciling=TRUE Starting");
        assertThat(trigger(status).reason()).isEqualTo(Trigger.Cause.CREATED);
        assertThat(status.attempts()).singleElement().satisfies(attempt -> {
            assertThat(attempt.pod()).isEqualTo("shop-1");
            assertThat(attempt.state()).isEqualTo(Attempt.State.RUNNING);
        });
        assertThat(status.observedGeneration()).isEqualTo(1);
    }

    @Test
    void whoWaitsIsToldItsPlaceTheExpectedWaitAndSinceWhen() {
        ImageBuildStatus status = next(
                observed().now(),
                new Decision.Queued(3, 9, Duration.ofSeconds(90), NOW.minusSeconds(60), Duration.ofSeconds(10)),
                Map.of());

        assertThat(conditions(status)).containsExactly("Ready=UNKNOWN Queued", "Reconciling=TRUE Queued");
        assertThat(status.queue()).isEqualTo(new ImageBuildStatus.Queue(3, 90L, Attempts.text(NOW.minusSeconds(60))));
        assertThat(next(observed().now(), START, Map.of()).queue())
                .as("who works waits no more")
                .isNull();
    }

    @Test
    void anAttemptAfterTheFirstTellsWhereItResumed() {
        String[] log = {
            "#1 [0 1/4 :1] FROM debian:12",
            "#2 [0 2/4 :2] RUN one",
            "#3 [0 3/4 :3] RUN two",
            "#4 [0 4/4 :4] RUN three",
            "#2 CACHED",
            "#3 STARTED",
            "#3 MISSED nothing like it was built before"
        };
        Observed second = observed()
                .attempts(failed(1, Fault.LOST, Reason.POD_LOST), attempt(2))
                .pods(Examples.pod(2, new BuilderPod.State.Working()))
                .now();
        ImageBuildStatus status = next(second, Decision.decide(second), told(log));
        assertThat(status.attempts()).extracting(Attempt::resumedAtStep).containsExactly(null, 3);
        Observed later = observed().status(status).now();
        assertThat(next(later, Decision.decide(later), Map.of())
                        .attempts()
                        .get(1)
                        .resumedAtStep())
                .as("when the pod is gone")
                .isEqualTo(3);
        Observed first = observed()
                .attempts(attempt(1))
                .pods(Examples.pod(1, new BuilderPod.State.Working()))
                .now();
        assertThat(next(first, Decision.decide(first), told(log))
                        .attempts()
                        .getFirst()
                        .resumedAtStep())
                .as("nothing was there to go on from")
                .isNull();
    }

    @Test
    void aSuccessTellsImageInputsLayersAndHistory() {
        Observed seen = observed().attempts(attempt(1).succeeded()).now();

        ImageBuildStatus status = next(seen, Decision.decide(seen), story());

        assertThat(conditions(status)).containsExactly("Ready=TRUE Succeeded");
        assertThat(status.image()).isEqualTo("registry.example/shop@" + digest('a'));
        assertThat(inputs(status).hash()).isEqualTo(HASH);
        assertThat(inputs(status).revision()).isEqualTo("9f1c");
        assertThat(inputs(status).bases()).hasSize(1);
        assertThat(status.layers()).hasSize(1);
        assertThat(summary(status).layers()).isEqualTo(1);
        assertThat(summary(status).size()).isEqualTo(100);
        assertThat(summary(status).cached()).isEqualTo("1/2");
        assertThat(status.history()).singleElement().satisfies(finished -> {
            assertThat(finished.result()).isEqualTo(Reason.SUCCEEDED);
            assertThat(finished.seconds()).isEqualTo(60);
        });
    }

    @Test
    void whatIsSettledIsWrittenTheSameEveryTime() {
        Observed seen = observed().attempts(attempt(1).succeeded()).now();
        ImageBuildStatus first = next(seen, Decision.decide(seen), story());
        Observed later = observed().status(first).at(NOW.plusSeconds(3600));

        ImageBuildStatus second = next(later, Decision.decide(later), Map.of());

        assertThat(Decision.decide(later)).isEqualTo(new Decision.Settled());
        assertThat(second).isEqualTo(first);
    }

    @Test
    void whatHasStalledIsWrittenTheSameEveryTime() {
        ImageBuildStatus first = next(
                observed().attempts(failed(1, Fault.USER, Reason.BUILD_FAILED)).now());

        ImageBuildStatus second = next(observed().status(first).at(NOW.plusSeconds(3600)));

        assertThat(conditions(first)).containsExactly("Ready=FALSE BuildFailed", "Stalled=TRUE BuildFailed");
        assertThat(second).isEqualTo(first);
    }

    /** An attempt runs as far as the status knows; what its pod says now ends it. */
    private static List<String> warningsToTell(Outcome outcome, String... lines) {
        Observed seen = observed()
                .attempts(attempt(1).running())
                .pods(Examples.pod(1, new BuilderPod.State.Ended(outcome)))
                .now();
        Decision decision = Decision.decide(seen);
        return EventRecorder.warnings(seen.status(), decision, next(seen, decision, told(lines)));
    }

    @Test
    void findingsAreInTheStatusAndToldOnceWhereABuildEnds() {
        String finding = "Dockerfile:9: LegacyKeyValueFormat: write ENV key=value";
        Outcome built = new Outcome.Built(Digest.parse(digest('a')), List.of());
        Outcome wrong = new Outcome.Failed(new Failure(Failure.Cause.USER, "exit code 3", null, null));
        Outcome outside = new Outcome.Failed(new Failure(Failure.Cause.OUTSIDE, "503", null, null));

        assertThat(warningsToTell(built, "warning " + finding)).containsExactly(finding);
        assertThat(warningsToTell(wrong, "warning " + finding)).containsExactly(finding);
        assertThat(warningsToTell(built)).isEmpty();
        assertThat(warningsToTell(outside, "warning " + finding))
                .as("it is tried again")
                .isEmpty();
    }

    @Test
    void findingsOfABuildThatEndedBeforeAreNotToldAgain() {
        Observed seen = observed().attempts(attempt(1).succeeded()).now();
        ImageBuildStatus status = next(seen, Decision.decide(seen), told("warning x", "image " + digest('a')));
        Observed later = observed().status(status).at(NOW.plusSeconds(3600));

        assertThat(status.platforms().getFirst().warnings()).containsExactly("x");
        assertThat(EventRecorder.warnings(status, Decision.decide(later), next(later)))
                .isEmpty();
    }

    @Test
    void theLastGoodImageStaysThroughAFailure() {
        ImageBuildStatus status = next(observed()
                .built(Examples.OTHER_HASH)
                .attempts(failed(1, Fault.USER, Reason.BUILD_FAILED))
                .now());

        assertThat(status.image()).isEqualTo("registry.example/shop@" + digest('f'));
        assertThat(inputs(status).hash()).isEqualTo(Examples.OTHER_HASH);
        assertThat(status.history().getFirst().image()).isNull();
    }

    @Test
    void aStatusReadBackFromTheClusterIsTheSame() throws Exception {
        Observed seen = observed().attempts(attempt(1).succeeded()).now();
        ImageBuildStatus status = next(seen, Decision.decide(seen), story());

        assertThat(Json.read(Json.bytes(status), ImageBuildStatus.class)).isEqualTo(status);
    }

    @Test
    void aConditionKeepsItsTimeWhileItsStatusStays() {
        ImageBuildStatus starting = next(observed().now(), START, Map.of());
        Observed later = observed().status(starting).at(NOW.plusSeconds(60));

        ImageBuildStatus building = next(later, new Decision.Wait(Reason.BUILDING, "at work"), Map.of());

        assertThat(building.conditions())
                .extracting(Condition::lastTransitionTime)
                .containsOnly(NOW.toString());
        assertThat(building.conditions()).extracting(Condition::reason).containsOnly(Reason.BUILDING);
    }

    @Test
    void aTriggerTellsOfEveryChangeWithOldAndNew() {
        Found then = new Found("aaa", List.of(), null, null);
        Found now = new Found(
                "bbb", List.of(new Base("docker.io/library/debian:12", digest('d'))), "2026-01-01T03:00:00Z", null);
        ImageBuildStatus first = next(
                observed()
                        .wanted(wanted(Examples.HASH, then, new Named("Secret", "npm", "111")))
                        .now(),
                START,
                Map.of());
        Observed changed = observed()
                .wanted(wanted(
                        Examples.OTHER_HASH,
                        now,
                        new Named("Secret", "npm", "222"),
                        new Named("ConfigMap", "files", "333")))
                .status(first)
                .now();

        Trigger trigger = trigger(next(changed, START, Map.of()));

        assertThat(trigger.reason()).isEqualTo(Trigger.Cause.SOURCE_CHANGED);
        assertThat(trigger.message())
                .isEqualTo("the default branch moved from aaa to bbb;"
                        + " the base image docker.io/library/debian:12 moved from nothing to " + digest('d') + ";"
                        + " the schedule called for a build at 2026-01-01T03:00:00Z, and the latest was started at "
                        + NOW
                        + "; the secret \"npm\" changed from 111 to 222;"
                        + " the ConfigMap \"files\" changed from nothing to 333");
        assertThat(trigger.found()).isEqualTo(now);
    }

    private static Wanted.Valid wanted(String hash, Found found, Named... objects) {
        Wanted.Valid plain = Examples.valid(hash);
        return new Wanted.Valid(
                hash,
                plain.platforms(),
                plain.repository(),
                plain.pod(),
                null,
                plain.course(),
                plain.access(),
                found,
                List.of(objects));
    }

    @Test
    void aNewGenerationMeansThatTheSpecChanged() {
        ImageBuildStatus first = next(observed().now(), START, Map.of());
        Observed changed = observed()
                .wanted(Examples.valid(Examples.OTHER_HASH))
                .generation(2)
                .status(first)
                .now();

        Trigger trigger = trigger(next(changed, START, Map.of()));
        assertThat(trigger.reason()).isEqualTo(Trigger.Cause.SPEC_CHANGED);
        assertThat(trigger.message()).isEqualTo("the spec changed from generation 1 to 2");
    }

    @Test
    void anotherTokenMeansThatARebuildWasRequested() {
        ImageBuildStatus first = next(observed().now(), START, Map.of());
        Observed changed = observed()
                .wanted(Examples.valid(Examples.OTHER_HASH))
                .rebuild("again")
                .status(first)
                .now();

        Trigger trigger = trigger(next(changed, START, Map.of()));
        assertThat(trigger.reason()).isEqualTo(Trigger.Cause.REBUILD_REQUESTED);
        assertThat(trigger.message()).contains("from nothing to \"again\"");
    }

    @Test
    void theStepsOfAnEarlierBuildAreGoneWhenANewOneStarts() {
        Observed seen = observed().attempts(attempt(1).succeeded()).now();
        ImageBuildStatus built = next(seen, Decision.decide(seen), story());
        Observed changed = observed()
                .wanted(Examples.valid(Examples.OTHER_HASH))
                .status(built)
                .now();

        ImageBuildStatus status = next(changed, START, Map.of());

        assertThat(status.platforms()).isEmpty();
        assertThat(status.layers()).as("of the last good image").hasSize(1);
    }

    @Test
    void whatIsKnownOfStepsStaysWhereTheLogsBeginWasRotatedAway() {
        ImageBuildStatus starting = next(observed().now(), START, Map.of());
        Observed seen = observed().status(starting).now();
        Decision wait = new Decision.Wait(Reason.BUILDING, "at work");
        ImageBuildStatus building = next(seen, wait, told("#1 [0 1/1 :1] RUN make", "#1 STARTED"));

        ImageBuildStatus afterwards = next(observed().status(building).now(), wait, told("#1 DONE 3.0s"));

        assertThat(afterwards.platforms()).isEqualTo(building.platforms()).isNotEmpty();
    }

    @Test
    void historyAndAttemptsAreBounded() {
        ImageBuildStatus status = ImageBuildStatus.NONE;
        for (int round = 0; round < 10; round++) {
            Observed seen = observed()
                    .status(status)
                    .attempts(IntStream.rangeClosed(1, 30 + round)
                            .mapToObj(n -> failed(n, Fault.USER, Reason.BUILD_FAILED))
                            .toArray(Examples.AnAttempt[]::new))
                    .now();
            status = next(seen);
        }
        assertThat(status.attempts()).hasSize(20);
        assertThat(status.attempts().getLast().number()).isEqualTo(39);
        assertThat(status.history()).hasSizeLessThanOrEqualTo(3);
    }

    @Test
    void everyReasonIsWrittenAsItsWord() {
        for (Reason reason : Reason.values()) {
            assertThat(Json.text(reason)).isEqualTo("\"" + reason.word() + "\"");
            assertThat(reason.meaning()).endsWith(".");
        }
    }
}
