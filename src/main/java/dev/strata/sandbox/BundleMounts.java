package dev.strata.sandbox;

import dev.strata.layer.Posix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is mounted and served in a bundle's folder while its command runs. */
final class BundleMounts implements AutoCloseable {
    private final Path folder;
    private final Place place;
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private @Nullable Path secrets;
    private int made;

    BundleMounts(Path folder, Place place) {
        this.folder = folder;
        this.place = place;
    }

    private Path next(String kind) throws IOException {
        return Files.createDirectory(folder.resolve(kind + "-" + ++made));
    }

    /** A copy in memory only. */
    Path secret(Path source) throws IOException {
        Path in = secrets;
        if (in == null) {
            Path memory = next("secrets");
            long flags = Posix.NO_SETUID | Posix.NO_DEVICES | Posix.NO_EXECUTION;
            Posix.mount("tmpfs", memory, "tmpfs", flags, "mode=700");
            open.push(() -> Posix.unmount(memory, Posix.DETACH));
            secrets = in = memory;
        }
        return Files.copy(source, in.resolve(Integer.toString(++made)));
    }

    /** A file or folder that can be written to without a trace: by an overlay where that works, else by a copy. */
    Path discarded(Path source) throws IOException {
        Path own = next("discarded");
        if (Files.isDirectory(source)) {
            Path root = Files.createDirectory(own.resolve("root"));
            Path upper = Files.createDirectory(own.resolve("upper"));
            Path work = Files.createDirectory(own.resolve("work"));
            sameOwner(source, upper);
            try {
                new Overlay(place.userNamespace(), true).writable(List.of(source), upper, work, root);
                open.push(() -> Posix.unmount(root, Posix.DETACH));
                return root;
            } catch (IOException e) {
                // Too many overlays on top of each other, or a file system that cannot be below or above.
            }
        }
        Path copy = own.resolve("copy");
        Program.run(List.of("cp", "--archive", "--reflink=auto", source.toString(), copy.toString()));
        return copy;
    }

    private static void sameOwner(Path from, Path to) throws IOException {
        for (String name : List.of("unix:uid", "unix:gid", "unix:mode")) {
            Files.setAttribute(to, name, Files.getAttribute(from, name));
        }
        Files.setLastModifiedTime(to, Files.getLastModifiedTime(from));
    }

    /** A socket of the same service whose owner and mode can be chosen. */
    Path relayed(Path source) throws IOException {
        Path socket = next("socket").resolve("s");
        open.push(SocketRelay.open(socket, source));
        return socket;
    }

    @Override
    public void close() throws IOException {
        Exception first = null;
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception e) {
                first = first == null ? e : first;
            }
        }
        if (first != null) {
            throw new IOException("cannot clean up " + folder + ": " + first.getMessage(), first);
        }
    }
}
