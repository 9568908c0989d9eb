package dev.strata.graph;

import dev.strata.image.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A graph as the golden files have it: a block a step, then the history, the configuration and what is left out. */
final class GraphText {
    private final StringBuilder text = new StringBuilder();

    private GraphText() {}

    static String of(BuildGraph graph) {
        GraphText out = new GraphText();
        graph.steps().forEach(out::step);
        out.product(graph.product());
        graph.skipped()
                .forEach(stage ->
                        out.line("skipped " + stage.stage() + " line " + stage.line() + ": " + stage.reason()));
        return out.text.toString();
    }

    private void line(String line) {
        text.append(line.replace("\n", "\\n")).append('\n');
    }

    private void step(Step step) {
        String id = "#" + step.id() + " ";
        switch (step) {
            case Step.Scratch scratch -> line(id + "scratch");
            case Step.Files files -> line(id + "context \"" + files.context() + "\"");
            case Step.Base base -> {
                line(id + label(base.label()));
                line("    image " + base.name().repository() + " for "
                        + base.image().config().platform());
            }
            case Step.Run run -> run(id, run);
            case Step.Copy copy -> copy(id, copy);
            case Step.MakeDirectory directory -> {
                line(id + label(directory.label()));
                line("    on #" + directory.parent() + " make " + directory.path() + " as \"" + directory.user()
                        + "\"");
            }
        }
    }

    private static String label(Label label) {
        return "[" + label.stage() + " " + label.number() + "/" + label.total() + "] line " + label.line() + ": "
                + label.instruction();
    }

    private void run(String id, Step.Run run) {
        line(id + label(run.label()));
        line("    on #" + run.parent() + " in " + run.workingDirectory() + " as \"" + run.user() + "\" network "
                + run.network() + (run.insecure() ? " insecure" : "") + (run.noCache() ? " uncached" : ""));
        line("    " + quoted(run.arguments()));
        for (Map.Entry<String, String> variable : run.environment().entrySet()) {
            line("    " + (run.seen().contains(variable.getKey()) ? "arg " : "env ") + variable);
        }
        List<String> unset = new ArrayList<>(run.seen());
        unset.removeAll(run.environment().keySet());
        unset.forEach(name -> line("    arg " + name + " unset"));
        run.proxies().forEach((name, value) -> line("    proxy " + name + "=" + value));
        run.addHosts().forEach(host -> line("    host " + host));
        run.mounts().forEach(mount -> line("    mount " + mount));
        if (run.script() != null) {
            line("    script " + run.script().path() + " \"" + run.script().text() + "\"");
        }
    }

    private void copy(String id, Step.Copy copy) {
        line(id + label(copy.label()));
        StringBuilder flags = new StringBuilder();
        flags.append(copy.add() ? " add" : "");
        flags.append(copy.owner() == null ? "" : " owner=" + copy.owner());
        flags.append(copy.mode() == null ? "" : " mode=" + copy.mode());
        flags.append(copy.link() ? " link" : "").append(copy.parents() ? " parents" : "");
        flags.append(copy.exclude().isEmpty() ? "" : " exclude=" + copy.exclude());
        flags.append(copy.unpack() == null ? "" : " unpack=" + copy.unpack());
        flags.append(copy.noCache() ? " uncached" : "");
        line("    on #" + copy.parent() + " to " + copy.destination() + flags);
        for (Step.Item item : copy.items()) {
            line(
                    switch (item) {
                        case Step.Item.Paths paths ->
                            "    from #" + paths.from() + " " + paths.pattern() + (paths.context() ? " as root's" : "");
                        case Step.Item.Text written -> "    text " + written.name() + " \"" + written.content() + "\"";
                        case Step.Item.Http http -> "    http " + http.url() + " " + http.checksum();
                        case Step.Item.Git git ->
                            "    git " + git.url() + " " + git.keepGitDirectory() + " " + git.checksum();
                    });
        }
    }

    private static String quoted(List<String> words) {
        return String.join(" ", words.stream().map(word -> "\"" + word + "\"").toList());
    }

    private void product(Product product) {
        line("product #" + product.step()
                + (product.author() == null ? "" : " by " + Objects.requireNonNull(product.author())));
        for (Product.Line line : product.lines()) {
            line("    " + (line.step() == null ? "-" : "#" + line.step()) + " " + line.createdBy());
        }
        line("    " + new String(Json.bytes(product.execution()), StandardCharsets.UTF_8));
    }
}
