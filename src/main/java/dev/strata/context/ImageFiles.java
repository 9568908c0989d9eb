package dev.strata.context;

import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Manifest;
import dev.strata.image.MediaTypes;
import dev.strata.image.OciDocument;
import dev.strata.image.Platform;
import dev.strata.layer.Bounds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The files of an image or an artifact. An image's layers lie one over the other; an artifact's are archives of files,
 * or single files where they carry a title, as ORAS and Flux write them.
 */
final class ImageFiles {
    private static final String TITLE = "org.opencontainers.image.title";

    /** What ORAS writes at folders that it has packed. */
    private static final String UNPACK = "io.deis.oras.content.unpack";

    private static final int MOST_NESTED = 4;

    private final Source source;
    private final Platform platform;
    private final String shown;
    private final Bounds bounds;

    /** Where the documents and blobs are. Every byte is checked against its digest. */
    interface Source {
        byte[] document(Descriptor descriptor) throws IOException;

        /** The blob as a file that may be read, but neither changed nor moved. */
        Path blob(Descriptor descriptor) throws IOException;
    }

    /** @param bounds of what comes out of a layer or an archive */
    ImageFiles(Source source, Platform platform, String shown, Bounds bounds) {
        this.source = source;
        this.platform = platform;
        this.shown = shown;
        this.bounds = bounds;
    }

    /** @param created null where nothing tells */
    record Found(Digest manifest, @Nullable Instant created) {}

    /** Puts the files into an empty folder. */
    Found put(Descriptor top, Path into) throws IOException {
        Descriptor own = own(top, 0);
        Manifest manifest = read(source.document(own), OciDocument::manifest);
        if (manifest.config() != null && isConfig(manifest.config().mediaType())) {
            for (Descriptor layer : manifest.layers()) {
                Archives.apply(source.blob(layer), into, shown, bounds);
            }
            byte[] config = source.document(manifest.config());
            return new Found(own.digest(), read(config, OciDocument::config).created());
        }
        for (Descriptor layer : manifest.layers()) {
            putPart(layer, into);
        }
        return new Found(own.digest(), null);
    }

    private static boolean isConfig(String mediaType) {
        return mediaType.equals(MediaTypes.CONFIG) || mediaType.equals(MediaTypes.DOCKER_CONFIG);
    }

    private void putPart(Descriptor part, Path into) throws IOException {
        Path blob = source.blob(part);
        String title = part.annotations().get(TITLE);
        if (title == null || "true".equals(part.annotations().get(UNPACK))) {
            Archives.unpack(blob, into, shown, bounds);
            return;
        }
        Path target = into.resolve(title).normalize();
        if (title.isEmpty() || !target.startsWith(into) || target.equals(into)) {
            throw ContextException.user(
                    "the artifact has a file \"" + title + "\", which is outside its folder", shown, null);
        }
        Files.createDirectories(target.getParent());
        Files.copy(blob, target, StandardCopyOption.REPLACE_EXISTING);
    }

    /** The manifest for the platform. */
    private Descriptor own(Descriptor descriptor, int depth) throws IOException {
        if (!MediaTypes.isIndex(descriptor.mediaType())) {
            return descriptor;
        }
        if (depth == MOST_NESTED) {
            throw ContextException.user("indexes are nested too deeply", shown, null);
        }
        List<Descriptor> manifests =
                read(source.document(descriptor), OciDocument::index).manifests();
        return own(choose(manifests), depth + 1);
    }

    private Descriptor choose(List<Descriptor> manifests) {
        for (Descriptor each : manifests) {
            if (each.platform() != null && platform.accepts(each.platform())) {
                return each;
            }
        }
        if (manifests.size() == 1) {
            return manifests.getFirst();
        }
        throw ContextException.user(
                "there are no files for " + platform,
                shown,
                "It has "
                        + manifests.stream()
                                .map(each -> String.valueOf(each.platform()))
                                .toList());
    }

    private <T> T read(byte[] document, OciDocument.Form<T> form) {
        try {
            return form.read(document);
        } catch (IOException e) {
            throw ContextException.user("its documents cannot be read: " + e.getMessage(), shown, null);
        }
    }
}
