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
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A folder on disk, as it is when it is looked at; nothing is remembered. Links are not followed, not even one that stands where a directory of a path should be: what is behind such
 * a link is not there. The folder itself may be named by a link.
 */
public final class DiskTree implements Tree {
    private static final int SOCKET = 0140000;

    private final Path root;
    private final byte[] rootName;
    private final boolean socketsAreFiles;
    private final boolean canOpen;

    public DiskTree(Path root) throws IOException {
        this(root, false, Posix.canOpen());
    }

    /** @param canOpen whether {@link Posix#open} can be used */
    DiskTree(Path root, boolean socketsAreFiles, boolean canOpen) throws IOException {
        this.root = root.toRealPath();
        this.rootName = DiskNames.bytes(this.root);
        this.socketsAreFiles = socketsAreFiles;
        this.canOpen = canOpen;
    }

    /**
     * A build context, in which a socket is an empty file: so docker's client sends it, and a COPY that names one must find
     * something. In all other trees a socket is not there.
     */
    public static DiskTree ofContext(Path root) throws IOException {
        return new DiskTree(root, true, Posix.canOpen());
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
        return isBelowDirectories(path) ? node(path) : null;
    }

    @Override
    public SortedMap<String, Node> children(String path) throws IOException {
        SortedMap<String, Node> children = new TreeMap<>(Names.ORDER);
        Posix.Status status = isBelowDirectories(path) ? Posix.status(bytes(path)) : null;
        if (status == null || !status.isDirectory()) {
            return children;
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(path(path))) {
            for (Path entry : entries) {
                String name = DiskNames.name(entry);
                Node node = node(TreePath.join(path, name));
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
        try {
            if (canOpen) {
                return new DiskFile(bytes(path));
            }
            if (isBelowDirectories(path)) {
                return Files.newInputStream(path(path), LinkOption.NOFOLLOW_LINKS);
            }
        } catch (PosixException | FileSystemException e) {
            if (socketsAreFiles && isSocket(path)) {
                return InputStream.nullInputStream();
            }
            if (!(e instanceof PosixException trouble) || !isNoWay(trouble)) {
                throw e;
            }
        }
        throw new NoSuchFileException(Names.shown(path));
    }

    private static boolean isNoWay(PosixException e) {
        return e.isAbsence() || e.errno() == PosixException.ELOOP;
    }

    private boolean isSocket(String path) throws IOException {
        Posix.Status status = Posix.status(bytes(path));
        return status != null && status.type() == SOCKET;
    }

    private boolean isBelowDirectories(String path) throws IOException {
        if (path.indexOf('/') < 0) {
            return true;
        }
        if (!canOpen) {
            return eachIsDirectory(path);
        }
        try {
            // The slash: only a directory has what is behind it.
            Posix.close(Posix.open(bytes(TreePath.parent(path) + "/"), Posix.ONLY_PATH));
            return true;
        } catch (PosixException e) {
            if (isNoWay(e)) {
                return false;
            }
            throw e;
        }
    }

    private boolean eachIsDirectory(String path) throws IOException {
        for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
            Posix.Status status = Posix.status(bytes(path.substring(0, slash)));
            if (status == null || !status.isDirectory()) {
                return false;
            }
        }
        return true;
    }

    /** For calls of the system. */
    byte[] bytes(String path) {
        return DiskNames.bytes(rootName, path);
    }

    private @Nullable Node node(String path) throws IOException {
        byte[] file = bytes(path);
        Posix.Status status = Posix.status(file);
        if (status == null) {
            return null;
        }
        return switch (status.type()) {
            case Posix.DIRECTORY -> new Node.Directory(metadata(status, file));
            case Posix.REGULAR -> new Node.RegularFile(metadata(status, file), status.size(), link(status));
            case Posix.SYMBOLIC_LINK -> new Node.SymbolicLink(metadata(status, file), DiskNames.target(path(path)));
            case Posix.BLOCK_DEVICE -> new Node.Device(metadata(status, file), true, status.major(), status.minor());
            case Posix.CHARACTER_DEVICE ->
                new Node.Device(metadata(status, file), false, status.major(), status.minor());
            case Posix.FIFO -> new Node.Fifo(metadata(status, file));
            case SOCKET -> socketsAreFiles ? new Node.RegularFile(metadata(status, file), 0, null) : null;
            default -> null;
        };
    }

    private static Metadata metadata(Posix.Status status, byte[] file) throws IOException {
        return new Metadata(
                status.mode() & 07777,
                status.uid(),
                status.gid(),
                status.seconds(),
                status.nanoseconds(),
                Xattrs.read(file));
    }

    private static @Nullable String link(Posix.Status status) {
        return status.links() > 1 ? status.fileSystem() + ":" + status.file() : null;
    }
}
