package dev.strata.layer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * What came of unpacking a tar besides the files.
 *
 * @param root the folder
 * @param implied directories, parents first, that the tar does not tell of, made because something is in them. They have
 *     the mode 0755 and belong to root; of a layer that stands on others, the layers below may know better
 * @param opaqueRoot whether the layer hides all layers below it; overlayfs knows no such mark at the root of a layer, so
 *     whoever mounts must leave the layers below away. Always false where whiteouts were applied
 * @param notes sentences on what could not be made or set here, such as devices in a user namespace
 */
public record Unpacked(Path root, List<String> implied, boolean opaqueRoot, List<String> notes) {
    /** What came of unpacking a layer, and what is in its tar. */
    public record WithIndex(Unpacked unpacked, LayerIndex index) {}

    public Unpacked {
        implied = List.copyOf(implied);
        notes = List.copyOf(notes);
    }

    /**
     * Gives the implied directories owner, mode, times and attributes of the layers below, since overlayfs shows those of
     * the topmost. Where there is nothing below they stay as they are.
     */
    public void adopt(Tree below) throws IOException {
        RootFolder folder = new RootFolder(root);
        Attributes attributes = new Attributes();
        for (String path : implied) {
            if (below.find(path) instanceof Node.Directory(Metadata metadata)) {
                attributes.set(folder.bytes(path), path, metadata, true);
            }
        }
    }
}
