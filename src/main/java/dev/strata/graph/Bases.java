package dev.strata.graph;

import dev.strata.image.Image;
import dev.strata.image.Platform;
import dev.strata.image.Reference;

/** Finds the images that stages begin with or copy from. */
public interface Bases {
    /**
     * Looks an image up, its files are not fetched. Asked twice for the same, it answers the same.
     *
     * @throws RuntimeException of the place that was asked, which says what is wrong; a {@link BaseException} adds the line
     */
    Found find(Reference name, Platform platform);

    /** An image of a named context that is a folder in OCI layout; asked by the context's name. */
    Found layout(String context, Platform platform);

    /** @param pinned the name with the manifest's digest */
    record Found(Reference pinned, Image image) {}
}
