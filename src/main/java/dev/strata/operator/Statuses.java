package dev.strata.operator;

import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.Attempt;
import dev.strata.api.ImageBuildStatus.Base;
import dev.strata.api.ImageBuildStatus.Finished;
import dev.strata.api.ImageBuildStatus.Inputs;
import dev.strata.api.ImageBuildStatus.PlatformStatus;
import dev.strata.api.ImageBuildStatus.StackLayer;
import dev.strata.api.ImageBuildStatus.Summary;
import dev.strata.api.ImageBuildStatus.Trigger;
import dev.strata.api.Reason;
import dev.strata.image.Platform;
import dev.strata.plan.Outcome;
import io.fabric8.kubernetes.api.model.Quantity;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The next status, from what was observed, what was decided and what the builders told. Pure: the same reading gives
 * the same status, so that nothing is patched where nothing changed.
 */
final class Statuses {
    private final Observed seen;
    private final Decision decision;
    private final Map<String, Progress.Seen> told;
    private final int historyLimit;
    private final ImageBuildStatus before;

    private Statuses(Observed seen, Decision decision, Map<String, Progress.Seen> told, int historyLimit) {
        this.seen = seen;
        this.decision = decision;
        this.told = told;
        this.historyLimit = historyLimit;
        this.before = seen.status();
    }

    /**
     * The status to have.
     *
     * @param decision as it was carried out
     * @param told by platform, from the builders that are followed
     * @param podName how an order's pod is called
     */
    static ImageBuildStatus next(
            Observed seen,
            Decision decision,
            Map<String, Progress.Seen> told,
            int historyLimit,
            java.util.function.Function<Decision.Order, String> podName) {
        return new Statuses(seen, decision, told, historyLimit).next(podName);
    }

    private ImageBuildStatus next(java.util.function.Function<Decision.Order, String> podName) {
        Wanted.Valid valid = seen.wanted() instanceof Wanted.Valid wanted ? wanted : null;
        List<Attempt> own = valid == null
                ? List.of()
                : Attempts.of(seen, valid.hash()).stream().map(this::resumed).toList();
        if (valid != null && decision instanceof Decision.Adopt adopt) {
            return adopted(valid, adopt.from());
        }
        if (valid != null
                && decision instanceof Decision.Rebase(List<Base> moved, Rebase.Result result, String digest)) {
            return result == null || digest == null ? before : rebased(valid, moved, result, digest);
        }
        if (valid == null || (own.isEmpty() && !(decision instanceof Decision.Start))) {
            return unbuilt(valid);
        }
        Trigger trigger = trigger(valid, own);
        List<Attempt> attempts = Attempts.bounded(withOrders(own, valid.hash(), podName));
        List<PlatformStatus> platforms = platforms(valid);
        String image = before.image();
        List<String> missing = before.missingPlatforms();
        if (decision instanceof Decision.Succeed succeed) {
            image = valid.repository().repository() + "@" + succeed.digest();
            missing = succeed.missing().stream().map(Platform::toString).toList();
        }
        boolean built = decision instanceof Decision.Succeed;
        Progress.Seen first = first(valid);
        return new ImageBuildStatus(
                seen.generation(),
                Conditions.of(decision, image, missing, seen.generation(), before.conditions(), seen.now()),
                image,
                missing,
                built ? inputs(valid.hash(), platforms) : before.inputs(),
                summary(built ? first : null),
                trigger,
                queue(),
                memory(),
                attempts,
                platforms,
                built ? (first == null ? List.of() : first.stack()) : before.layers(),
                built ? omitted(first) : before.layersOmitted(),
                history(valid.hash(), image, attempts),
                seen.looked().failures());
    }

    /** What is told of a platform is told by the latest of its pods. */
    private Attempt resumed(Attempt attempt) {
        Progress.Seen progress = told.get(attempt.platform());
        boolean latest = seen.pods().stream()
                .filter(pod -> pod.platform().equals(attempt.platform()))
                .max(Comparator.comparingInt(BuilderPod::attempt))
                .filter(pod -> pod.name().equals(attempt.pod()))
                .isPresent();
        return latest && progress != null && attempt.number() > 1 ? attempt.resumedAt(progress.firstMissed()) : attempt;
    }

    /** Of the first platform that has an image; of the first where none has told of one. */
    private Progress.@Nullable Seen first(Wanted.Valid valid) {
        return valid.platforms().stream()
                .map(platform -> told.get(platform.toString()))
                .filter(progress -> progress != null && progress.outcome() instanceof Outcome.Built)
                .findFirst()
                .orElseGet(() -> told.get(valid.platforms().getFirst().toString()));
    }

    private ImageBuildStatus.@Nullable Queue queue() {
        return decision instanceof Decision.Queued queued
                ? new ImageBuildStatus.Queue(
                        queued.place(),
                        queued.expected() == null ? null : queued.expected().toSeconds(),
                        Attempts.text(queued.since()))
                : null;
    }

    /** A size that turned out to be needed is not found out again. */
    private @Nullable String memory() {
        return decision instanceof Decision.Start start
                ? start.orders().stream()
                        .map(Decision.Order::memory)
                        .filter(Objects::nonNull)
                        .max(Comparator.comparing(memory -> new Quantity(memory).getNumericalAmount()))
                        .orElse(before.memory())
                : before.memory();
    }

    /** The steps are those of the build before; only what is below them is another. */
    private ImageBuildStatus rebased(Wanted.Valid valid, List<Base> moved, Rebase.Result result, String digest) {
        String image = valid.repository().repository() + "@" + digest;
        List<PlatformStatus> platforms = before.platforms().stream()
                .map(each -> onto(each, moved, result))
                .toList();
        long size = result.stack().stream().mapToLong(StackLayer::size).sum();
        Summary summary = before.summary();
        List<Finished> history = new ArrayList<>(before.history());
        history.addFirst(new Finished(valid.hash(), image, Reason.SUCCEEDED, 0, 0L, Attempts.text(seen.now())));
        return new ImageBuildStatus(
                seen.generation(),
                Conditions.of(decision, image, List.of(), seen.generation(), before.conditions(), seen.now()),
                image,
                List.of(),
                inputs(valid.hash(), platforms),
                new Summary(result.stack().size(), size, summary == null ? null : summary.cached()),
                trigger(valid, List.of()),
                null,
                before.memory(),
                List.of(),
                platforms,
                result.stack(),
                null,
                bounded(history),
                seen.looked().failures());
    }

    private static PlatformStatus onto(PlatformStatus status, List<Base> moved, Rebase.Result result) {
        List<Base> bases = status.bases().stream()
                .map(base -> moved.stream()
                        .filter(each -> each.name().equals(base.name()))
                        .findFirst()
                        .map(each -> new Base(base.name(), each.digest(), base.boundBy()))
                        .orElse(base))
                .toList();
        String digest = result.images().get(Platform.parse(status.platform()));
        return status.with(digest == null ? status.digest() : digest, bases);
    }

    /** What the sibling built is this build's, too; of pods of its own there is nothing to tell. */
    private ImageBuildStatus adopted(Wanted.Valid valid, Observed.Sibling from) {
        ImageBuildStatus theirs = from.status();
        Trigger trigger = trigger(valid, List.of());
        return new ImageBuildStatus(
                seen.generation(),
                Conditions.of(
                        decision,
                        theirs.image(),
                        theirs.missingPlatforms(),
                        seen.generation(),
                        before.conditions(),
                        seen.now()),
                theirs.image(),
                theirs.missingPlatforms(),
                theirs.inputs(),
                theirs.summary(),
                trigger,
                null,
                before.memory(),
                List.of(),
                theirs.platforms(),
                theirs.layers(),
                theirs.layersOmitted(),
                before.history(),
                seen.looked().failures());
    }

    /** Nothing was or is to be built for this spec: the conditions speak of it, and of builds that were left to end. */
    private ImageBuildStatus unbuilt(Wanted.@Nullable Valid valid) {
        List<Finished> left = valid == null ? List.of() : left(valid);
        boolean named = !left.isEmpty() && valid != null && valid.names() == null;
        String image = named ? left.getFirst().image() : before.image();
        List<Finished> history = new ArrayList<>(left);
        history.addAll(before.history());
        return new ImageBuildStatus(
                seen.generation(),
                Conditions.of(
                        decision, image, before.missingPlatforms(), seen.generation(), before.conditions(), seen.now()),
                image,
                before.missingPlatforms(),
                named ? new Inputs(left.getFirst().inputs(), null, List.of()) : before.inputs(),
                before.summary(),
                before.trigger(),
                queue(),
                before.memory(),
                before.attempts(),
                before.platforms(),
                before.layers(),
                before.layersOmitted(),
                bounded(history),
                seen.looked().failures());
    }

    /** Builds of earlier inputs that were left to their ends, and whose pods are taken away now. */
    private List<Finished> left(Wanted.Valid valid) {
        if (!(decision instanceof Decision.Clean clean)) {
            return List.of();
        }
        return seen.pods().stream()
                .filter(pod ->
                        clean.pods().contains(pod.name()) && !pod.inputs().equals(valid.hash()))
                .filter(pod -> before.history().stream()
                        .noneMatch(known -> pod.inputs().equals(known.inputs())))
                .flatMap(pod -> pod.state() instanceof BuilderPod.State.Ended(Outcome.Built built)
                        ? Stream.of(new Finished(
                                pod.inputs(),
                                valid.repository().repository() + "@" + built.digest(),
                                Reason.SUCCEEDED,
                                pod.attempt(),
                                Math.max(
                                        0,
                                        Duration.between(pod.created(), ended(pod))
                                                .toSeconds()),
                                Attempts.text(ended(pod))))
                        : Stream.empty())
                .toList();
    }

    private Instant ended(BuilderPod pod) {
        return pod.finished() == null ? seen.now() : pod.finished();
    }

    private List<Finished> bounded(List<Finished> history) {
        return history.size() <= historyLimit ? history : history.subList(0, historyLimit);
    }

    private List<Attempt> withOrders(
            List<Attempt> own, String hash, java.util.function.Function<Decision.Order, String> podName) {
        if (decision instanceof Decision.Clean clean) {
            return Attempts.replaced(own, clean.pods(), seen.now());
        }
        if (!(decision instanceof Decision.Start start)) {
            return own;
        }
        List<Attempt> attempts = new ArrayList<>(own);
        for (Decision.Order order : start.orders()) {
            attempts.add(Attempts.running(
                    order.attempt(),
                    order.platform().toString(),
                    podName.apply(order),
                    hash,
                    seen.generation(),
                    order.memory(),
                    seen.now()));
        }
        return attempts;
    }

    /** Why the latest build was started; stays for as long as it goes on. */
    private Trigger trigger(Wanted.Valid valid, List<Attempt> own) {
        Trigger last = before.trigger();
        if (last != null && valid.hash().equals(last.inputs()) && !isSecondChance(last)) {
            return last;
        }
        Instant at = own.isEmpty() || own.getFirst().started() == null
                ? seen.now()
                : Instant.parse(own.getFirst().started());
        return Causes.of(seen, valid).trigger(at);
    }

    /** The same inputs are tried again, because the spec changed in something else. */
    private boolean isSecondChance(Trigger last) {
        return decision instanceof Decision.Start && last.generation() != null && last.generation() < seen.generation();
    }

    private List<PlatformStatus> platforms(Wanted.Valid valid) {
        boolean same =
                before.trigger() != null && valid.hash().equals(before.trigger().inputs());
        List<PlatformStatus> platforms = new ArrayList<>();
        for (Platform platform : valid.platforms()) {
            String name = platform.toString();
            Progress.Seen progress = told.get(name);
            if (progress != null && (progress.steps() > 0 || progress.outcome() != null || !same)) {
                platforms.add(progress.status());
            } else if (same) {
                before.platforms().stream()
                        .filter(known -> known.platform().equals(name))
                        .forEach(platforms::add);
            }
        }
        return platforms;
    }

    private Inputs inputs(String hash, List<PlatformStatus> platforms) {
        List<Base> bases = platforms.stream()
                .flatMap(platform -> platform.bases().stream())
                .distinct()
                .toList();
        String revision = platforms.stream()
                .map(PlatformStatus::revision)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
        return new Inputs(hash, revision, bases);
    }

    private @Nullable Summary summary(Progress.@Nullable Seen finished) {
        Summary last = before.summary();
        int steps = told.values().stream().mapToInt(Progress.Seen::steps).sum();
        int cached = told.values().stream().mapToInt(Progress.Seen::cached).sum();
        Summary next = new Summary(
                finished != null ? (Integer) finished.layers() : last == null ? null : last.layers(),
                finished != null ? (Long) finished.size() : last == null ? null : last.size(),
                steps > 0 ? cached + "/" + steps : last == null ? null : last.cached());
        return next.equals(new Summary(null, null, null)) ? null : next;
    }

    private static @Nullable Integer omitted(Progress.@Nullable Seen finished) {
        int omitted =
                finished == null ? 0 : finished.layers() - finished.stack().size();
        return omitted == 0 ? null : (Integer) omitted;
    }

    private List<Finished> history(String hash, @Nullable String image, List<Attempt> attempts) {
        Reason result = result();
        if (result == null) {
            return before.history();
        }
        String end = attempts.stream()
                .map(Attempt::finished)
                .filter(Objects::nonNull)
                .max(String::compareTo)
                .orElse(null);
        List<Finished> history = new ArrayList<>(before.history());
        boolean known = !history.isEmpty()
                && Objects.equals(history.getFirst().inputs(), hash)
                && Objects.equals(history.getFirst().finished(), end);
        if (!known) {
            history.addFirst(new Finished(
                    hash,
                    result == Reason.SUCCEEDED ? image : null,
                    result,
                    attempts.size(),
                    seconds(attempts, end),
                    end));
        }
        return bounded(history);
    }

    /** How the build ended; null where it has not. */
    private @Nullable Reason result() {
        return switch (decision) {
            case Decision.Succeed succeed -> Reason.SUCCEEDED;
            case Decision.Stall stall -> stall.reason();
            case Decision.Clean clean -> null;
            case Decision.Start start -> null;
            case Decision.Wait wait -> null;
            case Decision.Hold hold -> null;
            case Decision.Retry retry -> null;
            case Decision.Settled settled -> null;
            case Decision.Retag retag -> null;
            case Decision.Queued queued -> null;
            case Decision.Join join -> null;
            case Decision.Adopt adopt -> null;
            case Decision.Rebase rebase -> Reason.SUCCEEDED;
        };
    }

    private static @Nullable Long seconds(List<Attempt> attempts, @Nullable String end) {
        String start = attempts.stream()
                .map(Attempt::started)
                .filter(Objects::nonNull)
                .min(String::compareTo)
                .orElse(null);
        return start == null || end == null
                ? null
                : (Long) Math.max(
                        0,
                        Duration.between(Instant.parse(start), Instant.parse(end))
                                .toSeconds());
    }
}
