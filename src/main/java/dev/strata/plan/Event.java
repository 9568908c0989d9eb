package dev.strata.plan;

import dev.strata.image.Digest;
import dev.strata.image.Layer;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import org.jspecify.annotations.Nullable;

/**
 * What a builder tells while it works; one line of its log each. {@link EventLog} writes and reads the lines.
 *
 * <p>Steps have ids of their own ({@code #5}), unique in one build, in the order of the Dockerfile.
 */
public sealed interface Event {
    /**
     * The builder itself begins; the first line of its log.
     *
     * @param version of Strata, a word
     * @param milliseconds since its container's process began: what its namespaces and the start of Java took
     */
    record Begun(String version, long milliseconds) implements Event {}

    /** The platform and how many steps are needed; the first event of a build. */
    record Planned(Platform platform, int steps, int skippedStages) implements Event {}

    /** Where the files came from: {@code git}, {@code 9f1c…}; {@code folder}, a path. */
    record SourceReady(String kind, String revision) implements Event {}

    /** A base image's name was resolved. */
    record BaseResolved(Reference name, Digest digest) implements Event {}

    /**
     * Whether the image could be put on another base of this name without doing a step again.
     *
     * @param boundBy the first step that depends on the base, with its place; empty where none does
     */
    record BaseUsed(Reference name, String boundBy) implements Event {}

    /** Something to know that is no failure: a lint finding, a slow registry, cache trouble. */
    record Warning(@Nullable String where, String message) implements Event {}

    /** For people only: progress that changes no state. */
    record Note(int step, String message) implements Event {}

    /**
     * A step is known and waits: told for all steps at once, before the first begins.
     *
     * @param stage the stage's name, or its number from 0 where it has none
     * @param number of the step in its stage, from 1
     * @param total steps in its stage
     * @param line first line in the Dockerfile, from 1; 0 where it has none
     * @param instruction the instruction as written, on one line
     */
    record StepKnown(int step, String stage, int number, int total, int line, String instruction) implements Event {}

    record StepStarted(int step) implements Event {}

    /** A line that a command wrote; never taken for an event, whatever it says. */
    record StepOutput(int step, double seconds, String text) implements Event {}

    /** The step's result was in the cache. */
    record StepCached(int step) implements Event {}

    /** The step's result was not in the cache, and why. */
    record StepMissed(int step, String reason) implements Event {}

    /**
     * What the step's command took of memory, told before the step's end.
     *
     * @param peak the most bytes that the largest of its processes had resident at once
     */
    record StepMemory(int step, long peak) implements Event {}

    /**
     * The step has failed, and its file system is kept for a while for somebody to look at; the failure is told after it.
     *
     * @param seconds how long at most
     * @param message why it failed
     */
    record StepHeld(int step, long seconds, String message) implements Event {}

    record StepDone(int step, double seconds) implements Event {}

    record StepFailed(int step, double seconds, String message) implements Event {}

    /** The step will not run, because another failed or the build was stopped. */
    record StepCanceled(int step) implements Event {}

    /**
     * A step's layer is complete.
     *
     * @param tarSize bytes uncompressed
     */
    record StepLayer(int step, Layer layer, long tarSize) implements Event {}

    /**
     * One layer of the finished image, bottom first.
     *
     * @param base whether it came with the base image
     */
    record StackLayer(Layer layer, boolean base, String createdBy) implements Event {}

    /** The end. */
    record Ended(Outcome outcome) implements Event {}
}
