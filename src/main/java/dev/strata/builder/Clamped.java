package dev.strata.builder;

import dev.strata.layer.Change;
import dev.strata.layer.Metadata;
import dev.strata.layer.Node;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Changes whose times are not later than a given one, so that a layer does not depend on when it was made.
 *
 * <p>Source: reproducible-builds.org, SOURCE_DATE_EPOCH.
 */
final class Clamped {
    private Clamped() {}

    static List<Change> all(Iterable<Change> changes, Instant latest) {
        List<Change> clamped = new ArrayList<>();
        for (Change change : changes) {
            clamped.add(
                    change instanceof Change.Put(String path, Node node)
                            ? new Change.Put(path, clamp(node, latest))
                            : change);
        }
        return clamped;
    }

    private static Node clamp(Node node, Instant latest) {
        Metadata metadata = node.metadata();
        Instant time = Instant.ofEpochSecond(metadata.seconds(), metadata.nanoseconds());
        if (!time.isAfter(latest)) {
            return node;
        }
        Metadata earlier = metadata.withTime(latest.getEpochSecond(), latest.getNano());
        return switch (node) {
            case Node.Directory directory -> new Node.Directory(earlier);
            case Node.RegularFile file -> new Node.RegularFile(earlier, file.size(), file.link());
            case Node.SymbolicLink link -> new Node.SymbolicLink(earlier, link.target());
            case Node.Device device -> new Node.Device(earlier, device.block(), device.major(), device.minor());
            case Node.Fifo fifo -> new Node.Fifo(earlier);
        };
    }
}
