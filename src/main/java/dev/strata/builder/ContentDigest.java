package dev.strata.builder;

import dev.strata.graph.Contents;
import dev.strata.graph.Step;
import dev.strata.image.Digest;
import dev.strata.layer.Metadata;
import dev.strata.layer.Node;
import dev.strata.layer.Tree;
import dev.strata.layer.TreePath;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Tells files by what they are: type, mode, content and link target, and owner and attributes where they are kept. Not
 * by their times: a fresh checkout of the same commit is the same.
 */
final class ContentDigest {
    /** Of a step that reads no files. */
    static final Contents NOTHING = new ContentDigest().contents();

    private final MessageDigest whole = Digest.sha256();
    private final TreeMap<String, String> files = new TreeMap<>();

    Contents contents() {
        return new Contents(HexFormat.of().formatHex(whole.digest()), files);
    }

    Contents ofPieces(Step.Copy step, List<Piece> pieces) throws IOException {
        try (ContentLines lines = new ContentLines(this::said)) {
            for (Piece piece : pieces) {
                add(piece, lines);
            }
            lines.end();
        }
        return contents();
    }

    private static void add(Piece piece, ContentLines lines) throws IOException {
        switch (piece) {
            case Piece.Found found -> add(found.tree(), found.path(), found.name(), found.owned(), lines);
            case Piece.Kept kept -> {
                lines.add(mark("kept " + kept.path()));
                folders(kept, lines);
                add(kept.tree(), TreePath.join(kept.root(), kept.path()), kept.path(), kept.owned(), lines);
            }
            case Piece.Destination _ -> {
                // no file
            }
            case Piece.Text text ->
                lines.add(ContentLines.said(
                        "<<" + text.name(), "text " + hex(text.content().getBytes(StandardCharsets.UTF_8))));
            case Piece.Fetched fetched -> add(fetched.tree(), fetched.path(), fetched.name(), false, lines);
        }
    }

    /** The folders that are copied along with what is in them. */
    private static void folders(Piece.Kept kept, ContentLines lines) throws IOException {
        String path = TreePath.parent(kept.path());
        while (!path.isEmpty()) {
            Node node = kept.tree().find(TreePath.join(kept.root(), path));
            lines.add(mark(path + (node == null ? "" : metadata(node, kept.owned()))));
            path = TreePath.parent(path);
        }
    }

    /** Adds a file or folder with all that is in it. */
    void add(Tree tree, String path, boolean owned) throws IOException {
        String followed = TreePath.follow(tree, path, true);
        try (ContentLines lines = new ContentLines(this::said)) {
            add(tree, followed, TreePath.name(path), owned, lines);
            lines.end();
        }
    }

    private static void add(Tree tree, String path, String shown, boolean owned, ContentLines lines)
            throws IOException {
        Node node = tree.find(path);
        if (node == null) {
            lines.add(ContentLines.said(shown, "absent"));
            return;
        }
        add(tree, path, shown, node, owned, lines);
    }

    private static void add(Tree tree, String path, String shown, Node node, boolean owned, ContentLines lines)
            throws IOException {
        switch (node) {
            case Node.RegularFile file ->
                lines.add(new ContentLines.Unread(shown, tree, path, file.size(), metadata(file, owned)));
            case Node.SymbolicLink link -> lines.add(ContentLines.said(shown, "link " + link.target()));
            case Node.Device device -> {
                String numbers = "device " + device.block() + device.major() + ":" + device.minor();
                lines.add(ContentLines.said(shown, numbers + metadata(device, owned)));
            }
            case Node.Fifo fifo -> lines.add(ContentLines.said(shown, "fifo" + metadata(fifo, owned)));
            case Node.Directory directory -> {
                lines.add(folder(shown, "directory" + metadata(directory, owned)));
                for (Map.Entry<String, Node> child : tree.children(path).entrySet()) {
                    String name = child.getKey();
                    add(tree, TreePath.join(path, name), TreePath.join(shown, name), child.getValue(), owned, lines);
                }
                lines.add(mark("end"));
            }
        }
    }

    private static String metadata(Node node, boolean owned) {
        Metadata metadata = node.metadata();
        return " " + Integer.toOctalString(metadata.mode())
                + (owned ? " " + metadata.uid() + ":" + metadata.gid() + " " + metadata.xattrs() : "");
    }

    /** A folder is named with a slash behind it. */
    private static ContentLines.Line folder(String shown, String what) {
        return new ContentLines.Said(shown + "\0" + what, shown.isEmpty() ? "" : shown + "/", what);
    }

    /** Of no entry. */
    private static ContentLines.Line mark(String text) {
        return new ContentLines.Said(text, "", "");
    }

    private void said(ContentLines.Said line) {
        frame(line.text());
        if (!line.name().isEmpty() && files.size() < Contents.MOST_FILES) {
            files.put(
                    line.name(),
                    hex(line.what().getBytes(StandardCharsets.UTF_8)).substring(0, 16));
        }
    }

    private void frame(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        whole.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
        whole.update(bytes);
    }

    private static String hex(byte[] bytes) {
        return Digest.sha256(bytes).hex();
    }
}
