package dev.strata.builder;

import dev.strata.image.Blobs;
import dev.strata.image.Digest;
import dev.strata.image.Image;
import dev.strata.image.Layer;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.layer.Bounds;
import dev.strata.layer.LayerTree;
import dev.strata.plan.Failure;
import dev.strata.registry.Registry;
import dev.strata.registry.RemoteImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Images to look into or to run a command in, without a build: of registries and of folders in OCI layout. */
public final class OpenImages implements AutoCloseable {
    /** What a name of a layout begins with; a tag or digest may follow the folder, as for build contexts. */
    public static final String LAYOUT = "oci-layout://";

    private final Registry registry;
    private final SettledState settled;
    private final LayerStore layers;

    /** @param state folder that is kept between calls, the same as for builds */
    public OpenImages(Path state, Registry registry) throws IOException {
        this.registry = registry;
        this.settled = SettledState.begin(Files.createDirectories(state));
        this.layers = new LayerStore(state, new Blobs(state.resolve("store")), registry, Bounds.DEFAULT);
    }

    /**
     * An image for one platform.
     *
     * @param digest of its manifest; of an image of several platforms in a layout, of their index
     */
    public record Opened(String name, Digest digest, Image image) {}

    /**
     * Opens an image by its name in a registry, or by {@code oci-layout://FOLDER[:TAG|@DIGEST]}. No layer is fetched yet.
     *
     * @throws IllegalArgumentException where the name can be none
     */
    public Opened open(String name, Platform platform) {
        if (name.startsWith(LAYOUT)) {
            return layout(name, platform);
        }
        Reference reference = Reference.parse(name);
        RemoteImage found = registry.image(
                reference.digest() == null ? reference.withTag(reference.tagOrLatest()) : reference, platform);
        found.image().layers().forEach(layer -> layers.origin(layer, found.pinned()));
        return new Opened(name, found.descriptor().digest(), found.image());
    }

    private Opened layout(String name, Platform platform) {
        String place = name.substring(LAYOUT.length());
        int at = place.indexOf('@');
        int colon = place.lastIndexOf(':');
        int end = at >= 0 ? at : colon > place.lastIndexOf('/') ? colon : place.length();
        @Nullable String tag = end == place.length() ? null : place.substring(end + 1);
        LayoutImages.Opened opened =
                new LayoutImages(layers.blobs(), name).open(Path.of(place.substring(0, end)), tag, platform);
        return new Opened(name, opened.document().digest(), opened.image());
    }

    /** The image's files, read from its layers; these are fetched when they must be. */
    LayerTree tree(Image image) {
        return layers.tree(image.layers());
    }

    InputStream openTar(Layer layer) throws IOException {
        return layers.openTar(layer);
    }

    /** What a person can do about something that this package threw. */
    public static Failure explain(Exception thrown) {
        return Explanation.of(thrown, null);
    }

    @Override
    public void close() throws IOException {
        try (settled) {
            layers.close();
        }
    }
}
