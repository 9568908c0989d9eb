package dev.strata.builder;

import dev.strata.graph.Contents;
import dev.strata.graph.Step;
import dev.strata.image.Digest;
import dev.strata.layer.Metadata;
import dev.strata.layer.Node;
import dev.strata.layer.Tree;
import dev.strata.layer.TreePath;
import java.io.IOException;
import java.io.InputStream;
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

    private static final int BUFFER = 1 << 17;

    private final MessageDigest whole = Digest.sha256();
    private final TreeMap<String, String> files = new TreeMap<>();
    private final byte[] buffer = new byte[BUFFER];

    Contents contents() {
        return new Contents(HexFormat.of().formatHex(whole.digest()), files);
    }

    Contents ofPieces(Step.Copy step, List<Piece> pieces) throws IOException {
        for (Piece piece : pieces) {
            switch (piece) {
                case Piece.Found found -> add(found.tree(), found.path(), found.name(), found.owned());
                case Piece.Kept kept -> {
                    frame("kept " + kept.path());
                    folders(kept);
                    add(kept.tree(), TreePath.join(kept.root(), kept.path()), kept.path(), kept.owned());
                }
                case Piece.Destination _ -> {
                    // no file
                }
                case Piece.Text text ->
                    entry("<<" + text.name(), "text " + hex(text.content().getBytes(StandardCharsets.UTF_8)));
                case Piece.Fetched fetched -> add(fetched.tree(), fetched.path(), fetched.name(), false);
            }
        }
        return contents();
    }

    /** The folders that are copied along with what is in them. */
    private void folders(Piece.Kept kept) throws IOException {
        String path = TreePath.parent(kept.path());
        while (!path.isEmpty()) {
            Node node = kept.tree().find(TreePath.join(kept.root(), path));
            frame(path + (node == null ? "" : metadata(node, kept.owned())));
            path = TreePath.parent(path);
        }
    }

    /** Adds a file or folder with all that is in it. */
    void add(Tree tree, String path, boolean owned) throws IOException {
        String followed = TreePath.follow(tree, path, true);
        add(tree, followed, TreePath.name(path), owned);
    }

    private void add(Tree tree, String path, String shown, boolean owned) throws IOException {
        Node node = tree.find(path);
        if (node == null) {
            entry(shown, "absent");
            return;
        }
        add(tree, path, shown, node, owned);
    }

    private void add(Tree tree, String path, String shown, Node node, boolean owned) throws IOException {
        switch (node) {
            case Node.RegularFile file -> entry(shown, "file " + content(tree, path) + metadata(file, owned));
            case Node.SymbolicLink link -> entry(shown, "link " + link.target());
            case Node.Device device ->
                entry(
                        shown,
                        "device " + device.block() + device.major() + ":" + device.minor() + metadata(device, owned));
            case Node.Fifo fifo -> entry(shown, "fifo" + metadata(fifo, owned));
            case Node.Directory directory -> {
                folder(shown, "directory" + metadata(directory, owned));
                for (Map.Entry<String, Node> child : tree.children(path).entrySet()) {
                    add(
                            tree,
                            TreePath.join(path, child.getKey()),
                            TreePath.join(shown, child.getKey()),
                            child.getValue(),
                            owned);
                }
                frame("end");
            }
        }
    }

    private static String metadata(Node node, boolean owned) {
        Metadata metadata = node.metadata();
        return " " + Integer.toOctalString(metadata.mode())
                + (owned ? " " + metadata.uid() + ":" + metadata.gid() + " " + metadata.xattrs() : "");
    }

    private String content(Tree tree, String path) throws IOException {
        MessageDigest hash = Digest.sha256();
        try (InputStream in = tree.open(path)) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                hash.update(buffer, 0, read);
            }
        }
        return HexFormat.of().formatHex(hash.digest());
    }

    private void entry(String shown, String what) {
        frame(shown + "\0" + what);
        remember(shown.isEmpty() ? "." : shown, what);
    }

    /** A folder is named with a slash behind it. */
    private void folder(String shown, String what) {
        frame(shown + "\0" + what);
        if (!shown.isEmpty()) {
            remember(shown + "/", what);
        }
    }

    private void remember(String name, String what) {
        if (files.size() < Contents.MOST_FILES) {
            files.put(name, hex(what.getBytes(StandardCharsets.UTF_8)).substring(0, 16));
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
