package dev.strata.graph;

/** What would become of a step if it were built now. */
public sealed interface Forecast {
    Step.Layered step();

    /** Its result is in the cache. */
    record Cached(Step.Layered step) implements Forecast {}

    /** It would be done, and why. */
    record Missed(Step.Layered step, String reason) implements Forecast {}

    /** It reads what another step would make, and that is known only then. */
    record Open(Step.Layered step, Step.Layered source) implements Forecast {}
}
