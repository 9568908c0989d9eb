package dev.strata.graph;

import dev.strata.dockerfile.Dockerfile;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What is asked of a Dockerfile, written as lines: {@code target build}, {@code arg VERSION=2}, {@code no-cache}. */
final class Requests {
    private Requests() {}

    static BuildGraph graph(String dockerfile, String... lines) {
        return graph(new TestBases(), dockerfile, lines);
    }

    static BuildGraph graph(Bases bases, String dockerfile, String... lines) {
        return BuildGraph.of(
                Dockerfile.parse("Dockerfile", dockerfile.getBytes(StandardCharsets.UTF_8)), of(lines), bases);
    }

    static Request of(String... lines) {
        @Nullable String target = null;
        Platform platform = Platform.parse("linux/amd64");
        Platform machine = platform;
        LinkedHashMap<String, String> args = new LinkedHashMap<>();
        TreeMap<String, Request.NamedContext> contexts = new TreeMap<>();
        List<String> hosts = new ArrayList<>();
        String network = "default";
        boolean noCache = false;
        List<String> noCacheStages = new ArrayList<>();
        for (String line : lines) {
            int space = line.indexOf(' ');
            String value = space < 0 ? "" : line.substring(space + 1);
            switch (space < 0 ? line : line.substring(0, space)) {
                case "target" -> target = value;
                case "platform" -> platform = Platform.parse(value);
                case "machine" -> machine = Platform.parse(value);
                case "arg" -> args.put(before(value), after(value));
                case "context" -> contexts.put(before(value), context(after(value)));
                case "host" -> hosts.add(value);
                case "network" -> network = value;
                case "no-cache" -> noCache = true;
                case "no-cache-filter" -> noCacheStages.add(value);
                default -> throw new IllegalArgumentException("a request has no \"" + line + "\"");
            }
        }
        return new Request(target, args, platform, machine, contexts, hosts, network, noCache, noCacheStages);
    }

    private static String before(String pair) {
        return pair.substring(0, pair.indexOf('='));
    }

    private static String after(String pair) {
        return pair.substring(pair.indexOf('=') + 1);
    }

    private static Request.NamedContext context(String text) {
        return switch (text) {
            case "folder" -> new Request.NamedContext.Folder();
            case "layout" -> new Request.NamedContext.Layout();
            default ->
                text.startsWith("target:")
                        ? new Request.NamedContext.Stage(text.substring(7))
                        : new Request.NamedContext.Image(Reference.parse(text));
        };
    }
}
