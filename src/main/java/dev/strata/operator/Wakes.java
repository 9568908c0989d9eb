package dev.strata.operator;

import dev.strata.api.Condition;
import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import io.javaoperatorsdk.operator.api.reconciler.IndexedResourceCache;
import io.javaoperatorsdk.operator.processing.event.Event;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.AbstractEventSource;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Wakes a build's reconciliation when a follower has news, and knows which builds there are. */
final class Wakes extends AbstractEventSource<Void, ImageBuild> implements Turnstile.Builds {
    /** The index of builds by the inputs that they are at work on or have an image of. */
    static final String BEGUN = "begun";

    private volatile @Nullable IndexedResourceCache<ImageBuild> builds;

    Wakes() {
        super(Void.class, "wakes");
    }

    void wake(ResourceID build) {
        if (isRunning()) {
            getEventHandler().handleEvent(new Event(build));
        }
    }

    /** All builds that the watch shows. */
    Stream<ImageBuild> all() {
        IndexedResourceCache<ImageBuild> cache = builds;
        return cache == null || !isRunning() ? Stream.empty() : cache.list();
    }

    @Override
    public boolean exists(ResourceID build) {
        IndexedResourceCache<ImageBuild> cache = builds;
        return cache == null || cache.get(build).isPresent();
    }

    @Override
    public Stream<ImageBuild> underWay(String namespace, String inputs) {
        return begun(namespace, inputs).filter(build -> underWay(build).contains(key(build, inputs)));
    }

    @Override
    public Stream<ImageBuild> begun(String namespace, String inputs) {
        IndexedResourceCache<ImageBuild> cache = builds;
        return cache == null ? Stream.empty() : cache.byIndex(BEGUN, namespace + " " + inputs).stream();
    }

    /** Those of a namespace that have an image of these inputs. */
    Stream<ImageBuild> built(String namespace, String inputs) {
        return begun(namespace, inputs).filter(build -> built(build).contains(key(build, inputs)));
    }

    /** The keys of a build in {@link #BEGUN}. */
    static List<String> begun(ImageBuild build) {
        return Stream.concat(underWay(build).stream(), built(build).stream())
                .distinct()
                .toList();
    }

    /** The key of a build that has an image, by the inputs of that. */
    private static List<String> built(ImageBuild build) {
        ImageBuildStatus status = build.getStatus();
        String inputs = status == null || status.image() == null || status.inputs() == null
                ? null
                : status.inputs().hash();
        return inputs == null || build.getMetadata().getDeletionTimestamp() != null
                ? List.of()
                : List.of(key(build, inputs));
    }

    private static String key(ImageBuild build, String inputs) {
        return build.getMetadata().getNamespace() + " " + inputs;
    }

    /** The key of a build that has begun with some inputs, and has neither an image of them nor given up. */
    private static List<String> underWay(ImageBuild build) {
        ImageBuildStatus status = build.getStatus();
        String inputs = status == null || status.trigger() == null
                ? null
                : status.trigger().inputs();
        if (inputs == null || build.getMetadata().getDeletionTimestamp() != null) {
            return List.of();
        }
        boolean goesOn = status.conditions().stream().anyMatch(each -> each.type() == Condition.Type.RECONCILING);
        return goesOn ? List.of(key(build, inputs)) : List.of();
    }

    /** @param newBuilds the watch's own cache */
    void over(IndexedResourceCache<ImageBuild> newBuilds) {
        builds = newBuilds;
    }

    @Override
    public Set<Void> getSecondaryResources(ImageBuild build) {
        return Set.of();
    }
}
