package dev.strata.operator;

import dev.strata.api.ImageBuildStatus.Base;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Index;
import dev.strata.image.Json;
import dev.strata.image.MediaTypes;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.registry.Resolved;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SortedMap;

/** Gives images that are in their registry the names that they shall have. Whatever goes wrong is a {@link dev.strata.registry.RegistryException}. */
final class Naming {
    private final Outside outside;
    private final Rebase rebase;

    Naming(Outside outside) {
        this.outside = outside;
        this.rebase = new Rebase(outside);
    }

    /** Puts the images of all platforms on bases that moved; empty where that is a builder's work. */
    Optional<Rebase.Result> rebase(
            Wanted.Valid valid, Reference image, SortedMap<String, String> old, List<Base> moved) {
        return rebase.onto(valid.access(), image, valid.platforms(), old, moved);
    }

    /**
     * Gives images that were pushed by their digests the names that the spec wants.
     *
     * @return the digest of what has the names: the index, where there is one
     */
    String name(Wanted.Valid valid, SequencedMap<Platform, String> images) {
        Wanted.Names names = valid.names();
        if (names != null && names.index()) {
            return index(valid.access(), valid.repository(), names, images).toString();
        }
        String digest = images.firstEntry().getValue();
        List<String> tags = names != null
                ? names.tags()
                : valid.pod().plan().output().names().stream()
                        .map(Reference::tagOrLatest)
                        .toList();
        tag(valid.access(), valid.repository().withDigest(Digest.parse(digest)), tags);
        return digest;
    }

    /**
     * Joins images, which are in the repository, in an index and has the tags stand for it.
     *
     * @param images digests by platform
     * @return the index's digest; the same images give the same
     */
    Digest index(
            Outside.Access access, Reference repository, Wanted.Names names, SequencedMap<Platform, String> images) {
        return outside.registries(access, registry -> {
            List<Descriptor> manifests = new ArrayList<>();
            images.forEach((platform, digest) -> {
                Reference image = repository.withDigest(Digest.parse(digest));
                manifests.add(registry.origin().resolve(image).descriptor().withPlatform(platform));
            });
            byte[] bytes = Json.bytes(Index.of(manifests, names.annotations()));
            for (String tag : names.tags()) {
                registry.pushManifest(
                        new Reference(repository.domain(), repository.path(), tag, null), MediaTypes.INDEX, bytes);
            }
            return Digest.sha256(bytes);
        });
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
