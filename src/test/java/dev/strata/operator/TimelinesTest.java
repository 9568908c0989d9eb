package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import dev.strata.operator.Timeline.AttemptTimes;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.ResourceAction;
import io.javaoperatorsdk.operator.processing.event.source.controller.ResourceEvent;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is noted of builds that are under way, and when it is forgotten. */
class TimelinesTest {
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
    private static final ResourceID ID = new ResourceID("shop", "team-a");
    private static final ImageBuildStatus END = ImageBuildStatus.NONE;

    /** A clock that is told what time it is. */
    private static final class Hand extends Clock {
        private long milliseconds;

        @Override
        public Instant instant() {
            return NOON.plusMillis(milliseconds);
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException("nobody asks for it");
        }
    }

    private final Hand hand = new Hand();
    private final List<Timeline> told = new ArrayList<>();
    private final Timelines timelines = new Timelines(hand, (build, status, timeline) -> told.add(timeline));

    private static Instant at(long milliseconds) {
        return NOON.plusMillis(milliseconds);
    }

    private Timelines after(long milliseconds) {
        hand.milliseconds = milliseconds;
        return timelines;
    }

    private static ImageBuild build(String status) {
        return Serialization.unmarshal("""
                apiVersion: strata.dev/v1alpha1
                kind: ImageBuild
                metadata: {name: shop, namespace: team-a}
                status: %s
                """.formatted(status), ImageBuild.class);
    }

    private static final ImageBuild BUILD = build("{}");

    private void write(long milliseconds, ResourceAction action, ImageBuild build) {
        after(milliseconds).eventReceived(new ResourceEvent(action, ID, build), Map.of());
    }

    private static Pod pod(String spec, String conditions) {
        return Serialization.unmarshal("""
                apiVersion: v1
                kind: Pod
                metadata: {name: shop-1, namespace: team-a, ownerReferences: [{kind: ImageBuild, name: shop, uid: u}]}
                spec: %s
                status: {conditions: %s}
                """.formatted(spec, conditions), Pod.class);
    }

    /** @param second after noon, as whole as Kubernetes writes times */
    private static String condition(String type, boolean holds, int second) {
        return "{type: %s, status: \"%s\", lastTransitionTime: \"%s\"}"
                .formatted(type, holds ? "True" : "False", at(second * 1000L));
    }

    private Timeline end(long milliseconds) {
        after(milliseconds - 5).ends(ID, END);
        after(milliseconds).reconciliationSucceeded(BUILD, Map.of());
        assertThat(told).hasSize(1);
        return told.getFirst();
    }

    @Test
    void aBuildIsFollowedFromItsWriteToTheRecordOfItsEnd() {
        write(0, ResourceAction.ADDED, BUILD);
        after(10).underWay(ID, "hash", at(5));
        timelines.ordered(ID, "shop-1");
        after(15).seen(pod("{}", "[]"));
        after(20).written(ID, "shop-1");
        after(30).seen(pod("{nodeName: a}", "[" + condition("PodReadyToStartContainers", false, 0) + "]"));
        after(400).seen(pod("{nodeName: a}", "[" + condition("PodReadyToStartContainers", true, 0) + "]"));
        after(500).seen(pod("{nodeName: a}", "[" + condition("PodReadyToStartContainers", true, 0) + "]"));
        after(900).underWay(ID, "hash", at(900));
        timelines.told(ID, Map.of("shop-1", new Progress.Times(Map.of(Milestone.ENDED, at(890)), Map.of())));

        assertThat(end(950))
                .isEqualTo(new Timeline(
                        at(0),
                        Map.of(
                                "shop-1",
                                new AttemptTimes(
                                        null,
                                        at(10),
                                        Map.of(
                                                Milestone.WRITTEN, at(20),
                                                Milestone.SCHEDULED, at(30),
                                                Milestone.ENDED, at(890)),
                                        at(400),
                                        Map.of())),
                        at(945),
                        at(950)));
        assertThat(timelines.size()).isZero();
    }

    @Test
    void ofWhatAWatchTellsLateTheClustersSecondCounts() {
        timelines.underWay(ID, "hash", at(0));
        timelines.ordered(ID, "shop-1");
        after(7000)
                .seen(pod(
                        "{nodeName: a}",
                        "[" + condition("PodScheduled", true, 1) + ", "
                                + condition("PodReadyToStartContainers", true, 2) + "]"));

        AttemptTimes times = end(8000).attempt("shop-1");
        assertThat(times.reached()).containsOnly(Map.entry(Milestone.SCHEDULED, at(2000)));
        assertThat(times.ready()).isEqualTo(at(3000));
    }

    @Test
    void whatABuilderTellsLaterReplacesWhatItToldBefore() {
        timelines.underWay(ID, "hash", at(0));
        timelines.ordered(ID, "shop-1");
        timelines.written(ID, "shop-1");
        timelines.told(
                ID,
                Map.of(
                        "shop-1",
                        new Progress.Times(
                                Map.of(Milestone.FIRST_STEP, at(50), Milestone.LAST_STEP, at(50)), Map.of())));
        timelines.told(
                ID,
                Map.of(
                        "shop-1",
                        new Progress.Times(Map.of(Milestone.FIRST_STEP, at(50), Milestone.ENDED, at(90)), Map.of())));

        assertThat(end(100).attempt("shop-1").reached())
                .containsOnly(
                        Map.entry(Milestone.WRITTEN, at(0)),
                        Map.entry(Milestone.FIRST_STEP, at(50)),
                        Map.entry(Milestone.ENDED, at(90)));
    }

    @Test
    void whatNoWriteCallsForBeginsWhenItIsFound() {
        after(70).underWay(ID, "hash", at(60));

        assertThat(end(90).since()).isEqualTo(at(60));
    }

    @Test
    void aWriteThatChangesTheInputsBeginsAnotherBuildAndOneThatDoesNotBeginsNone() {
        write(0, ResourceAction.ADDED, BUILD);
        timelines.underWay(ID, "hash", at(1));
        timelines.ordered(ID, "shop-1");
        write(50, ResourceAction.UPDATED, BUILD);
        timelines.underWay(ID, "hash", at(51));
        write(100, ResourceAction.UPDATED, BUILD);
        timelines.underWay(ID, "another", at(101));

        assertThat(end(200)).isEqualTo(new Timeline(at(100), Map.of(), at(195), at(200)));
    }

    @Test
    void theWaitForATurnIsThatOfThePodThatIsMadeThen() {
        timelines.underWay(ID, "hash", at(0));
        timelines.queued(ID, at(0));
        timelines.queued(ID, at(40));
        after(80).ordered(ID, "shop-1");

        assertThat(end(90).attempt("shop-1").queued()).isEqualTo(at(0));
        assertThat(told.getFirst().attempt("shop-1").ordered()).isEqualTo(at(80));
    }

    @Test
    void ofAPodThatAnotherOperatorMadeNothingIsNotedButWhatItsBuilderTells() {
        write(0, ResourceAction.ADDED, build("{attempts: [{number: 1, platform: linux/amd64, pod: shop-1}]}"));
        assertThat(timelines.size()).isZero();
        timelines.underWay(ID, "hash", at(1));
        timelines.seen(pod("{nodeName: a}", "[]"));
        timelines.told(ID, Map.of("shop-1", new Progress.Times(Map.of(Milestone.BEGUN, at(-500)), Map.of())));

        assertThat(end(90).attempt("shop-1"))
                .isEqualTo(new AttemptTimes(null, null, Map.of(Milestone.BEGUN, at(-500)), null, Map.of()));
    }

    @Test
    void anEndThatIsNotRecordedYetIsNotTold() {
        timelines.underWay(ID, "hash", at(0));
        timelines.reconciliationSucceeded(BUILD, Map.of());

        assertThat(told).isEmpty();
        assertThat(timelines.size()).isOne();
    }

    @Test
    void nothingIsKeptOfWhatRestsOrIsGone() {
        timelines.underWay(ID, "hash", at(0));
        timelines.rests(ID);
        assertThat(timelines.size()).isZero();

        write(0, ResourceAction.ADDED, BUILD);
        timelines.cleanupDone(ID, Map.of());
        assertThat(timelines.size()).isZero();

        write(0, ResourceAction.DELETED, BUILD);
        timelines.seen(pod("{nodeName: a}", "[]"));
        assertThat(timelines.size()).isZero();
    }
}
