package dev.strata.layer;

import dev.strata.image.Layer;

/**
 * A layer that has been written.
 *
 * @param tarSize bytes of the tar before compression
 * @param index what is in it, so that it need not be read again
 */
public record Written(Layer layer, long tarSize, LayerIndex index) {}
