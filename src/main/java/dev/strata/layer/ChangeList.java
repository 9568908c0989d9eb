package dev.strata.layer;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Differences being found between a tree and the one below it. Entries that are the same but for their times make none:
 * a file that was only touched, or copied up by overlayfs and left as it was, is no change.
 */
final class ChangeList {
    private static final int BUFFER = 1 << 16;
    private static final Comparator<Change> ORDER =
            Comparator.comparing(Change::path, Names.ORDER).thenComparing(change -> change instanceof Change.Opaque);

    private final Tree below;
    private final Tree above;
    private final List<Change> changes = new ArrayList<>();
    private final Map<String, List<Linked>> linked = new HashMap<>();

    /** A name of a file with several names: whether all of them are written shows when all are known. */
    private record Linked(Change.Put put, @Nullable String linkBelow, boolean unchanged) {}

    ChangeList(Tree below, Tree above) {
        this.below = below;
        this.above = above;
    }

    void add(Change change) {
        changes.add(change);
    }

    /** @param nodeBelow what is there in the tree below; null where nothing is, or it is hidden */
    void compare(String path, Node node, @Nullable Node nodeBelow) throws IOException {
        boolean unchanged = nodeBelow != null && isSame(path, node, nodeBelow);
        Change.Put put = new Change.Put(path, node);
        if (node instanceof Node.RegularFile file && file.link() != null) {
            String linkBelow = nodeBelow instanceof Node.RegularFile that ? that.link() : null;
            linked.computeIfAbsent(file.link(), link -> new ArrayList<>()).add(new Linked(put, linkBelow, unchanged));
        } else if (!unchanged) {
            changes.add(put);
        }
    }

    /** All changes, in the order of a layer. */
    List<Change> sorted() {
        for (List<Linked> names : linked.values()) {
            if (!isSameLink(names)) {
                names.forEach(name -> changes.add(name.put()));
            }
        }
        linked.clear();
        changes.sort(ORDER);
        return List.copyOf(changes);
    }

    private static boolean isSameLink(List<Linked> names) {
        Set<@Nullable String> linksBelow = new HashSet<>();
        for (Linked name : names) {
            if (!name.unchanged()) {
                return false;
            }
            linksBelow.add(name.linkBelow());
        }
        return names.size() == 1 || (linksBelow.size() == 1 && !linksBelow.contains(null));
    }

    private boolean isSame(String path, Node node, Node nodeBelow) throws IOException {
        return switch (node) {
            case Node.Directory directory ->
                nodeBelow instanceof Node.Directory that && isSame(directory.metadata(), that.metadata());
            case Node.RegularFile file ->
                nodeBelow instanceof Node.RegularFile that
                        && file.size() == that.size()
                        && isSame(file.metadata(), that.metadata())
                        && (file.size() == 0 || isSameContent(path));
            case Node.SymbolicLink link ->
                nodeBelow instanceof Node.SymbolicLink that
                        && link.target().equals(that.target())
                        && isSame(link.metadata().withMode(0), that.metadata().withMode(0)); // No link has a mode.
            case Node.Device device ->
                nodeBelow instanceof Node.Device that
                        && device.block() == that.block()
                        && device.major() == that.major()
                        && device.minor() == that.minor()
                        && isSame(device.metadata(), that.metadata());
            case Node.Fifo fifo -> nodeBelow instanceof Node.Fifo that && isSame(fifo.metadata(), that.metadata());
        };
    }

    private static boolean isSame(Metadata one, Metadata other) {
        return one.mode() == other.mode()
                && one.uid() == other.uid()
                && one.gid() == other.gid()
                && kept(one).equals(kept(other));
    }

    private static SortedMap<String, Bytes> kept(Metadata metadata) {
        if (metadata.xattrs().isEmpty()) {
            return metadata.xattrs();
        }
        SortedMap<String, Bytes> kept = new TreeMap<>(metadata.xattrs());
        kept.keySet().removeIf(name -> !Xattrs.kept(name));
        return kept;
    }

    private boolean isSameContent(String path) throws IOException {
        try (InputStream one = above.open(path);
                InputStream other = below.open(path)) {
            byte[] ones = new byte[BUFFER];
            byte[] others = new byte[BUFFER];
            int length;
            do {
                length = one.readNBytes(ones, 0, BUFFER);
                if (length != other.readNBytes(others, 0, BUFFER)
                        || !Arrays.equals(ones, 0, length, others, 0, length)) {
                    return false;
                }
            } while (length == BUFFER);
            return true;
        }
    }
}
