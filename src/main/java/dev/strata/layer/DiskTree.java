package dev.strata.layer;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A folder on disk, as it is when it is looked at; nothing is remembered. Needs {@code unix:} attributes, which every
 * Unix has. Links are not followed, not even one that stands where a directory of a path should be: what is behind such
 * a link is not there. The folder itself may be named by a link.
 */
public final class DiskTree implements Tree {
    private static final String ATTRIBUTES = "unix:mode,ino,dev,rdev,nlink,uid,gid,size,lastModifiedTime";
    private static final int TYPE = 0170000;
    private static final int DIRECTORY = 0040000;
    private static final int REGULAR = 0100000;
    private static final int LINK = 0120000;
    private static final int BLOCK = 0060000;
    private static final int CHARACTER = 0020000;
    private static final int FIFO = 0010000;
    private static final int SOCKET = 0140000;

    private final Path root;
    private final boolean socketsAreFiles;

    public DiskTree(Path root) throws IOException {
        this(root, false);
    }

    private DiskTree(Path root, boolean socketsAreFiles) throws IOException {
        this.root = root.toRealPath();
        this.socketsAreFiles = socketsAreFiles;
    }

    /**
     * A build context, in which a socket is an empty file: so docker's client sends it, and a COPY that names one must find
     * something. In all other trees a socket is not there.
     */
    public static DiskTree ofContext(Path root) throws IOException {
        return new DiskTree(root, true);
    }

    /** The folder, free of links. */
    public Path root() {
        return root;
    }

    /** Where an entry is on disk, whether or not it is there. */
    public Path path(String path) {
        return DiskNames.resolve(root, path);
    }

    @Override
    public @Nullable Node find(String path) throws IOException {
        return isBelowDirectories(path) ? node(path(path), path) : null;
    }

    @Override
    public SortedMap<String, Node> children(String path) throws IOException {
        SortedMap<String, Node> children = new TreeMap<>(Names.ORDER);
        Path folder = path(path);
        if (!isBelowDirectories(path) || !Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            return children;
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            for (Path entry : entries) {
                String name = DiskNames.name(entry);
                Node node = node(entry, path.isEmpty() ? name : path + "/" + name);
                if (node != null) {
                    children.put(name, node);
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        } catch (NoSuchFileException | NotDirectoryException e) {
            children.clear(); // Gone since it was looked at.
        }
        return children;
    }

    @Override
    public InputStream open(String path) throws IOException {
        if (!isBelowDirectories(path)) {
            throw new NoSuchFileException(Names.shown(path));
        }
        try {
            return Files.newInputStream(path(path), LinkOption.NOFOLLOW_LINKS);
        } catch (FileSystemException e) {
            if (socketsAreFiles && isSocket(path(path))) {
                return InputStream.nullInputStream();
            }
            throw e;
        }
    }

    private static boolean isSocket(Path file) throws IOException {
        return ((Integer) Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS) & TYPE) == SOCKET;
    }

    /** Asks for the real path, since one call of the system library is far cheaper than one look at each directory. */
    private boolean isBelowDirectories(String path) throws IOException {
        int slash = path.lastIndexOf('/');
        if (slash < 0) {
            return true;
        }
        Path parent = path(path.substring(0, slash));
        try {
            return parent.toRealPath().equals(parent);
        } catch (NoSuchFileException e) {
            return false;
        } catch (FileSystemException e) {
            return eachIsDirectory(path); // A file where a directory should be, links in a circle, or real trouble.
        }
    }

    private boolean eachIsDirectory(String path) throws IOException {
        for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
            Path directory = path(path.substring(0, slash));
            try {
                if (!Files.readAttributes(directory, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                        .isDirectory()) {
                    return false;
                }
            } catch (NoSuchFileException e) {
                return false;
            }
        }
        return true;
    }

    private @Nullable Node node(Path file, String path) throws IOException {
        Map<String, Object> attributes;
        try {
            attributes = Files.readAttributes(file, ATTRIBUTES, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return null;
        }
        int mode = number(attributes, "mode").intValue();
        return switch (mode & TYPE) {
            case DIRECTORY -> new Node.Directory(metadata(attributes, path));
            case REGULAR ->
                new Node.RegularFile(
                        metadata(attributes, path), number(attributes, "size").longValue(), link(attributes));
            case LINK -> new Node.SymbolicLink(metadata(attributes, path), DiskNames.target(file));
            case BLOCK, CHARACTER -> {
                long device = number(attributes, "rdev").longValue();
                yield new Node.Device(metadata(attributes, path), (mode & TYPE) == BLOCK, major(device), minor(device));
            }
            case FIFO -> new Node.Fifo(metadata(attributes, path));
            case SOCKET -> socketsAreFiles ? new Node.RegularFile(metadata(attributes, path), 0, null) : null;
            default -> null;
        };
    }

    private Metadata metadata(Map<String, Object> attributes, String path) throws IOException {
        Instant time = ((FileTime) attribute(attributes, "lastModifiedTime")).toInstant();
        return new Metadata(
                number(attributes, "mode").intValue() & 07777,
                Integer.toUnsignedLong(number(attributes, "uid").intValue()),
                Integer.toUnsignedLong(number(attributes, "gid").intValue()),
                time.getEpochSecond(),
                time.getNano(),
                Xattrs.read(DiskNames.bytes(root, path)));
    }

    private static @Nullable String link(Map<String, Object> attributes) {
        return number(attributes, "nlink").longValue() > 1
                ? number(attributes, "dev").longValue() + ":"
                        + number(attributes, "ino").longValue()
                : null;
    }

    private static Number number(Map<String, Object> attributes, String name) {
        return (Number) attribute(attributes, name);
    }

    private static Object attribute(Map<String, Object> attributes, String name) {
        Object value = attributes.get(name);
        if (value == null) {
            throw new IllegalStateException("the file system tells no " + name);
        }
        return value;
    }

    /** As glibc's {@code gnu_dev_major} takes a device number apart. */
    private static long major(long device) {
        return ((device >>> 8) & 0xFFF) | ((device >>> 32) & ~0xFFFL);
    }

    private static long minor(long device) {
        return (device & 0xFF) | ((device >>> 12) & ~0xFFL);
    }
}
