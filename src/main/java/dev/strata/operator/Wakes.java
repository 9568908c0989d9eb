package dev.strata.operator;

import dev.strata.api.ImageBuild;
import io.javaoperatorsdk.operator.processing.event.Event;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.AbstractEventSource;
import java.util.Set;

/** Wakes a build's reconciliation when a follower has news. */
final class Wakes extends AbstractEventSource<Void, ImageBuild> {
    Wakes() {
        super(Void.class, "wakes");
    }

    void wake(ResourceID build) {
        if (isRunning()) {
            getEventHandler().handleEvent(new Event(build));
        }
    }

    @Override
    public Set<Void> getSecondaryResources(ImageBuild build) {
        return Set.of();
    }
}
