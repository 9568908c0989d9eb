package dev.strata.dockerfile;

/**
 * One place that a rule warns of.
 *
 * @param detail what is there and what to do, in one sentence
 */
public record Finding(LintRule rule, Location location, String detail) {}
