package dev.strata.sandbox;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The folders of a driver, which several runs of Strata share:
 *
 * <pre>
 *   folders/RUN-NUMBER   whatever a run makes; the run alone may change it
 *   names/NAME           a link to a folder that is finished and stays; from then on nobody changes that folder
 *   runs/RUN             a file that its run keeps locked while it lives
 * </pre>
 *
 * A folder without a name whose run is dead is of no use to anyone and is removed when the next run begins.
 */
final class StateFolder implements AutoCloseable {
    /** Tells the runs of this process, whose locks the system would not keep apart. */
    private static final String PROCESS = UUID.randomUUID().toString().substring(0, 8);

    private static final AtomicInteger RUNS = new AtomicInteger();

    private final Path folders;
    private final Path names;
    private final Path runs;
    private final Folders kind;
    private final String run = PROCESS + "." + RUNS.incrementAndGet();
    private final AtomicInteger made = new AtomicInteger();
    private final FileChannel lock;

    /** How folders are made and removed. */
    interface Folders {
        void make(Path folder) throws IOException;

        void remove(Path folder) throws IOException;
    }

    /** Begins a run: what dead ones left unfinished is removed. */
    StateFolder(Path folder, Folders kind) throws IOException {
        this.folders = Files.createDirectories(folder.resolve("folders"));
        this.names = Files.createDirectories(folder.resolve("names"));
        this.runs = Files.createDirectories(folder.resolve("runs"));
        this.kind = kind;
        this.lock = lock();
        removeUnfinished();
    }

    /** The file gets its name when it is locked, so that nobody takes this run for a dead one. */
    private FileChannel lock() throws IOException {
        Path early = runs.resolve("." + run);
        FileChannel channel = FileChannel.open(early, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        channel.lock();
        Files.move(early, runs.resolve(run));
        return channel;
    }

    /** A new empty folder; it is removed at the end unless it gets a name. */
    Path make() throws IOException {
        Path folder = folders.resolve(run + "-" + made.incrementAndGet());
        kind.make(folder);
        return folder;
    }

    /** Where a new folder may be made by other means than {@link #make}. */
    Path unused() {
        return folders.resolve(run + "-" + made.incrementAndGet());
    }

    /** The finished folder of a name; null where there is none. */
    @Nullable
    Path find(String name) throws IOException {
        Path link = names.resolve(name);
        try {
            Path folder = folders.resolve(Files.readSymbolicLink(link).getFileName());
            if (Files.isDirectory(folder)) {
                return folder;
            }
        } catch (NoSuchFileException e) {
            return null;
        }
        Files.deleteIfExists(link); // Someone has removed the folder by hand.
        return null;
    }

    /** Gives a finished folder a name; where another run was first, its folder has the name and is the answer. */
    Path name(String name, Path folder) throws IOException {
        try {
            Files.createSymbolicLink(
                    names.resolve(name), Path.of("..", "folders").resolve(folder.getFileName()));
            return folder;
        } catch (FileAlreadyExistsException e) {
            Path first = find(name);
            return first == null ? name(name, folder) : first;
        }
    }

    /** Removes a folder of this run that has no name. */
    void remove(Path folder) throws IOException {
        kind.remove(folder);
    }

    private void removeUnfinished() throws IOException {
        for (String dead : entries(runs)) {
            if (dead.startsWith(".") || dead.startsWith(PROCESS + ".")) {
                continue;
            }
            try (FileChannel channel = FileChannel.open(runs.resolve(dead), StandardOpenOption.WRITE)) {
                FileLock free = channel.tryLock();
                if (free != null) {
                    removeUnnamed(dead);
                    Files.deleteIfExists(runs.resolve(dead));
                }
            } catch (NoSuchFileException e) {
                // It has just ended by itself, or another run has cleaned up after it.
            }
        }
    }

    private void removeUnnamed(String ofRun) throws IOException {
        Set<String> named = new HashSet<>();
        for (String name : entries(names)) {
            named.add(Files.readSymbolicLink(names.resolve(name)).getFileName().toString());
        }
        for (String folder : entries(folders)) {
            if (folder.startsWith(ofRun + "-") && !named.contains(folder)) {
                kind.remove(folders.resolve(folder));
            }
        }
    }

    private static List<String> entries(Path folder) throws IOException {
        List<String> entries = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
            stream.forEach(entry -> entries.add(entry.getFileName().toString()));
        }
        return entries;
    }

    /** Ends the run: its folders without a name are removed. */
    @Override
    public void close() throws IOException {
        try (lock) {
            removeUnnamed(run);
            Files.deleteIfExists(runs.resolve(run));
        }
    }
}
