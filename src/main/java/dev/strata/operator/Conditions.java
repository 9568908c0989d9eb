package dev.strata.operator;

import dev.strata.api.Condition;
import dev.strata.api.Condition.Status;
import dev.strata.api.Reason;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A decision as kstatus' three conditions. The only place where conditions are made.
 *
 * <p>{@code Ready} is always there: true when the image for this spec is in the registry, unknown while nothing speaks
 * against that it will be, false when something does. {@code Reconciling} and {@code Stalled} are there only when true.
 */
final class Conditions {
    private static final int MESSAGE = 2_000;

    private Conditions() {}

    /** @param missing platforms that the image lacks */
    static List<Condition> of(
            Decision decision,
            @Nullable String image,
            List<String> missing,
            long generation,
            List<Condition> before,
            Instant now) {
        List<Condition> conditions = new ArrayList<>();
        Said said = say(decision, image + (missing.isEmpty() ? "" : ", without " + String.join(", ", missing)));
        conditions.add(condition(Condition.Type.READY, said.ready(), said, generation, before, now));
        if (said.also() != null) {
            conditions.add(condition(said.also(), Status.TRUE, said, generation, before, now));
        }
        return conditions;
    }

    /** @param also the second condition that is true with it; null where there is none */
    private record Said(Status ready, Reason reason, String message, Condition.@Nullable Type also) {}

    private static Said say(Decision decision, String image) {
        return switch (decision) {
            case Decision.Succeed succeed -> ready(image);
            case Decision.Settled settled -> ready(image);
            case Decision.Retag retag -> ready(image);
            case Decision.Adopt adopt -> ready(image);
            case Decision.Rebase rebase -> ready(image);
            case Decision.Join join ->
                going(Reason.BUILDING, "the images of all platforms are there; they are being joined");
            case Decision.Queued queued -> going(Reason.QUEUED, queued(queued));
            case Decision.Stall(Reason reason, String message) ->
                new Said(Status.FALSE, reason, message, Condition.Type.STALLED);
            case Decision.Clean clean ->
                going(Reason.SUPERSEDING, "the spec changed; older builder pods are being stopped");
            case Decision.Start start -> going(Reason.STARTING, "the builder pod is being started");
            case Decision.Wait(Reason reason, String message) -> going(reason, message);
            case Decision.Retry retry ->
                new Said(Status.FALSE, Reason.BACKING_OFF, retry.message(), Condition.Type.RECONCILING);
            case Decision.Hold hold -> holding(hold);
        };
    }

    private static String queued(Decision.Queued queued) {
        return "the build waits for its turn: place " + queued.place() + " of " + queued.of()
                + (queued.expected() == null
                        ? ""
                        : ", in about " + queued.expected().toSeconds() + " s");
    }

    private static Said ready(String image) {
        return new Said(Status.TRUE, Reason.SUCCEEDED, "the image for this spec is " + image, null);
    }

    /** Trouble of a pod that waits speaks against being ready soon; plain work does not. */
    private static Said going(Reason reason, String message) {
        Status ready = switch (reason) {
            case HELD, UNSCHEDULABLE, BUILDER_IMAGE_PULL_FAILED, VOLUME_FAILED -> Status.FALSE;
            default -> Status.UNKNOWN;
        };
        return new Said(ready, reason, message, Condition.Type.RECONCILING);
    }

    private static Said holding(Decision.Hold hold) {
        if (hold.reason() == Reason.SUSPENDED) {
            return new Said(Status.FALSE, hold.reason(), hold.message(), null);
        }
        Status ready = hold.reason() == Reason.SUPERSEDING ? Status.UNKNOWN : Status.FALSE;
        return new Said(ready, hold.reason(), hold.message(), Condition.Type.RECONCILING);
    }

    private static Condition condition(
            Condition.Type type, Status status, Said said, long generation, List<Condition> before, Instant now) {
        String since = before.stream()
                .filter(condition -> condition.type() == type && condition.status() == status)
                .map(Condition::lastTransitionTime)
                .findFirst()
                .orElseGet(() -> Attempts.text(now));
        return new Condition(type, status, said.reason(), Text.cut(said.message(), MESSAGE), since, generation);
    }
}
