package dev.strata.operator;

import dev.strata.api.ImageBuild;
import io.javaoperatorsdk.operator.api.reconciler.IndexedResourceCache;
import io.javaoperatorsdk.operator.processing.event.Event;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.AbstractEventSource;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Wakes a build's reconciliation when a follower has news. */
final class Wakes extends AbstractEventSource<Void, ImageBuild> {
    private volatile @Nullable IndexedResourceCache<ImageBuild> builds;

    Wakes() {
        super(Void.class, "wakes");
    }

    void wake(ResourceID build) {
        if (isRunning()) {
            getEventHandler().handleEvent(new Event(build));
        }
    }

    /** Whether there still is such a build, as far as the watch on builds knows. */
    boolean knows(ResourceID build) {
        return builds == null || builds.get(build).isPresent();
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
