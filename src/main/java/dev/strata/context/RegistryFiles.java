package dev.strata.context;

import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.MediaTypes;
import dev.strata.image.Reference;
import dev.strata.registry.Registry;
import java.io.IOException;
import java.nio.file.Path;

/** Documents and blobs of a repository in a registry. */
final class RegistryFiles implements ImageFiles.Source {
    private final Registry registry;
    private final Reference name;
    private final Blobs blobs;

    /** @param blobs where what is pulled is put */
    RegistryFiles(Registry registry, Reference name, Blobs blobs) {
        this.registry = registry;
        this.name = name;
        this.blobs = blobs;
    }

    @Override
    public byte[] document(Descriptor descriptor) {
        return switch (descriptor.mediaType()) {
            case MediaTypes.INDEX, MediaTypes.DOCKER_INDEX, MediaTypes.MANIFEST, MediaTypes.DOCKER_MANIFEST ->
                registry.resolve(name.withDigest(descriptor.digest())).bytes();
            default -> registry.read(name, descriptor);
        };
    }

    @Override
    public Path blob(Descriptor descriptor) throws IOException {
        registry.pull(name, descriptor, blobs);
        return blobs.path(descriptor.digest());
    }
}
