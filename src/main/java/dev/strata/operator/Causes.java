package dev.strata.operator;

import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.Base;
import dev.strata.api.ImageBuildStatus.Found;
import dev.strata.api.ImageBuildStatus.Named;
import dev.strata.api.ImageBuildStatus.Trigger;
import dev.strata.api.ImageBuildStatus.Trigger.Cause;
import dev.strata.image.Reference;
import dev.strata.plan.Plan;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Why a build is started: the latest build's trigger against what is wanted now, in a word and in a sentence. */
final class Causes {
    private static final int SENTENCE = 1_500;

    private final Observed seen;
    private final Wanted.Valid wanted;
    private final ImageBuildStatus before;
    private final @Nullable Trigger last;

    private Causes(Observed seen, Wanted.Valid wanted) {
        this.seen = seen;
        this.wanted = wanted;
        this.before = seen.status();
        this.last = before.trigger();
    }

    static Causes of(Observed seen, Wanted.Valid wanted) {
        return new Causes(seen, wanted);
    }

    private record Change(Cause word, String sentence) {}

    /** The trigger of a build that is started at {@code at}. */
    Trigger trigger(Instant at) {
        List<Change> changes = last == null
                ? List.of(new Change(Cause.CREATED, "the resource is new"))
                : Stream.of(rebuild(last), spec(last), outside(last), objects(last))
                        .flatMap(change -> change)
                        .toList();
        // Nothing of the cluster's has changed: this version of Strata reads more, or less, than the one before.
        Change first = changes.isEmpty()
                ? new Change(Cause.SPEC_CHANGED, "what counts as the build's inputs changed with Strata itself")
                : changes.getFirst();
        return new Trigger(
                first.word(),
                Text.cut(
                        changes.isEmpty()
                                ? first.sentence()
                                : changes.stream().map(Change::sentence).collect(Collectors.joining("; ")),
                        SENTENCE),
                Attempts.text(at),
                wanted.hash(),
                seen.rebuild(),
                seen.generation(),
                wanted.found().equals(Found.NOTHING) ? null : wanted.found(),
                wanted.objects());
    }

    private Stream<Change> rebuild(Trigger trigger) {
        return Objects.equals(trigger.rebuild(), seen.rebuild())
                ? Stream.empty()
                : Stream.of(new Change(
                        Cause.REBUILD_REQUESTED,
                        "the annotation strata.dev/rebuild changed from " + quoted(trigger.rebuild()) + " to "
                                + quoted(seen.rebuild())));
    }

    private Stream<Change> spec(Trigger trigger) {
        return trigger.generation() != null && trigger.generation() == seen.generation()
                ? Stream.empty()
                : Stream.of(new Change(
                        Cause.SPEC_CHANGED,
                        "the spec changed from generation "
                                + (trigger.generation() == null ? "?" : trigger.generation()) + " to "
                                + seen.generation()));
    }

    private Stream<Change> outside(Trigger trigger) {
        Found then = trigger.found() == null ? Found.NOTHING : trigger.found();
        Found now = wanted.found();
        return Stream.of(source(then, now), bases(then, now), missing(then, now), due(then, now, trigger))
                .flatMap(change -> change);
    }

    private Stream<Change> source(Found then, Found now) {
        if (now.revision() == null || now.revision().equals(then.revision())) {
            return Stream.empty();
        }
        String old = Triggers.latestRevision(before).orElse(then.revision());
        String name = wanted.pod().plan().source() instanceof Plan.Source.Git git && git.revision() != null
                ? git.revision()
                : wanted.pod().plan().source() instanceof Plan.Source.Oci(Reference image)
                        ? image.toString()
                        : "the default branch";
        return Stream.of(new Change(
                Cause.SOURCE_CHANGED,
                name + " moved from " + (old == null ? "nothing" : old) + " to " + now.revision()));
    }

    private Stream<Change> bases(Found then, Found now) {
        Map<String, String> old = Triggers.latestBases(before);
        return now.bases().stream()
                .filter(base -> !then.bases().contains(base))
                .map(base -> new Change(
                        Cause.BASE_CHANGED,
                        "the base image " + base.name() + " moved from " + old.getOrDefault(base.name(), "nothing")
                                + " to " + base.digest() + rebased(base.name())));
    }

    /** What the latest builder told of the steps above a base. */
    private String rebased(String name) {
        return before.platforms().stream()
                .flatMap(platform -> platform.bases().stream())
                .filter(base -> base.name().equals(name) && base.boundBy() != null)
                .map(Base::boundBy)
                .max(Comparator.naturalOrder()) // a step of any platform is more than none
                .map(step -> step.isEmpty()
                        ? ": no step depends on it, so the image is put on it without building"
                        : ": it cannot just be put on it, because of " + step)
                .orElse("");
    }

    private static Stream<Change> missing(Found then, Found now) {
        return now.missing() == null || now.missing().equals(then.missing())
                ? Stream.empty()
                : Stream.of(new Change(
                        Cause.IMAGE_MISSING,
                        "the registry no longer has " + now.missing()
                                + "; it is pushed again, from the cache where it can"));
    }

    private static Stream<Change> due(Found then, Found now, Trigger trigger) {
        return now.due() == null || now.due().equals(then.due())
                ? Stream.empty()
                : Stream.of(new Change(
                        Cause.SCHEDULED,
                        "the schedule called for a build at " + now.due() + ", and the latest was started at "
                                + trigger.time()));
    }

    private Stream<Change> objects(Trigger trigger) {
        return wanted.objects().stream().flatMap(object -> {
            Named old = trigger.objects().stream()
                    .filter(each ->
                            each.kind().equals(object.kind()) && each.name().equals(object.name()))
                    .findFirst()
                    .orElse(null);
            return object.equals(old) ? Stream.empty() : Stream.of(changed(object, old));
        });
    }

    private static Change changed(Named now, @Nullable Named old) {
        Cause word = now.kind().equals("Secret") ? Cause.SECRET_CHANGED : Cause.CONFIG_MAP_CHANGED;
        return new Change(
                word,
                (now.kind().equals("Secret") ? "the secret \"" : "the ConfigMap \"") + now.name() + "\" changed from "
                        + (old == null ? "nothing" : old.digest()) + " to " + now.digest());
    }

    private static String quoted(@Nullable String text) {
        return text == null ? "nothing" : "\"" + text + "\"";
    }
}
