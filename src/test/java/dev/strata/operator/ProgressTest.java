package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.api.ImageBuildStatus.PlatformStatus;
import dev.strata.api.ImageBuildStatus.Step;
import dev.strata.api.ImageBuildStatus.StepState;
import dev.strata.image.Json;
import dev.strata.plan.EventLog;
import dev.strata.plan.Outcome;
import java.time.Instant;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private static final String A = "sha256:" + "a".repeat(64);
    private static final String B = "sha256:" + "b".repeat(64);
    private static final Instant START = Instant.parse("2026-01-01T12:00:00Z");

    private final Progress progress = new Progress("linux/amd64");

    private void tell(String... lines) {
        for (String line : lines) {
            progress.fold(START, EventLog.read(line).orElseThrow(() -> new AssertionError(line)));
        }
    }

    private PlatformStatus status() {
        return progress.seen("userNamespace", 100).status();
    }

    private Step step(int index) {
        return status().stages().stream()
                .flatMap(stage -> stage.steps().stream())
                .toList()
                .get(index);
    }

    @Test
    void stepsAreKnownBeforeTheyBegin() {
        tell("#1 [build 1/2 :1] FROM debian", "#2 [build 2/2 :2] RUN make", "#3 [1 1/1 :4] COPY --from=build /x /");

        assertThat(status().stages()).extracting("name").containsExactly("build", "1");
        assertThat(step(1))
                .isEqualTo(new Step(2, 2, "RUN make", StepState.WAITING, null, null, null, null, null, null, null));
    }

    private void tellAt(int milliseconds, String line) {
        progress.fold(START.plusMillis(milliseconds), EventLog.read(line).orElseThrow(() -> new AssertionError(line)));
    }

    private Progress.Times times() {
        return progress.seen(null, 100).times();
    }

    private static Instant at(int milliseconds) {
        return START.plusMillis(milliseconds);
    }

    @Test
    void theLogsLinesSayWhatWasReachedWhen() {
        tellAt(280, "strata 0.1.0 begins after 250ms");
        tellAt(300, "source git 9f1c02");
        tellAt(310, "base docker.io/library/debian:12 " + A);
        tellAt(320, "plan linux/amd64 2 steps 0 skipped");
        tellAt(321, "#1 [build 1/2 :1] RUN make");
        tellAt(322, "#2 [build 2/2 :2] RUN make install");
        tellAt(323, "#3 [1 1/1 :3] FROM debian");
        tellAt(324, "#3 STARTED");
        tellAt(325, "#3 DONE 0.0s");
        tellAt(340, "#1 CACHED");
        tellAt(341, "#2 MISSED Makefile changed");
        tellAt(350, "#2 STARTED");
        tellAt(400, "#2 0.050 made");
        tellAt(900, "#2 DONE 0.5s");
        tellAt(1000, "stack own " + A + " 1 application/vnd.oci.image.layer.v1.tar+gzip diff " + B + " RUN make");
        tellAt(1001, "stack own " + B + " 1 application/vnd.oci.image.layer.v1.tar+gzip diff " + A + " RUN make");
        tellAt(1100, "image " + A + " registry.example/shop:latest");

        assertThat(times())
                .isEqualTo(new Progress.Times(
                        Map.of(
                                Milestone.PROCESS, at(30),
                                Milestone.BEGUN, at(280),
                                Milestone.SOURCE, at(300),
                                Milestone.PLANNED, at(320),
                                Milestone.FIRST_STEP, at(340),
                                Milestone.LAST_STEP, at(900),
                                Milestone.PUSHED, at(1000),
                                Milestone.ENDED, at(1100)),
                        Map.of(
                                "1 1",
                                new Timeline.Interval(at(324), at(325)),
                                "build 1",
                                new Timeline.Interval(at(340), at(340)),
                                "build 2",
                                new Timeline.Interval(at(350), at(900)))));
    }

    @Test
    void aBaseAndSettingsAreNoStepsThatAreLookedUp() {
        tellAt(320, "plan linux/amd64 1 steps 0 skipped");
        tellAt(321, "#1 [0 1/1 :1] FROM debian");
        tellAt(324, "#1 STARTED");
        tellAt(325, "#1 DONE 0.0s");
        tellAt(400, "stack base " + A + " 1 application/vnd.oci.image.layer.v1.tar+gzip diff " + B + " ADD rootfs");

        assertThat(times().reached())
                .containsOnly(Map.entry(Milestone.PLANNED, at(320)), Map.entry(Milestone.PUSHED, at(400)));
    }

    @Test
    void stepsGoOnUntilTheEndWhereOneOfThemFails() {
        tellAt(321, "#1 [build 1/1 :1] RUN make");
        tellAt(350, "#1 STARTED");
        tellAt(400, "#1 FAILED 0.1s exit code 3");
        tellAt(410, "failed {\"cause\":\"USER\",\"what\":\"RUN make: exit code 3\"}");

        assertThat(times().reached())
                .containsOnly(Map.entry(Milestone.FIRST_STEP, at(350)), Map.entry(Milestone.ENDED, at(410)));
    }

    @Test
    void theFirstWarningsAreShownAndTheRestCounted() {
        tell(IntStream.rangeClosed(1, 14)
                .mapToObj(line -> "warning Dockerfile:" + line + ": LegacyKeyValueFormat: write ENV key=value")
                .toArray(String[]::new));

        assertThat(status().warnings())
                .hasSize(11)
                .startsWith("Dockerfile:1: LegacyKeyValueFormat: write ENV key=value")
                .endsWith("and 4 more in the builder pod's log");
    }

    @Test
    void aStepGoesFromMissedToDoneWithItsLayer() {
        tell(
                "#1 [0 1/1 :2] RUN make",
                "#1 MISSED Makefile changed",
                "#1 STARTED",
                "#1 0.100 compiling",
                "#1 memory 183500800",
                "#1 DONE 41.2s",
                "#1 layer " + A + " 1234 application/vnd.oci.image.layer.v1.tar+gzip diff " + B + " 5678");

        Step step = step(0);
        assertThat(step.state()).isEqualTo(StepState.DONE);
        assertThat(step.cached()).isFalse();
        assertThat(step.missReason()).isEqualTo("Makefile changed");
        assertThat(step.started()).isEqualTo("2026-01-01T12:00:00Z");
        assertThat(step.seconds()).isEqualTo(41.2);
        assertThat(step.peakMemory()).isEqualTo(183_500_800);
        assertThat(step.layer()).isNotNull();
        assertThat(step.layer().tarSize()).isEqualTo(5678);
    }

    @Test
    void aFailureKeepsTheLastLinesOfItsStep() {
        tell("#1 [0 1/2 :2] RUN one", "#2 [0 2/2 :3] RUN two", "#1 STARTED", "#1 0.100 of the first", "#1 DONE 0.1s");
        tell("#2 STARTED");
        IntStream.rangeClosed(1, 30).forEach(n -> tell("#2 0.200 line " + n));
        tell("#2 FAILED 0.3s exit code 3", "failed {\"cause\":\"USER\",\"what\":\"RUN two: exit code 3\"}");

        assertThat(step(1).state()).isEqualTo(StepState.FAILED);
        assertThat(step(1).message()).isEqualTo("exit code 3");
        assertThat(status().lastOutput()).hasSize(20).startsWith("line 11").endsWith("line 30");
        assertThat(progress.seen(null, 100).outcome()).isInstanceOf(Outcome.Failed.class);
    }

    @Test
    void theStackOfTheImageIsKeptWithItsSize() {
        tell(
                "stack base " + A + " 1000 x diff " + B + " ADD rootfs",
                "stack own " + B + " 234 x diff " + A + " RUN make",
                "image " + A + " registry.example/shop:latest");

        Progress.Seen seen = progress.seen(null, 100);
        assertThat(seen.layers()).isEqualTo(2);
        assertThat(seen.size()).isEqualTo(1234);
        assertThat(seen.stack()).extracting("base").containsExactly(true, false);
        assertThat(seen.status().digest()).isEqualTo(A);
    }

    @Test
    void findingsOfTheBuilderAreInTheStatusTheFirstOfThemInFull() {
        tell("warning Dockerfile:9: LegacyKeyValueFormat: write ENV key=value");
        assertThat(status().warnings()).containsExactly("Dockerfile:9: LegacyKeyValueFormat: write ENV key=value");

        IntStream.rangeClosed(1, 20).forEach(n -> tell("warning " + "x".repeat(1000)));
        assertThat(status().warnings())
                .hasSize(11)
                .endsWith("and 11 more in the builder pod's log")
                .allSatisfy(warning -> assertThat(warning).hasSizeLessThanOrEqualTo(301));
    }

    @Test
    void nothingIsListenedToAfterTheEnd() {
        tell("image " + A, "failed {\"cause\":\"OURS\",\"what\":\"late\"}");

        assertThat(progress.seen(null, 100).outcome()).isInstanceOf(Outcome.Built.class);
    }

    @Test
    void stepsThatNobodyAnnouncedAreIgnored() {
        tell("#7 STARTED", "#7 DONE 1.0s");

        assertThat(status().stages()).isEmpty();
    }

    @Test
    void manyStepsAreCountedAndTheOneThatFailedIsShown() {
        IntStream.rangeClosed(1, 3000).forEach(n -> tell("#" + n + " [0 " + n + "/3000 :" + n + "] RUN " + n));
        tell("#500 STARTED", "#500 FAILED 1.0s exit code 1");

        PlatformStatus status = status();
        assertThat(status.stepsOmitted()).isEqualTo(3000 - 91);
        assertThat(status.stages().getFirst().steps().getLast().number()).isEqualTo(500);
    }

    @Test
    void theLongestStoryStaysFarBelowWhatAnObjectMayHold() {
        String long_ = "x".repeat(10_000);
        IntStream.rangeClosed(1, 3000).forEach(n -> {
            tell("#" + n + " [" + long_ + " " + n + "/3000 :" + n + "] RUN " + long_, "#" + n + " MISSED " + long_);
            tell("#" + n + " layer " + A + " 1 x diff " + B + " 1", "#" + n + " FAILED 1.0s " + long_);
            tell("stack own " + A + " 1 x diff " + B + " " + long_, "warning " + long_);
            tell("base registry.example/" + "x".repeat(200) + ":1 " + A, "#" + n + " 1.000 " + long_);
        });
        tell("failed {\"cause\":\"USER\",\"what\":\"x\"}");

        Progress.Seen seen = progress.seen("userNamespace", 100);
        assertThat(Json.bytes(seen.status()).length + Json.bytes(seen.stack()).length)
                .isLessThan(300_000);
    }
}
