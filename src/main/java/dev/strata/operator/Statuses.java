package dev.strata.operator;

import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.Attempt;
import dev.strata.api.ImageBuildStatus.Base;
import dev.strata.api.ImageBuildStatus.Finished;
import dev.strata.api.ImageBuildStatus.Inputs;
import dev.strata.api.ImageBuildStatus.PlatformStatus;
import dev.strata.api.ImageBuildStatus.Summary;
import dev.strata.api.ImageBuildStatus.Trigger;
import dev.strata.api.Reason;
import dev.strata.image.Platform;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
        List<Attempt> own = valid == null ? List.of() : Attempts.of(seen, valid.hash());
        if (valid == null || (own.isEmpty() && !(decision instanceof Decision.Start))) {
            return unbuilt();
        }
        Trigger trigger = trigger(valid, own);
        List<Attempt> attempts = Attempts.bounded(withOrders(own, valid.hash(), podName));
        List<PlatformStatus> platforms = platforms(valid);
        String image = before.image();
        if (decision instanceof Decision.Succeed succeed) {
            image = valid.repository().repository() + "@" + succeed.digest();
        }
        boolean built = decision instanceof Decision.Succeed;
        Progress.Seen first = told.get(valid.platforms().getFirst().toString());
        return new ImageBuildStatus(
                seen.generation(),
                Conditions.of(decision, image, seen.generation(), before.conditions(), seen.now()),
                image,
                built ? inputs(valid.hash(), platforms) : before.inputs(),
                summary(built ? first : null),
                trigger,
                attempts,
                platforms,
                built ? (first == null ? List.of() : first.stack()) : before.layers(),
                built ? omitted(first) : before.layersOmitted(),
                history(valid.hash(), image, attempts),
                seen.looked().failures());
    }

    /** Nothing was or is to be built for this spec: only the conditions speak of it. */
    private ImageBuildStatus unbuilt() {
        return new ImageBuildStatus(
                seen.generation(),
                Conditions.of(decision, before.image(), seen.generation(), before.conditions(), seen.now()),
                before.image(),
                before.inputs(),
                before.summary(),
                before.trigger(),
                before.attempts(),
                before.platforms(),
                before.layers(),
                before.layersOmitted(),
                before.history(),
                seen.looked().failures());
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
        return history.size() <= historyLimit ? history : history.subList(0, historyLimit);
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
