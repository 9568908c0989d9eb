package dev.strata.image;

import java.util.ArrayList;
import java.util.List;

/**
 * A configuration and the layers it names, bottom first. Immutable: every change is a new value.
 *
 * @param layers as many as {@code config.rootfs.diffIds}, in the same order
 */
public record Image(ImageConfig config, List<Layer> layers) {
    public Image {
        layers = List.copyOf(layers);
        List<Digest> diffIds = layers.stream().map(Layer::diffId).toList();
        if (!diffIds.equals(config.rootfs().diffIds())) {
            throw new IllegalArgumentException("the configuration names the layers "
                    + config.rootfs().diffIds() + ", but the image has " + diffIds);
        }
    }

    public static Image scratch(Platform platform) {
        return new Image(ImageConfig.scratch(platform), List.of());
    }

    public Image plus(Layer layer, ImageConfig.History line) {
        List<Layer> more = new ArrayList<>(layers);
        more.add(layer);
        return new Image(config.plus(line, layer.diffId()), more);
    }

    /** One more line of history that changed no file. */
    public Image plus(ImageConfig.History line) {
        return new Image(config.plus(line, null), layers);
    }

    public Image with(Execution execution) {
        return new Image(config.with(execution), layers);
    }

    public Image with(ImageConfig newConfig) {
        return new Image(newConfig, layers);
    }
}
