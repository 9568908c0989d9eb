package dev.strata.builder;

import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.Image;
import dev.strata.image.ImageConfig;
import dev.strata.image.Layer;
import dev.strata.image.Layout;
import dev.strata.image.Manifest;
import dev.strata.image.MediaTypes;
import dev.strata.image.OciDocument;
import dev.strata.image.Platform;
import dev.strata.plan.Failure;
import dev.strata.plan.FailureException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Images of folders in OCI layout. A layout may be gone later; an image's layers are taken into the store.
 *
 * @param where what named the folder, for messages
 */
record LayoutImages(Blobs store, String where) {

    /** @param document what the layout names: a manifest, or an index of several platforms */
    record Opened(Descriptor document, Image image) {}

    /**
     * Opens one image.
     *
     * @param tagOrDigest null: the first
     * @throws FailureException where there is no such layout or image
     */
    Opened open(Path folder, @Nullable String tagOrDigest, Platform platform) {
        if (!Files.isRegularFile(folder.resolve("index.json"))) {
            throw wrong("\"" + folder + "\" is no OCI layout: it has no index.json");
        }
        try {
            Layout layout = new Layout(folder);
            Descriptor chosen = chosen(layout.images(), tagOrDigest);
            return new Opened(chosen, read(layout.blobs(), chosen, platform));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the layout " + folder, e);
        }
    }

    private Descriptor chosen(List<Descriptor> images, @Nullable String tagOrDigest) {
        if (tagOrDigest == null) {
            return images.stream().findFirst().orElseThrow(() -> wrong("the layout is empty"));
        }
        return images.stream()
                .filter(image -> image.digest().toString().equals(tagOrDigest)
                        || tagOrDigest.equals(image.annotations().get(Layout.NAME)))
                .findFirst()
                .orElseThrow(() -> wrong("the layout has no \"" + tagOrDigest + "\""));
    }

    private Image read(Blobs from, Descriptor document, Platform platform) throws IOException {
        byte[] bytes = Files.readAllBytes(from.path(document.digest()));
        if (MediaTypes.isIndex(document.mediaType())) {
            Descriptor own = OciDocument.index(bytes).manifests().stream()
                    .filter(entry -> entry.platform() != null && platform.accepts(entry.platform()))
                    .findFirst()
                    .orElseThrow(() -> wrong("the layout has no image for " + platform));
            return read(from, own, platform);
        }
        Manifest manifest = OciDocument.manifest(bytes);
        ImageConfig config = OciDocument.config(
                Files.readAllBytes(from.path(manifest.config().digest())));
        if (config.rootfs().diffIds().size() != manifest.layers().size()) {
            throw wrong("the configuration of " + document.digest() + " names "
                    + config.rootfs().diffIds().size() + " layers, its manifest "
                    + manifest.layers().size());
        }
        List<Layer> layers = new ArrayList<>();
        for (int i = 0; i < manifest.layers().size(); i++) {
            Descriptor layer = manifest.layers().get(i);
            take(from, layer);
            layers.add(new Layer(layer, config.rootfs().diffIds().get(i)));
        }
        return new Image(config, layers);
    }

    private void take(Blobs from, Descriptor blob) throws IOException {
        if (store.find(blob.digest()).isEmpty()) {
            try (Blobs.Ingest ingest = store.begin(blob.digest())) {
                Files.copy(from.path(blob.digest()), ingest);
                ingest.commit(blob.digest());
            }
        }
    }

    private FailureException wrong(String what) {
        return new FailureException(new Failure(Failure.Cause.USER, what, where, null));
    }
}
