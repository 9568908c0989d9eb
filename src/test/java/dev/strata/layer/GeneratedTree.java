package dev.strata.layer;

import dev.strata.image.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;

/** A folder with all that a file system can hold, made at random from a seed, and changed at random. Needs root. */
final class GeneratedTree {
    private static final int FOLDERS = 12;
    private static final int ENTRIES = 90;
    /** A capability as setcap writes it: bytes that are no text. */
    private static final byte[] CAPABILITY = {1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

    private final Path root;
    private final Random random;
    private final List<String> folders = new ArrayList<>(List.of(""));
    private final List<String> files = new ArrayList<>();
    private int number;

    GeneratedTree(Path root, long seed) {
        this.root = root;
        this.random = new Random(seed);
    }

    GeneratedTree fill() throws IOException {
        for (int i = 0; i < FOLDERS; i++) {
            addFolder();
        }
        for (int i = 0; i < ENTRIES; i++) {
            add();
        }
        setFolders();
        return this;
    }

    private byte[] bytes(String path) {
        return DiskNames.bytes(DiskNames.bytes(root), path);
    }

    private String freshPath() {
        String name = switch (random.nextInt(8)) {
            case 0 -> "\u00fc\u4e2d " + number;
            case 1 ->
                Names.text(new byte[] {(byte) 0xFF, 'x', (byte) 0xC3, (byte) ('0' + number % 10), (byte) 0x80})
                        + number;
            case 2 -> "n".repeat(240) + number;
            case 3 -> "line\nfeed" + number;
            case 4 -> "-dash'\"\\" + number;
            default -> "f" + number;
        };
        number++;
        return TreePath.join(folders.get(random.nextInt(folders.size())), name);
    }

    private void addFolder() throws IOException {
        String path = freshPath();
        if (path.length() < 1500) {
            Posix.directory(bytes(path), 0755);
            folders.add(path);
        }
    }

    private void add() throws IOException {
        String path = freshPath();
        switch (random.nextInt(10)) {
            case 0 ->
                Posix.symbolicLink(bytes(path), Names.bytes(random.nextBoolean() ? "/else/where" : "../" + number));
            case 1 -> Posix.node(bytes(path), Posix.FIFO | 0600, 0, 0);
            case 2 ->
                Posix.node(bytes(path), Posix.CHARACTER_DEVICE | 0600, 1 + random.nextInt(200), random.nextInt(300));
            case 3 -> Posix.node(bytes(path), Posix.BLOCK_DEVICE | 0600, 7, random.nextInt(100_000));
            case 4 -> {
                if (!files.isEmpty()) {
                    Posix.link(bytes(path), bytes(files.get(random.nextInt(files.size()))));
                }
                return; // what it has, it has of the other
            }
            default -> {
                write(path);
                files.add(path);
            }
        }
        set(path);
    }

    private void write(String path) throws IOException {
        Path file = DiskNames.resolve(root, path);
        byte[] content = new byte[random.nextInt(5) == 0 ? 0 : random.nextInt(150_000)];
        if (random.nextInt(3) > 0) {
            random.nextBytes(content);
        }
        Files.write(file, content);
        if (random.nextInt(6) == 0) {
            try (FileChannel sparse = FileChannel.open(file, StandardOpenOption.WRITE)) {
                sparse.write(ByteBuffer.allocate(1), content.length + 1_000_000L + random.nextInt(1000));
            }
        }
    }

    /** Owner, mode, attributes, time. */
    private void set(String path) throws IOException {
        byte[] bytes = bytes(path);
        Posix.Status status = java.util.Objects.requireNonNull(Posix.status(bytes));
        Posix.owner(bytes, random.nextInt(3) == 0 ? 0 : random.nextInt(70_000), random.nextInt(3) * 1000L);
        boolean link = status.type() == 0120000;
        if (!link) {
            Posix.mode(bytes, random.nextInt(4) == 0 ? random.nextInt(010000) : 0644);
        }
        if (status.type() == 0100000) {
            if (random.nextInt(6) == 0) {
                Posix.setXattr(bytes, "security.capability", CAPABILITY);
            }
            if (random.nextInt(6) == 0) {
                byte[] value = new byte[random.nextInt(50)];
                random.nextBytes(value);
                Posix.setXattr(bytes, "user.random", value);
            }
        }
        Posix.time(bytes, random.nextInt(2_000_000_000) - 100_000_000L, random.nextInt(1_000_000_000));
    }

    private void setFolders() throws IOException {
        for (String path : folders.reversed()) {
            if (!path.isEmpty()) {
                set(path);
            }
        }
    }

    /** Removes, adds, rewrites and touches at random. */
    void change() throws IOException {
        RootFolder inside = new RootFolder(root);
        for (int i = 0; i < 40; i++) {
            switch (random.nextInt(5)) {
                case 0 -> {
                    String path = files.remove(random.nextInt(files.size()));
                    inside.remove(path, java.util.Objects.requireNonNull(inside.status(path)));
                }
                case 1 -> {
                    String path = files.get(random.nextInt(files.size()));
                    set(path);
                }
                case 2 -> {
                    // Something else under the same name.
                    String path = files.remove(random.nextInt(files.size()));
                    inside.remove(path, java.util.Objects.requireNonNull(inside.status(path)));
                    Posix.directory(bytes(path), 0700);
                    Files.writeString(DiskNames.resolve(root, path + "/inside"), "inside", StandardCharsets.UTF_8);
                }
                case 3 -> {
                    String path = files.get(random.nextInt(files.size()));
                    Files.write(DiskNames.resolve(root, path), new byte[random.nextInt(1000)]);
                }
                default -> add();
            }
        }
        String gone = folders.get(1);
        inside.remove(gone, java.util.Objects.requireNonNull(inside.status(gone)));
    }

    /** Everything that a tree tells, a line an entry; entries of one file name the first of them. */
    static List<String> told(Tree tree, boolean times) throws IOException {
        List<String> lines = new ArrayList<>();
        tell(tree, "", new TreeMap<>(), times, lines);
        return lines;
    }

    private static void tell(Tree tree, String folder, Map<String, String> links, boolean times, List<String> lines)
            throws IOException {
        for (Map.Entry<String, Node> child : tree.children(folder).entrySet()) {
            String path = TreePath.join(folder, child.getKey());
            Node node = child.getValue();
            lines.add(Names.shown(path) + " " + line(tree, path, node, links) + metadata(node, times));
            if (node instanceof Node.Directory) {
                tell(tree, path, links, times, lines);
            }
        }
    }

    private static String line(Tree tree, String path, Node node, Map<String, String> links) throws IOException {
        return switch (node) {
            case Node.Directory _ -> "folder";
            case Node.SymbolicLink link -> "link to " + Names.shown(link.target());
            case Node.Device device -> "device " + device.block() + " " + device.major() + "," + device.minor();
            case Node.Fifo _ -> "fifo";
            case Node.RegularFile file -> {
                String first = file.link() == null ? path : links.computeIfAbsent(file.link(), link -> path);
                try (InputStream in = tree.open(path)) {
                    yield "file of " + file.size() + " " + Digest.sha256(in.readAllBytes())
                            + (first.equals(path) ? "" : " same as " + Names.shown(first));
                }
            }
        };
    }

    private static String metadata(Node node, boolean times) {
        Metadata metadata = node.metadata();
        SortedMap<String, Bytes> kept = Xattrs.withKept(metadata).xattrs();
        return " " + (node instanceof Node.SymbolicLink ? "" : Integer.toOctalString(metadata.mode())) + " "
                + metadata.uid() + ":" + metadata.gid() + " " + kept
                + (times ? " " + metadata.seconds() + "." + metadata.nanoseconds() : "");
    }
}
