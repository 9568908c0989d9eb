package dev.strata;

import dev.strata.graph.BuildGraph;
import dev.strata.graph.Label;
import dev.strata.graph.Step;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A graph of steps as people and programs read it. */
final class GraphDrawing {
    private GraphDrawing() {}

    /** What the step is to a reader. */
    private static String title(Step step) {
        return switch (step) {
            case Step.Scratch scratch -> "the empty image";
            case Step.Files files -> files.context().isEmpty() ? "the build context" : "the context " + files.context();
            case Step.Visible visible -> label(visible.label());
        };
    }

    private static String label(Label label) {
        return "[" + label.stage() + " " + label.number() + "/" + label.total() + "] " + label.instruction();
    }

    static void text(BuildGraph graph, PrintWriter out) {
        for (Step step : graph.steps()) {
            out.print("#" + step.id() + " " + title(step));
            if (step instanceof Step.Visible visible && visible.label().line() > 0) {
                out.print("  (line " + visible.label().line() + ")");
            }
            List<String> inputs =
                    step.inputs().stream().distinct().map(id -> "#" + id).toList();
            out.println(inputs.isEmpty() ? "" : "  <- " + String.join(", ", inputs));
        }
        out.println("the image is #" + graph.product().step());
        for (BuildGraph.Skipped stage : graph.skipped()) {
            out.println("left out: " + stage.stage() + " (line " + stage.line() + "): " + stage.reason());
        }
    }

    static Map<String, Object> json(BuildGraph graph) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("steps", graph.steps().stream().map(GraphDrawing::json).toList());
        all.put("image", graph.product().step());
        all.put("skipped", graph.skipped());
        return all;
    }

    private static Map<String, Object> json(Step step) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("id", step.id());
        all.put("kind", kind(step));
        all.put("inputs", step.inputs().stream().distinct().toList());
        if (step instanceof Step.Visible visible) {
            all.put("stage", visible.label().stage());
            all.put("number", visible.label().number());
            all.put("total", visible.label().total());
            all.put("line", visible.label().line());
            all.put("instruction", visible.label().instruction());
        }
        return all;
    }

    private static String kind(Step step) {
        return switch (step) {
            case Step.Scratch scratch -> "scratch";
            case Step.Base base -> "base";
            case Step.Files files -> "context";
            case Step.Run run -> "run";
            case Step.Copy copy -> copy.add() ? "add" : "copy";
            case Step.MakeDirectory directory -> "workdir";
        };
    }

    /** The language of Graphviz: what a step stands on by a full line, what else it reads by a broken one. */
    static void dot(BuildGraph graph, PrintWriter out) {
        out.println("digraph build {");
        out.println("  rankdir=LR; node [shape=box];");
        for (Step step : graph.steps()) {
            out.println("  s" + step.id() + " [label=" + quoted(title(step))
                    + (step.id() == graph.product().step() ? ", penwidth=2" : "") + "];");
        }
        for (Step step : graph.steps()) {
            int parent = step instanceof Step.Layered layered ? layered.parent() : -1;
            step.inputs().stream()
                    .distinct()
                    .forEach(id ->
                            out.println("  s" + id + " -> s" + step.id() + (id == parent ? ";" : " [style=dashed];")));
        }
        for (BuildGraph.Skipped stage : graph.skipped()) {
            out.println("  " + quoted("skipped " + stage.line()) + " [style=dotted, label="
                    + quoted(stage.stage() + ": " + stage.reason()) + "];");
        }
        out.println("}");
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
