package dev.strata.builder;

import dev.strata.graph.Bases;
import dev.strata.image.Blobs;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.plan.Event;
import dev.strata.plan.Plan;
import dev.strata.registry.Registry;
import dev.strata.registry.RemoteImage;
import java.nio.file.Path;
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
        LayoutImages.Opened opened = new LayoutImages(blobs, "--build-context " + context)
                .open(Path.of(source.path()), source.tagOrDigest(), platform);
        return new Found(
                Reference.parse("oci-layout.invalid/" + safe(context))
                        .withDigest(opened.document().digest()),
                opened.image());
    }

    private static String safe(String context) {
        String name = context.toLowerCase(java.util.Locale.ROOT)
                .replaceAll("[^a-z0-9]+", "-")
                .replaceAll("^-|-$", "");
        return name.isEmpty() ? "context" : name;
    }
}
