package dev.strata.builder;

import dev.strata.graph.BuildGraph;
import dev.strata.graph.FileSystem;
import dev.strata.graph.Product;
import dev.strata.image.Execution;
import dev.strata.image.Image;
import dev.strata.image.ImageConfig;
import dev.strata.image.Layer;
import dev.strata.image.Platform;
import dev.strata.plan.Event;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Puts the image together: the base's configuration and history, a line for every instruction, the layers of the steps.
 * The same steps give the same bytes: no time comes from the clock of this moment.
 */
final class Assembly {
    private static final String COMMENT = "buildkit.dockerfile.v0";

    private final BuildGraph graph;
    private final Map<Integer, FileSystem.Made> made;
    private final @Nullable Instant clamp;

    /**
     * @param made layers by step
     * @param clamp no time is later; null leaves them
     */
    Assembly(BuildGraph graph, Map<Integer, FileSystem.Made> made, @Nullable Instant clamp) {
        this.graph = graph;
        this.made = made;
        this.clamp = clamp;
    }

    Image image(Platform platform, Map<String, String> labels) {
        Product product = graph.product();
        Image image = padded(product.base());
        Instant created = product.base().config().created();
        for (Product.Line line : product.lines()) {
            FileSystem.Made layer = line.step() == null ? null : made.get(line.step());
            Instant time = layer == null ? null : layer.created();
            if (time != null && (created == null || time.isAfter(created))) {
                created = time;
            }
            ImageConfig.History history =
                    new ImageConfig.History(clamp(time), line.createdBy(), null, COMMENT, layer == null);
            image = layer == null ? image.plus(history) : image.plus(layer.layer(), history);
        }
        Execution.Builder execution = product.execution().edit();
        execution.labels.putAll(labels);
        ImageConfig config = image.config()
                .with(execution.build())
                .withAuthor(product.author())
                .withCreated(clamp(created));
        return image.with(config.withPlatform(platform));
    }

    private @Nullable Instant clamp(@Nullable Instant time) {
        return time == null ? clamp : clamp != null && time.isAfter(clamp) ? clamp : time;
    }

    /** A base whose history tells of fewer layers than it has gets a line for each of the others. */
    private static Image padded(Image base) {
        List<ImageConfig.History> history = new ArrayList<>(base.config().history());
        long told = history.stream().filter(line -> !line.emptyLayer()).count();
        for (long i = told; i < base.layers().size(); i++) {
            history.add(new ImageConfig.History(base.config().created(), "unknown", null, null, false));
        }
        return base.with(base.config().withHistory(history));
    }

    /** The finished stack, bottom first, for people. */
    List<Event.StackLayer> stack(Image image) {
        List<Event.StackLayer> stack = new ArrayList<>();
        int own = graph.product().base().layers().size();
        List<String> created = image.config().history().stream()
                .filter(line -> !line.emptyLayer())
                .map(line -> line.createdBy() == null ? "" : line.createdBy())
                .toList();
        for (int i = 0; i < image.layers().size(); i++) {
            Layer layer = image.layers().get(i);
            stack.add(new Event.StackLayer(layer, i < own, i < created.size() ? created.get(i) : ""));
        }
        return stack;
    }
}
