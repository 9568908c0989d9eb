package dev.strata.builder;

import dev.strata.graph.Bases;
import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.Image;
import dev.strata.image.ImageConfig;
import dev.strata.image.Index;
import dev.strata.image.Json;
import dev.strata.image.Layer;
import dev.strata.image.Layout;
import dev.strata.image.Manifest;
import dev.strata.image.MediaTypes;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.plan.Event;
import dev.strata.plan.Failure;
import dev.strata.plan.FailureException;
import dev.strata.plan.Plan;
import dev.strata.registry.Registry;
import dev.strata.registry.RemoteImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Looks bases up in registries and in layouts; each name once, so that one build sees one image. */
final class BaseImages implements Bases {
    private final Plan plan;
    private final Registry registry;
    private final Blobs blobs;
    private final Consumer<Event> events;
    private final Map<String, Found> found = new ConcurrentHashMap<>();
    private final Map<Reference, Platform> foreign = new ConcurrentHashMap<>();

    BaseImages(Plan plan, Registry registry, Blobs blobs, Consumer<Event> events) {
        this.plan = plan;
        this.registry = registry;
        this.blobs = blobs;
        this.events = events;
    }

    @Override
    public Found find(Reference name, Platform platform) {
        return found.computeIfAbsent(name + " " + platform, key -> noted(ask(name, platform), platform));
    }

    /** The platform that an image was looked up for, where it is made for another; null where it fits. */
    @Nullable
    Platform foreign(Reference pinned) {
        return foreign.get(pinned);
    }

    private Found noted(Found base, Platform wanted) {
        Platform made = base.image().config().platform();
        if (!made.os().equals(wanted.os()) || !made.architecture().equals(wanted.architecture())) {
            foreign.put(base.pinned(), wanted);
        }
        return base;
    }

    private Found ask(Reference name, Platform platform) {
        Reference asked = name.digest() == null ? name.withTag(name.tagOrLatest()) : name;
        RemoteImage image = registry.image(asked, platform);
        Reference pinned = image.pinned();
        Found answer =
                new Found(new Reference(pinned.domain(), pinned.path(), asked.tag(), pinned.digest()), image.image());
        events.accept(new Event.BaseResolved(
                asked, java.util.Objects.requireNonNull(image.pinned().digest())));
        return answer;
    }

    @Override
    public Found layout(String context, Platform platform) {
        return found.computeIfAbsent(
                "layout " + context + " " + platform, key -> noted(open(context, platform), platform));
    }

    private Found open(String context, Platform platform) {
        if (!(plan.contexts().get(context) instanceof Plan.Source.OciLayout source)) {
            throw new IllegalStateException("the context \"" + context + "\" is no layout");
        }
        Path folder = Path.of(source.path());
        if (!Files.isRegularFile(folder.resolve("index.json"))) {
            throw wrong(context, "\"" + source.path() + "\" is no OCI layout: it has no index.json");
        }
        try {
            Layout layout = new Layout(folder);
            String tag = source.tagOrDigest();
            List<Descriptor> images = layout.images();
            Descriptor chosen = tag == null
                    ? images.stream().findFirst().orElseThrow(() -> wrong(context, "the layout is empty"))
                    : images.stream()
                            .filter(image -> image.digest().toString().equals(tag)
                                    || tag.equals(image.annotations().get(Layout.NAME)))
                            .findFirst()
                            .orElseThrow(() -> wrong(context, "the layout has no \"" + tag + "\""));
            return new Found(
                    Reference.parse("oci-layout.invalid/" + safe(context)).withDigest(chosen.digest()),
                    read(layout.blobs(), chosen, platform, context));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the layout " + source.path(), e);
        }
    }

    private static String safe(String context) {
        String name = context.toLowerCase(java.util.Locale.ROOT)
                .replaceAll("[^a-z0-9]+", "-")
                .replaceAll("^-|-$", "");
        return name.isEmpty() ? "context" : name;
    }

    private Image read(Blobs from, Descriptor document, Platform platform, String context) throws IOException {
        byte[] bytes = Files.readAllBytes(from.path(document.digest()));
        if (MediaTypes.isIndex(document.mediaType())) {
            Descriptor own = Json.read(bytes, Index.class).manifests().stream()
                    .filter(entry -> entry.platform() != null && platform.accepts(entry.platform()))
                    .findFirst()
                    .orElseThrow(() -> wrong(context, "the layout has no image for " + platform));
            return read(from, own, platform, context);
        }
        Manifest manifest = Json.read(bytes, Manifest.class);
        ImageConfig config =
                Json.read(Files.readAllBytes(from.path(manifest.config().digest())), ImageConfig.class);
        List<Layer> layers = new ArrayList<>();
        for (int i = 0; i < manifest.layers().size(); i++) {
            Descriptor layer = manifest.layers().get(i);
            take(from, layer);
            layers.add(new Layer(layer, config.rootfs().diffIds().get(i)));
        }
        return new Image(config, layers);
    }

    /** The layout may be gone later; its layers are taken into the store. */
    private void take(Blobs from, Descriptor blob) throws IOException {
        if (blobs.find(blob.digest()).isEmpty()) {
            try (Blobs.Ingest ingest = blobs.begin(blob.digest())) {
                Files.copy(from.path(blob.digest()), ingest);
                ingest.commit(blob.digest());
            }
        }
    }

    private static FailureException wrong(String context, String what) {
        return new FailureException(new Failure(Failure.Cause.USER, what, "--build-context " + context, null));
    }
}
