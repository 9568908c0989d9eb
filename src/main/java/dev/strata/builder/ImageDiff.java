package dev.strata.builder;

import com.fasterxml.jackson.databind.JsonNode;
import dev.strata.image.Execution;
import dev.strata.image.Image;
import dev.strata.image.ImageConfig;
import dev.strata.image.Json;
import dev.strata.layer.LayerTree;
import dev.strata.layer.Node;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What differs between two images, as a container would see them: not how many layers say it.
 *
 * @param settings sorted by name
 * @param files sorted by path; times of files do not count
 */
public record ImageDiff(List<Setting> settings, List<Difference> files) {
    public ImageDiff {
        settings = List.copyOf(settings);
        files = List.copyOf(files);
    }

    /**
     * A setting of the configuration, such as {@code Env PATH} or {@code Cmd}.
     *
     * @param before and {@code after}: as text or JSON; null where it is not set
     */
    public record Setting(
            String name, @Nullable String before, @Nullable String after) {}

    /** A path without leading slash, and what is there; null where nothing is. */
    public record Difference(
            String path, @Nullable Entry before, @Nullable Entry after) {}

    /**
     * @param node kind, mode, owner and size
     * @param layer the layer that made it so, counted from 0 at the bottom
     */
    public record Entry(Node node, int layer) {}

    /** Compares; bytes are read only of files whose layers differ and whose size does not. */
    public static ImageDiff between(OpenImages images, OpenImages.Opened before, OpenImages.Opened after)
            throws IOException {
        Walk walk = new Walk(images.tree(before.image()), images.tree(after.image()));
        walk.compare("", true, true);
        return new ImageDiff(settings(before.image(), after.image()), walk.found);
    }

    private static List<Setting> settings(Image before, Image after) {
        SortedMap<String, String> left = settings(before.config());
        SortedMap<String, String> right = settings(after.config());
        SortedSet<String> names = new TreeSet<>(left.keySet());
        names.addAll(right.keySet());
        return names.stream()
                .filter(name -> !Objects.equals(left.get(name), right.get(name)))
                .map(name -> new Setting(name, left.get(name), right.get(name)))
                .toList();
    }

    private static SortedMap<String, String> settings(ImageConfig config) {
        SortedMap<String, String> all = new TreeMap<>();
        all.put("Platform", config.platform().toString());
        if (config.author() != null) {
            all.put("Author", config.author());
        }
        Execution execution = config.config();
        for (String variable : execution.env()) {
            int equals = variable.indexOf('=');
            all.put(
                    "Env " + (equals < 0 ? variable : variable.substring(0, equals)),
                    equals < 0 ? "" : variable.substring(equals + 1));
        }
        JsonNode json = Json.MAPPER.valueToTree(execution);
        for (Map.Entry<String, JsonNode> setting : json.properties()) {
            if (!setting.getKey().equals("Env")) {
                setting(setting.getKey(), setting.getValue(), all);
            }
        }
        return all;
    }

    /** Of labels, ports and volumes each by itself. */
    private static void setting(String name, JsonNode value, SortedMap<String, String> all) {
        if (value.isNull() || (value.isContainerNode() && value.isEmpty())) {
            return;
        }
        if (value.isObject() && !name.equals("Healthcheck")) {
            value.properties()
                    .forEach(one -> all.put(
                            name + " " + one.getKey(),
                            one.getValue().isTextual() ? one.getValue().asText() : ""));
        } else {
            all.put(name, value.isTextual() ? value.asText() : value.toString());
        }
    }

    /** Both trees side by side. */
    private static final class Walk {
        private static final int CHUNK = 1 << 16;

        private final LayerTree before;
        private final LayerTree after;
        private final List<Difference> found = new ArrayList<>();

        Walk(LayerTree before, LayerTree after) {
            this.before = before;
            this.after = after;
        }

        void compare(String path, boolean isBefore, boolean isAfter) throws IOException {
            SortedMap<String, Node> left = isBefore ? before.children(path) : Collections.emptySortedMap();
            SortedMap<String, Node> right = isAfter ? after.children(path) : Collections.emptySortedMap();
            SortedSet<String> names = new TreeSet<>(left.keySet());
            names.addAll(right.keySet());
            for (String name : names) {
                String child = path.isEmpty() ? name : path + "/" + name;
                Node one = left.get(name);
                Node other = right.get(name);
                if (one == null || other == null || !same(child, one, other)) {
                    found.add(new Difference(child, entry(before, child, one), entry(after, child, other)));
                }
                boolean folderBefore = one instanceof Node.Directory;
                boolean folderAfter = other instanceof Node.Directory;
                if (folderBefore || folderAfter) {
                    compare(child, folderBefore, folderAfter);
                }
            }
        }

        private static @Nullable Entry entry(LayerTree tree, String path, @Nullable Node node) {
            LayerTree.Origin origin = node == null ? null : tree.origin(path);
            return node == null || origin == null ? null : new Entry(node, origin.layer());
        }

        private boolean same(String path, Node one, Node other) throws IOException {
            boolean metadata = one.metadata().mode() == other.metadata().mode()
                    && one.metadata().uid() == other.metadata().uid()
                    && one.metadata().gid() == other.metadata().gid()
                    && one.metadata().xattrs().equals(other.metadata().xattrs());
            return metadata
                    && switch (one) {
                        case Node.Directory directory -> other instanceof Node.Directory;
                        case Node.Fifo fifo -> other instanceof Node.Fifo;
                        case Node.SymbolicLink link ->
                            other instanceof Node.SymbolicLink second
                                    && link.target().equals(second.target());
                        case Node.Device device ->
                            other instanceof Node.Device second
                                    && device.block() == second.block()
                                    && device.major() == second.major()
                                    && device.minor() == second.minor();
                        case Node.RegularFile file ->
                            other instanceof Node.RegularFile second
                                    && file.size() == second.size()
                                    && sameContent(path);
                    };
        }

        private boolean sameContent(String path) throws IOException {
            LayerTree.Origin one = before.origin(path);
            LayerTree.Origin other = after.origin(path);
            if (one != null
                    && other != null
                    && one.diffId().equals(other.diffId())
                    && one.path().equals(other.path())) {
                return true;
            }
            try (InputStream left = before.open(path);
                    InputStream right = after.open(path)) {
                byte[] chunk = left.readNBytes(CHUNK);
                while (chunk.length > 0) {
                    if (!Arrays.equals(chunk, right.readNBytes(chunk.length))) {
                        return false;
                    }
                    chunk = left.readNBytes(CHUNK);
                }
                return true;
            }
        }
    }
}
