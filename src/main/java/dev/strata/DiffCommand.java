package dev.strata;

import dev.strata.builder.ImageDiff;
import dev.strata.builder.ImageDiff.Difference;
import dev.strata.builder.ImageDiff.Entry;
import dev.strata.builder.OpenImages;
import dev.strata.builder.OpenImages.Opened;
import dev.strata.image.ImageConfig;
import dev.strata.image.Json;
import dev.strata.image.Platform;
import dev.strata.layer.Node;
import dev.strata.registry.Registry;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code strata diff}: what two images have that differs, in files and settings. */
@Command(
        name = "diff",
        mixinStandardHelpOptions = true,
        description = "Shows the files and settings in which two images differ, and the layers that made the files.",
        footer = {
            "",
            "An image is a name in a registry, or oci-layout://FOLDER[:TAG]. Each line of a file begins with + for one"
                    + " that is new, - for one that is gone, and ~ for one that differs. Times of files do not count.",
            "",
            "Examples:",
            "  strata diff debian:12 debian:13",
            "  strata diff --format json registry.example/shop:1 oci-layout://image",
            "Exit codes: 0 shown, 1 an image cannot be read, 2 wrong usage, 3 a registry failed."
        })
final class DiffCommand implements Callable<Integer> {
    /** How the difference is printed. */
    enum Format {
        TEXT,
        JSON
    }

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private RegistryAccess access = new RegistryAccess();

    @Parameters(index = "0", paramLabel = "A", description = "The image before.")
    private String before = "";

    @Parameters(index = "1", paramLabel = "B", description = "The image after.")
    private String after = "";

    @Mixin
    private PlatformChoice platform = new PlatformChoice();

    @Mixin
    private KeptLayers layers = new KeptLayers();

    @Option(names = "--format", paramLabel = "FORMAT", description = "text or json; default: text.")
    private Format format = Format.TEXT;

    @Override
    public Integer call() {
        CommandSpec command = Objects.requireNonNull(spec);
        Platform wanted = platform.of(command);
        try (Registry registry = new Registry(access.options());
                OpenImages images = new OpenImages(layers.folder(), registry)) {
            Opened one = Names.opened(command, images, before, wanted);
            Opened other = Names.opened(command, images, after, wanted);
            ImageDiff diff = ImageDiff.between(images, one, other);
            PrintWriter out = command.commandLine().getOut();
            switch (format) {
                case TEXT -> text(one, other, diff, out);
                case JSON -> out.println(Json.text(json(one, other, diff)));
            }
            out.flush();
            return Main.OK;
        } catch (IOException | RuntimeException e) {
            return Names.failed(command, e);
        }
    }

    private static void text(Opened one, Opened other, ImageDiff diff, PrintWriter out) {
        out.println("- " + title(one));
        out.println("+ " + title(other));
        for (ImageDiff.Setting setting : diff.settings()) {
            out.println(setting.name() + ": " + value(setting.before()) + " -> " + value(setting.after()));
        }
        for (Difference file : diff.files()) {
            out.println(line(file, layers(one), layers(other)));
        }
        out.println(summary(diff));
    }

    private static String title(Opened image) {
        return image.name() + "  " + image.image().config().platform() + "  " + image.digest();
    }

    private static String value(@Nullable String text) {
        return text == null ? "(not set)" : text;
    }

    /** The instructions that made an image's layers, bottom first. */
    private static List<String> layers(Opened image) {
        List<String> all = new ArrayList<>();
        for (ImageConfig.History line : image.image().config().history()) {
            if (!line.emptyLayer()) {
                all.add(LayerStack.instruction(line.createdBy() == null ? "" : line.createdBy()));
            }
        }
        return all;
    }

    private static String line(Difference file, List<String> layersBefore, List<String> layersAfter) {
        Entry before = file.before();
        Entry after = file.after();
        String path = "/" + file.path();
        if (after == null) {
            return before == null ? path : "- " + path + "  " + entry(before, layersBefore);
        }
        return before == null
                ? "+ " + path + "  " + entry(after, layersAfter)
                : "~ " + path + "  " + entry(after, layersAfter) + "; was " + facts(before);
    }

    private static String entry(Entry entry, List<String> layers) {
        String instruction = entry.layer() < layers.size() ? " " + layers.get(entry.layer()) : "";
        return facts(entry) + "  layer " + (entry.layer() + 1) + instruction;
    }

    /** Kind, mode, owner and size or target. */
    private static String facts(Entry entry) {
        Node node = entry.node();
        String rest = switch (node) {
            case Node.RegularFile file -> " " + LayerStack.size(file.size());
            case Node.SymbolicLink link -> " -> " + link.target();
            case Node.Device device -> " " + device.major() + ":" + device.minor();
            case Node.Directory directory -> "";
            case Node.Fifo fifo -> "";
        };
        return kind(node) + " " + mode(node) + " " + node.metadata().uid() + ":"
                + node.metadata().gid() + rest;
    }

    private static String kind(Node node) {
        return switch (node) {
            case Node.RegularFile file -> "file";
            case Node.Directory directory -> "folder";
            case Node.SymbolicLink link -> "link";
            case Node.Device device -> device.block() ? "block device" : "character device";
            case Node.Fifo fifo -> "pipe";
        };
    }

    private static String mode(Node node) {
        return String.format(Locale.ROOT, "%04o", node.metadata().mode());
    }

    private static String summary(ImageDiff diff) {
        long added = diff.files().stream().filter(file -> file.before() == null).count();
        long removed =
                diff.files().stream().filter(file -> file.after() == null).count();
        long changed = diff.files().size() - added - removed;
        return added + " added, " + changed + " changed, " + removed + " removed; "
                + diff.settings().size() + " settings differ";
    }

    private static Map<String, Object> json(Opened one, Opened other, ImageDiff diff) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("before", json(one));
        all.put("after", json(other));
        all.put("settings", diff.settings());
        all.put(
                "files",
                diff.files().stream()
                        .map(file -> json(file, layers(one), layers(other)))
                        .toList());
        return all;
    }

    private static Map<String, Object> json(Opened image) {
        return Map.of(
                "name", image.name(),
                "digest", image.digest().toString(),
                "platform", image.image().config().platform().toString());
    }

    private static Map<String, Object> json(Difference file, List<String> layersBefore, List<String> layersAfter) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("path", "/" + file.path());
        all.put("change", file.before() == null ? "added" : file.after() == null ? "removed" : "changed");
        if (file.before() != null) {
            all.put("before", json(file.before(), layersBefore));
        }
        if (file.after() != null) {
            all.put("after", json(file.after(), layersAfter));
        }
        return all;
    }

    private static Map<String, Object> json(Entry entry, List<String> layers) {
        Node node = entry.node();
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("kind", kind(node));
        all.put("mode", mode(node));
        all.put("uid", node.metadata().uid());
        all.put("gid", node.metadata().gid());
        if (node instanceof Node.RegularFile file) {
            all.put("size", file.size());
        }
        if (node instanceof Node.SymbolicLink link) {
            all.put("target", link.target());
        }
        all.put("layer", entry.layer() + 1);
        if (entry.layer() < layers.size()) {
            all.put("createdBy", layers.get(entry.layer()));
        }
        return all;
    }
}
