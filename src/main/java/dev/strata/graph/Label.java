package dev.strata.graph;

/**
 * How people know a step.
 *
 * @param stage the stage's name, or {@code stage-N} counted from 0 where it has none
 * @param number of the step in its stage, from 1
 * @param total steps of its stage
 * @param line first line in the Dockerfile, from 1; 0 where it has none
 * @param instruction the instruction as written, on one line
 */
public record Label(String stage, int number, int total, int line, String instruction) {}
