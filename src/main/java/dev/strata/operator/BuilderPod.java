package dev.strata.operator;

import dev.strata.api.ImageBuildStatus.Attempt.Fault;
import dev.strata.api.Reason;
import dev.strata.plan.Outcome;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A builder's pod, read for what matters to a decision.
 *
 * @param inputs the hash of the inputs that it builds
 * @param settings the fingerprint of what it was made with beside them
 * @param generation of the spec that it was made for
 * @param leaving whether its deletion was asked for
 * @param finished when its container ended; null where it has not, or nobody knows
 */
record BuilderPod(
        String name,
        String uid,
        String inputs,
        String settings,
        String platform,
        int attempt,
        long generation,
        @Nullable String isolation,
        boolean leaving,
        Instant created,
        @Nullable Instant finished,
        State state) {

    /** How far a pod has come. */
    sealed interface State {
        /** Its container does not run yet. The reason says what it waits for. */
        record Waiting(Reason reason, String message) implements State {}

        /** Its container runs, or what it said last is still being read. */
        record Working() implements State {}

        /** A step has failed, and its file system is kept for somebody to look at. The message says why and how. */
        record Held(String message) implements State {}

        /** The builder itself said how it ended. */
        record Ended(Outcome outcome) implements State {}

        /** It ended and left no word: the cluster says why. */
        record Died(Reason reason, Fault fault, String message) implements State {}
    }

    /** Whether it builds or may still begin to. */
    boolean active() {
        return switch (state) {
            case State.Waiting waiting -> true;
            case State.Working working -> true;
            case State.Held held -> true;
            case State.Ended ended -> false;
            case State.Died died -> false;
        };
    }
}
