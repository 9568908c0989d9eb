package dev.strata.operator;

import static dev.strata.operator.Examples.HASH;
import static dev.strata.operator.Examples.NOW;
import static dev.strata.operator.Examples.OTHER_HASH;
import static dev.strata.operator.Examples.attempt;
import static dev.strata.operator.Examples.digest;
import static dev.strata.operator.Examples.failed;
import static dev.strata.operator.Examples.observed;
import static dev.strata.operator.Examples.pod;
import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.api.ImageBuildSpec.Concurrency;
import dev.strata.api.ImageBuildStatus.Attempt.Fault;
import dev.strata.api.Reason;
import dev.strata.image.Platform;
import dev.strata.operator.BuilderPod.State;
import dev.strata.plan.Failure;
import dev.strata.plan.Outcome;
import io.fabric8.kubernetes.api.model.Quantity;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is decided, as a table: a sentence, what was observed, what is to be done. */
class DecisionTest {
    /** @param wanted the decision, without figures that depend on a pod's name where it is a kind only */
    record Row(String sentence, Observed seen, Object wanted) {
        @Override
        public String toString() {
            return sentence;
        }
    }

    private static final State WORKING = new State.Working();
    private static final State STARTING = new State.Waiting(Reason.STARTING, "being started");
    private static final State BUILT =
            new State.Ended(new Outcome.Built(dev.strata.image.Digest.parse(digest('a')), List.of()));

    private static State ended(Failure.Cause cause) {
        return new State.Ended(new Outcome.Failed(new Failure(cause, "it failed", null, null)));
    }

    private static final Looked STRAY =
            new Looked(null, java.util.Set.of(), new java.util.TreeMap<>(), false, List.of("latest"), List.of());
    private static final Decision FIRST = new Decision.Start(List.of(new Decision.Order(Examples.PLATFORM, 1)));
    private static final Decision SECOND = new Decision.Start(List.of(new Decision.Order(Examples.PLATFORM, 2)));

    static Stream<Row> rows() {
        return Stream.of(
                        beforeABuild(),
                        during(),
                        afterAnEnd(),
                        superseding(),
                        concurrently(),
                        severalPlatforms(),
                        outOfMemory())
                .flatMap(rows -> rows);
    }

    private static final String ARM = "linux/arm64";
    private static final Platform OTHER = Platform.parse(ARM);

    private static Wanted.Valid both(Platform... allowedMissing) {
        return Examples.valid(List.of(Examples.PLATFORM, OTHER), List.of(allowedMissing));
    }

    private static Wanted.Valid with(Concurrency concurrency) {
        return Examples.valid(concurrency);
    }

    private static Wanted.Valid limited(String limit, @org.jspecify.annotations.Nullable String most) {
        return Examples.valid(new Quantity(limit), most == null ? null : new Quantity(most));
    }

    private static Decision.Join join(String... platforms) {
        java.util.LinkedHashMap<Platform, String> images = new java.util.LinkedHashMap<>();
        for (String platform : platforms) {
            images.put(Platform.parse(platform), digest('a'));
        }
        return new Decision.Join(images, platforms.length == 1 ? List.of(OTHER) : List.of());
    }

    private static Stream<Row> concurrently() {
        String old = "shop-" + OTHER_HASH.substring(7, 12) + "-1";
        return Stream.of(
                new Row(
                        "Serial: a build of earlier inputs ends first",
                        observed()
                                .wanted(with(Concurrency.SERIAL))
                                .pods(pod(1, WORKING).of(OTHER_HASH))
                                .now(),
                        Reason.SUPERSEDING),
                new Row(
                        "Serial: one that has not begun is stopped",
                        observed()
                                .wanted(with(Concurrency.SERIAL))
                                .pods(pod(1, STARTING).of(OTHER_HASH))
                                .now(),
                        new Decision.Clean(List.of(old))),
                new Row(
                        "Serial: when it has ended it is taken away",
                        observed()
                                .wanted(with(Concurrency.SERIAL))
                                .pods(pod(1, BUILT).of(OTHER_HASH))
                                .now(),
                        new Decision.Clean(List.of(old))),
                new Row(
                        "Parallel: both run",
                        observed()
                                .wanted(with(Concurrency.PARALLEL))
                                .pods(pod(1, WORKING).of(OTHER_HASH))
                                .now(),
                        FIRST),
                new Row(
                        "Parallel: one that has not begun is stopped all the same",
                        observed()
                                .wanted(with(Concurrency.PARALLEL))
                                .pods(pod(1, STARTING).of(OTHER_HASH))
                                .now(),
                        new Decision.Clean(List.of(old))),
                new Row(
                        "Parallel: one that ends later disturbs nothing",
                        observed()
                                .wanted(with(Concurrency.PARALLEL))
                                .built(HASH)
                                .pods(pod(1, BUILT).of(OTHER_HASH))
                                .now(),
                        new Decision.Settled()),
                new Row(
                        "another build's image of the same inputs is taken",
                        observed().sibling("twin").now(),
                        new Decision.Adopt(Objects.requireNonNull(
                                observed().sibling("twin").now().sibling()))),
                new Row(
                        "but not in the middle of a build of one's own",
                        observed().sibling("twin").pods(pod(1, WORKING)).now(),
                        Reason.BUILDING),
                new Row(
                        "nor while suspended",
                        observed().sibling("twin").suspended().now(),
                        Reason.SUSPENDED));
    }

    private static Stream<Row> severalPlatforms() {
        return Stream.of(
                new Row(
                        "each platform has a pod of its own",
                        observed().wanted(both()).now(),
                        new Decision.Start(
                                List.of(new Decision.Order(Examples.PLATFORM, 1), new Decision.Order(OTHER, 1)))),
                new Row(
                        "one that failed is tried again while the other goes on",
                        observed()
                                .wanted(both())
                                .attempts(
                                        attempt(1).running(),
                                        failed(1, Fault.OUTSIDE, Reason.OUTSIDE_FAILED)
                                                .on(ARM))
                                .pods(pod(1, WORKING))
                                .at(NOW.plusSeconds(10)),
                        new Decision.Start(List.of(new Decision.Order(OTHER, 2)))),
                new Row(
                        "one that is there is not built again",
                        observed()
                                .wanted(both())
                                .attempts(
                                        attempt(1).succeeded(),
                                        failed(1, Fault.OUTSIDE, Reason.OUTSIDE_FAILED)
                                                .on(ARM))
                                .at(NOW.plusSeconds(10)),
                        new Decision.Start(List.of(new Decision.Order(OTHER, 2)))),
                new Row(
                        "all of them are joined",
                        observed()
                                .wanted(both())
                                .attempts(
                                        attempt(1).succeeded(),
                                        attempt(1).succeeded().on(ARM))
                                .now(),
                        join("linux/amd64", ARM)),
                new Row(
                        "one that fails for good stalls the whole",
                        observed()
                                .wanted(both())
                                .attempts(
                                        attempt(1).succeeded(),
                                        failed(1, Fault.USER, Reason.BUILD_FAILED)
                                                .on(ARM))
                                .now(),
                        Reason.BUILD_FAILED),
                new Row(
                        "unless it may be missing",
                        observed()
                                .wanted(both(OTHER))
                                .attempts(
                                        attempt(1).succeeded(),
                                        failed(1, Fault.USER, Reason.BUILD_FAILED)
                                                .on(ARM))
                                .now(),
                        join("linux/amd64")),
                new Row(
                        "which is known only when the others are there",
                        observed()
                                .wanted(both(OTHER))
                                .attempts(
                                        attempt(1).running(),
                                        failed(1, Fault.USER, Reason.BUILD_FAILED)
                                                .on(ARM))
                                .pods(pod(1, WORKING))
                                .now(),
                        Reason.BUILDING),
                new Row(
                        "one that may be missing and is being built is waited for",
                        observed()
                                .wanted(both(OTHER))
                                .attempts(attempt(1).succeeded())
                                .pods(pod(1, WORKING).on(ARM))
                                .now(),
                        Reason.BUILDING),
                new Row(
                        "but not one that no node takes",
                        observed()
                                .wanted(both(OTHER))
                                .attempts(attempt(1).succeeded())
                                .pods(pod(1, new State.Waiting(Reason.UNSCHEDULABLE, "0/1 nodes"))
                                        .on(ARM))
                                .now(),
                        join("linux/amd64")));
    }

    private static Decision second(@org.jspecify.annotations.Nullable String memory) {
        return new Decision.Start(List.of(new Decision.Order(Examples.PLATFORM, 2, memory)));
    }

    private static Stream<Row> outOfMemory() {
        Examples.AnAttempt first = failed(1, Fault.LOST, Reason.OUT_OF_MEMORY);
        return Stream.of(
                new Row(
                        "the second attempt has twice the memory",
                        observed().wanted(limited("1Gi", null)).attempts(first).at(NOW.plusSeconds(2)),
                        second("2048Mi")),
                new Row(
                        "or as much as the class allows",
                        observed()
                                .wanted(limited("1Gi", "1536Mi"))
                                .attempts(first)
                                .at(NOW.plusSeconds(2)),
                        second("1536Mi")),
                new Row(
                        "where that is not more, none follows",
                        observed().wanted(limited("1Gi", "1Gi")).attempts(first).at(NOW.plusSeconds(2)),
                        new Decision.Stall(Reason.OUT_OF_MEMORY, "it failed; the class allows no more than 1Gi")),
                new Row(
                        "twice too little stalls",
                        observed()
                                .wanted(limited("1Gi", null))
                                .attempts(
                                        first,
                                        failed(2, Fault.LOST, Reason.OUT_OF_MEMORY)
                                                .memory("2048Mi"))
                                .at(NOW.plusSeconds(60)),
                        Reason.OUT_OF_MEMORY));
    }

    private static Stream<Row> beforeABuild() {
        return Stream.of(
                new Row("a new build is started", observed().now(), FIRST),
                new Row(
                        "nothing is started while the build is suspended",
                        observed().suspended().now(),
                        Reason.SUSPENDED),
                new Row(
                        "a missing reference is looked for again",
                        observed()
                                .wanted(new Wanted.Missing("there is no ConfigMap"))
                                .now(),
                        new Decision.Hold(Reason.REFERENCE_MISSING, "there is no ConfigMap", Decision.LOOK_AGAIN)),
                new Row(
                        "a spec that cannot be stalls",
                        observed().wanted(new Wanted.Invalid("bad name")).now(),
                        new Decision.Stall(Reason.INVALID_SPEC, "bad name")),
                new Row(
                        "the same inputs as those of the image call for nothing",
                        observed().built(HASH).now(),
                        new Decision.Settled()),
                new Row(
                        "the same inputs call for nothing even though the pod is gone",
                        observed().built(HASH).attempts(attempt(1).succeeded()).now(),
                        new Decision.Settled()),
                new Row(
                        "a tag that stands for another image is put back without a pod",
                        observed().built(HASH).looked(STRAY).now(),
                        new Decision.Retag(List.of("latest"))),
                new Row(
                        "but not while the build is suspended",
                        observed().built(HASH).looked(STRAY).suspended().now(),
                        new Decision.Settled()),
                new Row(
                        "other inputs than those of the image are built",
                        observed().built(OTHER_HASH).now(),
                        FIRST));
    }

    private static Stream<Row> during() {
        return Stream.of(
                new Row(
                        "a pod that starts is waited for",
                        observed().pods(pod(1, STARTING)).now(),
                        new Decision.Wait(Reason.STARTING, "being started")),
                new Row(
                        "a pod that no node takes is waited for, and told",
                        observed()
                                .pods(pod(1, new State.Waiting(Reason.UNSCHEDULABLE, "0/1 nodes")))
                                .now(),
                        new Decision.Wait(Reason.UNSCHEDULABLE, "0/1 nodes")),
                new Row(
                        "a pod at work is waited for",
                        observed().pods(pod(1, WORKING)).now(),
                        Reason.BUILDING),
                new Row(
                        "a pod that keeps a failed step's file system is waited for, and told",
                        observed()
                                .pods(pod(1, new State.Held("it failed; look")))
                                .now(),
                        new Decision.Wait(Reason.HELD, "it failed; look")),
                new Row(
                        "a suspended build that runs goes on",
                        observed().suspended().pods(pod(1, WORKING)).now(),
                        Reason.BUILDING),
                new Row(
                        "a pod of an earlier generation with the same inputs goes on",
                        observed().generation(2).pods(pod(1, WORKING)).now(),
                        Reason.BUILDING),
                new Row(
                        "an operator that knows nothing of a pod takes it on",
                        observed().pods(pod(3, WORKING)).now(),
                        Reason.BUILDING));
    }

    private static Stream<Row> afterAnEnd() {
        return Stream.of(
                new Row(
                        "a built image succeeds",
                        observed().pods(pod(1, BUILT)).now(),
                        new Decision.Succeed(digest('a'))),
                new Row(
                        "a success that was recorded counts without its pod",
                        observed().attempts(attempt(1).succeeded()).now(),
                        new Decision.Succeed(digest('a'))),
                new Row(
                        "the user's fault stalls at once",
                        observed().pods(pod(1, ended(Failure.Cause.USER))).now(),
                        new Decision.Stall(Reason.BUILD_FAILED, "it failed")),
                new Row(
                        "the user's fault of an earlier generation is tried again, since the spec changed",
                        observed()
                                .generation(2)
                                .attempts(failed(1, Fault.USER, Reason.BUILD_FAILED))
                                .now(),
                        SECOND),
                new Row(
                        "a failure of the outside is tried again after a pause",
                        observed()
                                .attempts(failed(1, Fault.OUTSIDE, Reason.OUTSIDE_FAILED))
                                .now(),
                        Reason.OUTSIDE_FAILED),
                new Row(
                        "and started when the pause is over",
                        observed()
                                .attempts(failed(1, Fault.OUTSIDE, Reason.OUTSIDE_FAILED))
                                .at(NOW.plusSeconds(10)),
                        SECOND),
                new Row(
                        "but not while the build is suspended",
                        observed()
                                .suspended()
                                .attempts(failed(1, Fault.OUTSIDE, Reason.OUTSIDE_FAILED))
                                .at(NOW.plusSeconds(10)),
                        Reason.SUSPENDED),
                new Row(
                        "a failure of the outside beyond the limit stalls",
                        observed()
                                .retries(0)
                                .attempts(failed(1, Fault.OUTSIDE, Reason.OUTSIDE_FAILED))
                                .now(),
                        new Decision.Stall(Reason.OUTSIDE_FAILED, "it failed")),
                new Row(
                        "a lost pod is replaced",
                        observed()
                                .attempts(failed(1, Fault.LOST, Reason.POD_LOST))
                                .at(NOW.plusSeconds(2)),
                        SECOND),
                new Row(
                        "a lost pod is no failure of the outside",
                        observed()
                                .retries(0)
                                .attempts(failed(1, Fault.LOST, Reason.POD_LOST))
                                .at(NOW.plusSeconds(2)),
                        SECOND),
                new Row(
                        "a pod that vanished is replaced",
                        observed().attempts(attempt(1).running()).now(),
                        Reason.POD_LOST),
                new Row(
                        "too little memory is tried once more",
                        observed()
                                .attempts(failed(1, Fault.LOST, Reason.OUT_OF_MEMORY))
                                .at(NOW.plusSeconds(2)),
                        SECOND),
                new Row(
                        "too little memory twice stalls",
                        observed()
                                .attempts(
                                        failed(1, Fault.LOST, Reason.OUT_OF_MEMORY),
                                        failed(2, Fault.LOST, Reason.OUT_OF_MEMORY))
                                .at(NOW.plusSeconds(60)),
                        Reason.OUT_OF_MEMORY),
                new Row(
                        "our own error three times stalls",
                        observed()
                                .attempts(
                                        failed(1, Fault.OURS, Reason.INTERNAL_ERROR),
                                        failed(2, Fault.OURS, Reason.INTERNAL_ERROR),
                                        failed(3, Fault.OURS, Reason.INTERNAL_ERROR))
                                .at(NOW.plusSeconds(600)),
                        Reason.INTERNAL_ERROR),
                new Row(
                        "a pod that is lost again and again stalls in the end",
                        observed()
                                .attempts(IntStream.rangeClosed(1, 11)
                                        .mapToObj(n -> failed(n, Fault.LOST, Reason.POD_LOST))
                                        .toArray(Examples.AnAttempt[]::new))
                                .at(NOW.plusSeconds(6000)),
                        Reason.POD_LOST));
    }

    private static Stream<Row> superseding() {
        return Stream.of(
                new Row(
                        "a pod that builds other inputs is stopped first",
                        observed().pods(pod(1, WORKING).of(OTHER_HASH)).now(),
                        new Decision.Clean(List.of("shop-" + OTHER_HASH.substring(7, 12) + "-1"))),
                new Row(
                        "and waited for while it stops",
                        observed()
                                .pods(pod(1, WORKING).of(OTHER_HASH).leaving())
                                .now(),
                        Reason.SUPERSEDING),
                new Row(
                        "a finished pod of other inputs is taken away",
                        observed().pods(pod(1, BUILT).of(OTHER_HASH)).now(),
                        new Decision.Clean(List.of("shop-" + OTHER_HASH.substring(7, 12) + "-1"))),
                new Row(
                        "a pod is stopped when the new spec cannot be",
                        observed()
                                .wanted(new Wanted.Invalid("bad name"))
                                .pods(pod(1, WORKING))
                                .now(),
                        new Decision.Clean(List.of("shop-" + HASH.substring(7, 12) + "-1"))),
                new Row(
                        "a pod goes on while a reference is missing",
                        observed()
                                .wanted(new Wanted.Missing("no ConfigMap"))
                                .pods(pod(1, WORKING))
                                .now(),
                        Reason.REFERENCE_MISSING),
                new Row(
                        "a pod that has not begun is replaced when its settings change",
                        observed().pods(pod(1, STARTING).settings("older")).now(),
                        new Decision.Clean(List.of("shop-" + HASH.substring(7, 12) + "-1"))),
                new Row(
                        "a pod at work is left alone when its settings change",
                        observed().pods(pod(1, WORKING).settings("older")).now(),
                        Reason.BUILDING));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void decides(Row row) {
        Decision decision = Decision.decide(row.seen());
        if (row.wanted() instanceof Reason reason) {
            assertThat(reasonOf(decision)).isEqualTo(reason);
        } else {
            assertThat(decision).isEqualTo(row.wanted());
        }
    }

    private static Reason reasonOf(Decision decision) {
        return switch (decision) {
            case Decision.Wait wait -> wait.reason();
            case Decision.Hold hold -> hold.reason();
            case Decision.Retry retry -> retry.reason();
            case Decision.Stall stall -> stall.reason();
            case Decision.Clean clean -> throw new AssertionError(clean);
            case Decision.Start start -> throw new AssertionError(start);
            case Decision.Succeed succeed -> throw new AssertionError(succeed);
            case Decision.Settled settled -> throw new AssertionError(settled);
            case Decision.Retag retag -> throw new AssertionError(retag);
            case Decision.Queued queued -> Reason.QUEUED;
            case Decision.Join join -> throw new AssertionError(join);
            case Decision.Adopt adopt -> throw new AssertionError(adopt);
            case Decision.Rebase rebase -> throw new AssertionError(rebase);
        };
    }

    @ParameterizedTest
    @org.junit.jupiter.params.provider.CsvSource({"1, 5", "2, 10", "3, 20", "4, 40", "9, 300", "15, 300"})
    void pausesDoubleUpToFiveMinutesAndDifferALittle(int failures, int seconds) {
        Observed seen = observed()
                .retries(15)
                .attempts(IntStream.rangeClosed(1, failures)
                        .mapToObj(n -> failed(n, Fault.OUTSIDE, Reason.OUTSIDE_FAILED))
                        .toArray(Examples.AnAttempt[]::new))
                .now();

        assertThat(Decision.decide(seen))
                .isInstanceOfSatisfying(
                        Decision.Retry.class,
                        retry -> assertThat(retry.after())
                                .isBetween(Duration.ofMillis(seconds * 800L), Duration.ofMillis(seconds * 1200L)));
    }
}
