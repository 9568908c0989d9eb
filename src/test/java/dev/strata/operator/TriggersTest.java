package dev.strata.operator;

import static dev.strata.operator.Examples.HASH;
import static dev.strata.operator.Examples.NOW;
import static dev.strata.operator.Examples.OTHER_HASH;
import static dev.strata.operator.Examples.digest;
import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.Attempt;
import dev.strata.api.ImageBuildStatus.Base;
import dev.strata.api.ImageBuildStatus.Found;
import dev.strata.api.ImageBuildStatus.Inputs;
import dev.strata.api.ImageBuildStatus.PlatformStatus;
import dev.strata.api.ImageBuildStatus.Trigger;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What of the world outside becomes part of a build's inputs, as a table. */
class TriggersTest {
    private static final String BASE = "docker.io/library/debian:bookworm";
    private static final String BUILT = "2026-01-01T11:00:00Z";

    record Row(String sentence, ImageBuildStatus status, Looked looked, Found wanted) {
        @Override
        public String toString() {
            return sentence;
        }
    }

    private static Looked revision(String revision) {
        return new Looked(revision, Set.of(), new TreeMap<>(), false, List.of(), List.of());
    }

    private static Looked base(String digest) {
        TreeMap<String, String> bases = new TreeMap<>();
        bases.put(BASE, digest);
        return new Looked(null, Set.of(), bases, false, List.of(), List.of());
    }

    private static Found found(String revision) {
        return new Found(revision, List.of(), null, null);
    }

    /**
     * @param last what the latest build was started for
     * @param revision what its builder told; null where it has not
     */
    private static ImageBuildStatus build(
            @Nullable Found last, @Nullable String revision, Attempt.State state, boolean current) {
        List<Base> bases = List.of(new Base(BASE, digest('b')));
        return new ImageBuildStatus(
                1L,
                List.of(),
                current || last != null ? "registry.example/shop@" + digest('f') : null,
                List.of(),
                new Inputs(current ? HASH : OTHER_HASH, current ? revision : "older", bases),
                null,
                new Trigger(Trigger.Cause.CREATED, "new", BUILT, HASH, null, 1L, last, List.of()),
                null,
                null,
                List.of(new Attempt(
                        1, "linux/amd64", "pod", HASH, 1L, null, state, null, null, null, null, BUILT, null, null)),
                List.of(new PlatformStatus(
                        "linux/amd64",
                        null,
                        null,
                        revision,
                        revision == null ? List.of() : bases,
                        List.of(),
                        null,
                        List.of(),
                        List.of())),
                List.of(),
                null,
                List.of(),
                List.of());
    }

    private static ImageBuildStatus settled(@Nullable Found last, String revision) {
        return build(last, revision, Attempt.State.SUCCEEDED, true);
    }

    private static ImageBuildStatus running(@Nullable Found last, @Nullable String revision) {
        return build(last, revision, Attempt.State.RUNNING, false);
    }

    private static ImageBuildStatus failed(@Nullable Found last, @Nullable String revision) {
        return build(last, revision, Attempt.State.FAILED, false);
    }

    static Stream<Row> rows() {
        Found movedBase = new Found(null, List.of(new Base(BASE, digest('c'))), null, null);
        return Stream.of(
                new Row("nothing looked up is nothing found", settled(null, "a"), Looked.NOWHERE, Found.NOTHING),
                new Row("a new build has the revision that is known", ImageBuildStatus.NONE, revision("a"), found("a")),
                new Row(
                        "the revision that was built calls for nothing",
                        settled(null, "a"),
                        revision("a"),
                        Found.NOTHING),
                new Row("another one does", settled(null, "a"), revision("b"), found("b")),
                new Row("and stays once it is built", settled(found("b"), "b"), revision("b"), found("b")),
                new Row("also while it cannot be looked up", settled(found("b"), "b"), Looked.NOWHERE, found("b")),
                new Row(
                        "a branch that moved again before it was fetched was built all the same",
                        settled(found("b"), "c"),
                        revision("c"),
                        found("b")),
                new Row(
                        "a builder that has not told yet is left alone",
                        running(null, null),
                        revision("a"),
                        Found.NOTHING),
                new Row("a branch that moves during a build is noticed", running(null, "a"), revision("b"), found("b")),
                new Row(
                        "and once it is being built it is left alone",
                        running(found("b"), null),
                        revision("b"),
                        found("b")),
                new Row("a failed build waits for the next commit", failed(found("b"), "b"), revision("b"), found("b")),
                new Row("which is built", failed(found("b"), "b"), revision("c"), found("c")),
                new Row(
                        "a branch that is made after a failure is built",
                        failed(null, null),
                        revision("a"),
                        found("a")),
                new Row(
                        "a branch that is set back after a failure is built",
                        failed(found("b"), "b"),
                        revision("a"),
                        found("a")),
                new Row(
                        "one of the images of an index is the index",
                        settled(null, "child"),
                        new Looked("top", Set.of("top", "child"), new TreeMap<>(), false, List.of(), List.of()),
                        Found.NOTHING),
                new Row(
                        "the base that was built on calls for nothing",
                        settled(null, "a"),
                        base(digest('b')),
                        Found.NOTHING),
                new Row("another one does", settled(null, "a"), base(digest('c')), movedBase),
                new Row("and stays", settled(movedBase, "a"), Looked.NOWHERE, movedBase),
                new Row(
                        "a base says nothing before the builder has told of it",
                        running(null, null),
                        base(digest('c')),
                        Found.NOTHING),
                new Row(
                        "an image that is gone is built again",
                        settled(null, "a"),
                        new Looked(null, Set.of(), new TreeMap<>(), true, List.of(), List.of()),
                        new Found(null, List.of(), null, "registry.example/shop@" + digest('f') + ", built " + BUILT)),
                new Row(
                        "but not while another one is being built",
                        running(null, "a"),
                        new Looked(null, Set.of(), new TreeMap<>(), true, List.of(), List.of()),
                        Found.NOTHING));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void finds(Row row) {
        assertThat(Triggers.found(row.status(), row.looked(), null, NOW)).isEqualTo(row.wanted());
    }

    @Test
    void eachTimeThatTheScheduleCallsForIsBuiltOnce() {
        Schedule schedule = Schedule.parse("30 * * * *");
        ImageBuildStatus built = settled(null, "a"); // at 11:00

        assertThat(due(built, schedule, "2026-01-01T11:29:59Z")).isNull();
        assertThat(due(built, schedule, "2026-01-01T11:30:00Z")).isEqualTo("2026-01-01T11:30:00Z");
        assertThat(due(built, schedule, "2026-01-01T15:00:00Z"))
                .as("times that were missed are made up for by one build")
                .isEqualTo("2026-01-01T14:30:00Z");
        assertThat(due(ImageBuildStatus.NONE, schedule, "2026-01-01T15:00:00Z"))
                .as("the first build needs no schedule")
                .isNull();
        assertThat(due(running(null, "a"), schedule, "2026-01-01T15:00:00Z"))
                .as("what runs is left to end, or a short schedule would let nothing end")
                .isNull();
        Found last = new Found(null, List.of(), "2026-01-01T10:30:00Z", null);
        assertThat(due(settled(last, "a"), schedule, "2026-01-01T11:10:00Z"))
                .as("what was built stays what was built")
                .isEqualTo("2026-01-01T10:30:00Z");
    }

    private static @Nullable String due(ImageBuildStatus status, Schedule schedule, String now) {
        return Triggers.found(status, Looked.NOWHERE, schedule, Instant.parse(now))
                .due();
    }
}
