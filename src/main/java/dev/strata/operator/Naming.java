package dev.strata.operator;

import dev.strata.image.Reference;
import dev.strata.registry.Resolved;
import java.util.List;

/** Gives images that are in their registry the names that they shall have. Whatever goes wrong is a {@link dev.strata.registry.RegistryException}. */
final class Naming {
    private final Outside outside;

    Naming(Outside outside) {
        this.outside = outside;
    }

    /**
     * Has tags stand for an image.
     *
     * @param image with its digest; what it denotes is not changed
     */
    void tag(Outside.Access access, Reference image, List<String> tags) {
        outside.registries(access, registry -> {
            Resolved found = registry.origin().resolve(image);
            for (String tag : tags) {
                registry.pushManifest(
                        new Reference(image.domain(), image.path(), tag, null),
                        found.descriptor().mediaType(),
                        found.bytes());
            }
            return found;
        });
    }
}
