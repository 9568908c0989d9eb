package dev.strata.operator;

import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.Attempt;
import dev.strata.api.ImageBuildStatus.Base;
import dev.strata.api.ImageBuildStatus.Found;
import dev.strata.api.ImageBuildStatus.Inputs;
import dev.strata.api.ImageBuildStatus.PlatformStatus;
import dev.strata.api.ImageBuildStatus.Trigger;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Whether what lies beside the spec calls for a build: the source, the bases, the clock, the registry. Pure.
 *
 * <p>A finding becomes part of the inputs, and so changes their hash, only where it differs from what the latest build
 * itself told of: a branch that moved just before a build fetched it calls for nothing more.
 */
final class Triggers {
    private static final int BASES = 32;

    private Triggers() {}

    /**
     * What the inputs' hash shall have of the world outside.
     *
     * @param schedule null where none is asked for
     */
    static Found found(ImageBuildStatus status, Looked looked, @Nullable Schedule schedule, Instant now) {
        Trigger trigger = status.trigger();
        Found last = trigger == null || trigger.found() == null ? Found.NOTHING : trigger.found();
        return new Found(
                revision(status, last, looked),
                bases(status, last, looked),
                due(status, last, schedule, now),
                missing(status, last, looked));
    }

    /**
     * The bases that moved, where nothing else is new and no step of the latest build depends on one of them, so that its
     * image can be put on them as it is; empty otherwise.
     */
    static List<Base> rebasable(Observed seen, Wanted.Valid wanted) {
        ImageBuildStatus status = seen.status();
        Trigger last = status.trigger();
        if (last == null
                || current(status) == null
                || !status.missingPlatforms().isEmpty()) {
            return List.of();
        }
        Found then = last.found() == null ? Found.NOTHING : last.found();
        List<Base> moved = wanted.found().bases().stream()
                .filter(base -> !then.bases().contains(base))
                .toList();
        boolean nothingElse = Objects.equals(last.generation(), seen.generation())
                && Objects.equals(last.rebuild(), seen.rebuild())
                && last.objects().equals(wanted.objects())
                && new Found(then.revision(), wanted.found().bases(), then.due(), then.missing())
                        .equals(wanted.found());
        return nothingElse && moved.stream().allMatch(base -> isFree(status, base.name())) ? moved : List.of();
    }

    private static boolean isFree(ImageBuildStatus status, String name) {
        List<Base> told = status.platforms().stream()
                .flatMap(platform -> platform.bases().stream())
                .filter(base -> base.name().equals(name))
                .toList();
        return !told.isEmpty()
                && told.stream()
                        .allMatch(
                                base -> base.boundBy() != null && base.boundBy().isEmpty());
    }

    /** What the last good image was built from, where the latest build made it; null where another one came after it. */
    static @Nullable Inputs current(ImageBuildStatus status) {
        Inputs inputs = status.inputs();
        return status.image() != null
                        && inputs != null
                        && status.trigger() != null
                        && Objects.equals(inputs.hash(), status.trigger().inputs())
                ? inputs
                : null;
    }

    private static @Nullable String revision(ImageBuildStatus status, Found last, Looked looked) {
        String seen = looked.revision();
        if (seen == null) {
            return last.revision();
        }
        if (status.trigger() == null) {
            return seen; // nothing was built before
        }
        String known = latestRevision(status).orElse(last.revision());
        if (known == null) {
            return isRunning(status) ? null : seen;
        }
        boolean same = seen.equals(known) || looked.revisions().contains(known);
        return same ? last.revision() : seen;
    }

    private static boolean isRunning(ImageBuildStatus status) {
        return status.attempts().stream().anyMatch(attempt -> attempt.state() == Attempt.State.RUNNING);
    }

    /** What the latest build fetched, as its builder told. */
    static Optional<String> latestRevision(ImageBuildStatus status) {
        return Stream.concat(
                        status.platforms().stream().map(PlatformStatus::revision),
                        Stream.ofNullable(current(status)).map(Inputs::revision))
                .filter(Objects::nonNull)
                .findFirst();
    }

    /** What the latest build was put on, as its builder told. */
    static SortedMap<String, String> latestBases(ImageBuildStatus status) {
        SortedMap<String, String> bases = new TreeMap<>();
        Stream.concat(
                        status.platforms().stream().flatMap(platform -> platform.bases().stream()),
                        Stream.ofNullable(current(status)).flatMap(inputs -> inputs.bases().stream()))
                .forEach(base -> bases.putIfAbsent(base.name(), base.digest()));
        return bases;
    }

    private static List<Base> bases(ImageBuildStatus status, Found last, Looked looked) {
        SortedMap<String, String> moved = new TreeMap<>();
        last.bases().forEach(base -> moved.put(base.name(), base.digest()));
        latestBases(status).forEach((name, digest) -> {
            String seen = looked.bases().get(name);
            if (seen != null && !seen.equals(digest)) {
                moved.put(name, seen);
            }
        });
        return moved.entrySet().stream()
                .limit(BASES)
                .map((Map.Entry<String, String> base) -> new Base(base.getKey(), base.getValue()))
                .toList();
    }

    /**
     * The first build needs no schedule; after it, each time that the schedule calls for is one build's. What runs is left
     * to end first, since a schedule that is shorter than a build would otherwise let none end.
     */
    private static @Nullable String due(ImageBuildStatus status, Found last, @Nullable Schedule schedule, Instant now) {
        Trigger trigger = status.trigger();
        if (schedule == null || trigger == null || trigger.time() == null || isRunning(status)) {
            return last.due();
        }
        Instant built = Instant.parse(trigger.time());
        return schedule.latest(now)
                .filter(due -> due.isAfter(built))
                .map(Attempts::text)
                .orElse(last.due());
    }

    /** With the time of the build, so that the same image can be missed twice. */
    private static @Nullable String missing(ImageBuildStatus status, Found last, Looked looked) {
        return looked.imageMissing() && current(status) != null && status.trigger() != null
                ? status.image() + ", built " + status.trigger().time()
                : last.missing();
    }
}
