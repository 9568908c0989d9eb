package dev.strata.registry;

import dev.strata.image.Descriptor;
import dev.strata.image.Image;
import dev.strata.image.ImageConfig;
import dev.strata.image.Manifest;
import dev.strata.image.Reference;

/**
 * An image for one platform, as a registry has it; its layers stay there until they are pulled.
 *
 * @param pinned the repository with the digest that the name denoted: an index where the image has several platforms
 * @param descriptor of the platform's own manifest
 * @param configBytes the configuration as it was written, with members that {@link ImageConfig} does not know
 */
@SuppressWarnings("ArrayRecordComponent") // the document is for reading only; its digest is its identity
public record RemoteImage(
        Reference pinned,
        Descriptor descriptor,
        Manifest manifest,
        ImageConfig config,
        Image image,
        byte[] configBytes) {}
