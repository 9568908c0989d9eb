package dev.strata.layer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was written to an overlay: its upper directory is the difference already, in overlayfs' own words. Source: Linux,
 * Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories".
 */
public final class UpperDirectory {
    private static final byte[] YES = {'y'};

    private final DiskTree upper;
    private final Tree below;
    private final String space;
    private final ChangeList changes;

    private UpperDirectory(DiskTree upper, Tree below, String space) {
        this.upper = upper;
        this.below = below;
        this.space = space;
        this.changes = new ChangeList(below, upper);
    }

    /**
     * The changes, sorted as a layer is; the content of the files is that of a {@link DiskTree} of the folder. What was
     * copied up but is as it was, but for times, is left out, and so are sockets and overlayfs' own marks. The root itself
     * is not compared: an upper directory's own owner and mode are those it was made with.
     *
     * @param upper nothing may write to it meanwhile
     * @param below what the lower directories show together
     * @param userXattr whether the marks are in the {@code user} space, as in a user namespace
     * @throws LayerException when the overlay was mounted with {@code redirect_dir} or {@code metacopy}, so that parts of
     *     the upper directory are elsewhere
     */
    public static List<Change> changes(Path upper, Tree below, boolean userXattr) throws IOException {
        UpperDirectory directory =
                new UpperDirectory(new DiskTree(upper), below, (userXattr ? "user" : "trusted") + ".overlay.");
        directory.walk("", true);
        return directory.changes.sorted();
    }

    private void walk(String path, boolean alsoBelow) throws IOException {
        for (Map.Entry<String, Node> entry : upper.children(path).entrySet()) {
            String child = TreePath.join(path, entry.getKey());
            Node nodeBelow = alsoBelow ? below.find(child) : null;
            switch (entry.getValue()) {
                case Node.Directory directory -> directory(child, directory, nodeBelow);
                case Node.RegularFile file -> {
                    refuse(child, "metacopy");
                    changes.compare(child, file, nodeBelow);
                }
                case Node.Device device -> device(child, device, nodeBelow);
                case Node.SymbolicLink link -> changes.compare(child, link, nodeBelow);
                case Node.Fifo fifo -> changes.compare(child, fifo, nodeBelow);
            }
        }
    }

    private void device(String path, Node.Device device, @Nullable Node nodeBelow) throws IOException {
        boolean whiteout = !device.block() && device.major() == 0 && device.minor() == 0;
        if (!whiteout) {
            changes.compare(path, device, nodeBelow);
        } else if (nodeBelow != null) {
            changes.add(new Change.Remove(path));
        }
    }

    private void directory(String path, Node.Directory directory, @Nullable Node nodeBelow) throws IOException {
        refuse(path, "redirect");
        boolean merged = nodeBelow instanceof Node.Directory;
        if (merged && isOpaque(path)) {
            changes.add(new Change.Put(path, directory));
            changes.add(new Change.Opaque(path));
            walk(path, false);
            return;
        }
        changes.compare(path, directory, nodeBelow);
        walk(path, merged);
    }

    private boolean isOpaque(String path) throws IOException {
        byte[] value = Posix.xattr(upper.bytes(path), space + "opaque");
        return java.util.Arrays.equals(value, YES);
    }

    private void refuse(String path, String mark) throws IOException {
        if (Posix.xattr(upper.bytes(path), space + mark) != null) {
            throw new LayerException(
                    "overlayfs has left a part of this elsewhere (" + space + mark + ")",
                    path,
                    "Mount overlays with redirect_dir=off,metacopy=off.");
        }
    }
}
