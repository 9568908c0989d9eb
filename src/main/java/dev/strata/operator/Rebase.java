package dev.strata.operator;

import dev.strata.api.ImageBuildStatus.Base;
import dev.strata.api.ImageBuildStatus.StackLayer;
import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.ImageConfig;
import dev.strata.image.Json;
import dev.strata.image.Layer;
import dev.strata.image.Manifest;
import dev.strata.image.MediaTypes;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.registry.Registry;
import dev.strata.registry.RemoteImage;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Puts images of which no step depends on their base on one that moved: manifest and configuration are written anew, layers
 * stay what they are and are not looked at.
 *
 * <p>Only where the result is what a build would give: the bases have the same settings, and the image's layers begin
 * with those of the old base. And only where no content has to be carried: the registry has the new base's layers in the
 * image's repository, or mounts them there. Everything else is a builder's work.
 */
final class Rebase {
    private static final String BASE_NAME = "org.opencontainers.image.base.name";
    private static final String BASE_DIGEST = "org.opencontainers.image.base.digest";

    private final Outside outside;

    Rebase(Outside outside) {
        this.outside = outside;
    }

    /**
     * What was pushed, by digest alone.
     *
     * @param images by platform
     * @param stack the first one's layers
     */
    record Result(SequencedMap<Platform, String> images, List<StackLayer> stack) {}

    /**
     * Writes the images of all platforms anew; empty where that is a builder's work.
     *
     * @param image the last good one, with its digest
     * @param old the digests that the bases had
     * @param moved the bases that moved, with their new digests
     */
    Optional<Result> onto(
            Outside.Access access,
            Reference image,
            List<Platform> platforms,
            SortedMap<String, String> old,
            List<Base> moved) {
        return outside.registries(access, (registry, folder) -> {
            SequencedMap<Platform, String> images = new LinkedHashMap<>();
            List<StackLayer> stack = List.of();
            for (Platform platform : platforms) {
                Optional<Pushed> pushed = new One(registry, folder, image, platform).onto(old, moved);
                if (pushed.isEmpty()) {
                    return Optional.empty();
                }
                images.put(platform, pushed.get().digest().toString());
                stack = stack.isEmpty() ? pushed.get().stack() : stack;
            }
            return Optional.of(new Result(images, stack));
        });
    }

    private record Pushed(Digest digest, List<StackLayer> stack) {}

    private record One(Registry registry, Path folder, Reference image, Platform platform) {
        Optional<Pushed> onto(SortedMap<String, String> old, List<Base> moved) {
            RemoteImage own = registry.origin().image(image, platform);
            String name = own.manifest().annotations().get(BASE_NAME);
            String oldDigest = name == null ? null : old.get(name);
            Base base = moved.stream()
                    .filter(each -> each.name().equals(name))
                    .findFirst()
                    .orElse(null);
            if (base == null || oldDigest == null || moved.size() > 1) {
                return Optional.empty();
            }
            RemoteImage before =
                    registry.image(Reference.parse(base.name()).withDigest(Digest.parse(oldDigest)), platform);
            Reference now = Reference.parse(base.name()).withDigest(Digest.parse(base.digest()));
            RemoteImage after = registry.image(now, platform);
            return fits(own, before, after) ? push(own, before, after, base) : Optional.empty();
        }

        private static boolean fits(RemoteImage own, RemoteImage before, RemoteImage after) {
            List<Digest> below = before.config().rootfs().diffIds();
            List<Digest> all = own.config().rootfs().diffIds();
            return all.size() >= below.size()
                    && all.subList(0, below.size()).equals(below)
                    && own.config().history().size()
                            >= before.config().history().size()
                    && before.config().config().equals(after.config().config())
                    && before.config().platform().equals(after.config().platform());
        }

        private Optional<Pushed> push(RemoteImage own, RemoteImage before, RemoteImage after, Base base) {
            try {
                List<Layer> layers = new ArrayList<>();
                after.image().layers().forEach(layer -> layers.add(inOciTerms(layer)));
                int kept = before.image().layers().size();
                layers.addAll(
                        own.image().layers().subList(kept, own.image().layers().size()));
                Blobs blobs = new Blobs(folder.resolve("blobs"));
                for (Layer layer : layers) {
                    registry.push(image, layer.blob(), blobs); // mounted, or there
                }
                ImageConfig config = config(own.config(), before.config(), after.config(), layers);
                Descriptor configuration = blobs.put(MediaTypes.CONFIG, Json.bytes(config));
                registry.push(image, configuration, blobs);
                SortedMap<String, String> annotations =
                        new TreeMap<>(own.manifest().annotations());
                annotations.put(BASE_DIGEST, base.digest());
                byte[] bytes = Json.bytes(Manifest.of(
                        configuration, layers.stream().map(Layer::blob).toList(), annotations));
                Digest digest = Digest.sha256(bytes);
                registry.pushManifest(
                        new Reference(image.domain(), image.path(), null, digest), MediaTypes.MANIFEST, bytes);
                return Optional.of(new Pushed(
                        digest, stack(layers, config, after.image().layers().size())));
            } catch (FileNotFoundException contentIsNeeded) {
                return Optional.empty();
            } catch (IOException e) {
                throw new UncheckedIOException("the operator's own disk cannot be written", e);
            }
        }

        private static Layer inOciTerms(Layer layer) {
            String type = switch (layer.blob().mediaType()) {
                case MediaTypes.DOCKER_LAYER_GZIP -> MediaTypes.LAYER_GZIP;
                case MediaTypes.DOCKER_LAYER_TAR -> MediaTypes.LAYER_TAR;
                default -> layer.blob().mediaType();
            };
            return new Layer(
                    new Descriptor(type, layer.blob().digest(), layer.blob().size()), layer.diffId());
        }

        private static ImageConfig config(ImageConfig own, ImageConfig before, ImageConfig after, List<Layer> layers) {
            List<ImageConfig.History> history = new ArrayList<>(after.history());
            history.addAll(
                    own.history().subList(before.history().size(), own.history().size()));
            return new ImageConfig(
                    own.created(),
                    own.author(),
                    own.architecture(),
                    own.variant(),
                    own.os(),
                    own.osVersion(),
                    own.osFeatures(),
                    own.config(),
                    new ImageConfig.RootFs(
                            "layers", layers.stream().map(Layer::diffId).toList()),
                    history);
        }

        private static List<StackLayer> stack(List<Layer> layers, ImageConfig config, int ofTheBase) {
            List<String> makers = config.history().stream()
                    .filter(line -> !line.emptyLayer())
                    .map(line -> line.createdBy() == null ? "" : line.createdBy())
                    .toList();
            List<StackLayer> stack = new ArrayList<>();
            for (int i = 0; i < layers.size(); i++) {
                Layer layer = layers.get(i);
                stack.add(new StackLayer(
                        layer.blob().digest().toString(),
                        layer.diffId().toString(),
                        layer.blob().size(),
                        makers.size() == layers.size() ? shown(makers.get(i)) : null,
                        i < ofTheBase));
            }
            return stack;
        }

        private static @Nullable String shown(String maker) {
            return maker.isEmpty() ? null : Text.cut(maker, 200);
        }
    }
}
