package dev.strata.graph;

import dev.strata.dockerfile.Dockerfile;
import java.util.ArrayList;
import java.util.List;

/**
 * The steps that a target needs, each after those that it needs itself.
 *
 * @param steps by id
 * @param product what is built
 * @param skipped stages that the target does not need
 */
public record BuildGraph(List<Step> steps, Product product, List<Skipped> skipped) {
    public BuildGraph {
        steps = List.copyOf(steps);
        skipped = List.copyOf(skipped);
    }

    /** A stage that is not built. */
    public record Skipped(String stage, int line, String reason) {}

    /**
     * Makes the graph. Bases are resolved here, so that every later name is a digest.
     *
     * @throws GraphException where the Dockerfile cannot be built as it is written
     */
    public static BuildGraph of(Dockerfile file, Request request, Bases bases) {
        return new StageLinking(file, request, bases).graph();
    }

    /** The steps that the product's file system is made of, bottom first. */
    public List<Step> chain() {
        List<Step> chain = new ArrayList<>();
        Step step = steps.get(product.step());
        while (step instanceof Step.Layered layered) {
            chain.addFirst(layered);
            step = steps.get(layered.parent());
        }
        chain.addFirst(step);
        return chain;
    }

    /** The steps that people see, in order. */
    public List<Step.Visible> visible() {
        List<Step.Visible> visible = new ArrayList<>();
        for (Step step : steps) {
            if (step instanceof Step.Visible seen) {
                visible.add(seen);
            }
        }
        return visible;
    }
}
