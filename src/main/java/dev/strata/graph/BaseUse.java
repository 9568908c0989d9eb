package dev.strata.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which steps depend on a base image, so that they have to be done again on another one. What is left are settings and
 * linked copies: an image that has nothing else above its base can be put on another base as it is.
 */
public final class BaseUse {
    private BaseUse() {}

    /** For each base the first step that depends on it, in the Dockerfile's order; empty where none does. */
    public static SequencedMap<Step.Base, Optional<Step.Visible>> of(BuildGraph graph) {
        Map<Integer, Set<Integer>> reached = new HashMap<>();
        SequencedMap<Step.Base, Optional<Step.Visible>> uses = new LinkedHashMap<>();
        Map<Integer, Step.Base> bases = new HashMap<>();
        for (Step step : graph.steps()) {
            Set<Integer> own = new TreeSet<>();
            step.inputs().forEach(input -> own.addAll(reached.getOrDefault(input, Set.of())));
            if (step instanceof Step.Base base) {
                own.add(base.id());
                bases.put(base.id(), base);
                uses.put(base, Optional.empty());
            }
            reached.put(step.id(), own);
            if (step instanceof Step.Layered layered) {
                for (int used : used(layered, reached)) {
                    uses.merge(
                            bases.get(used), Optional.of(layered), (first, later) -> first.isPresent() ? first : later);
                }
            }
        }
        return uses;
    }

    /** A linked copy is put on what is there without a look at it. */
    private static Set<Integer> used(Step.Layered step, Map<Integer, Set<Integer>> reached) {
        List<Integer> inputs = new ArrayList<>(step.inputs());
        if (step instanceof Step.Copy copy && copy.link()) {
            inputs.removeFirst();
        }
        Set<Integer> used = new TreeSet<>();
        inputs.forEach(input -> used.addAll(reached.getOrDefault(input, Set.of())));
        return used;
    }
}
