package dev.strata.sandbox;

import dev.strata.layer.Removal;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The folders of a driver, which several runs of Strata share:
 *
 * <pre>
 *   folders/RUN-NUMBER   whatever a run makes; the run alone may change it
 *   fresh/BOOT/NAME      a link to a folder that is finished and stays; from then on nobody changes that folder
 *   names/NAME           the same, of a folder that is known to be on the disk
 *   runs/RUN             a file that its run keeps locked while it lives
 * </pre>
 *
 * A folder without a name whose run is dead is of no use to anyone and is removed when the next run begins.
 *
 * <p>What a process has written outlives that process, but not a machine that loses its power before the kernel has
 * brought it to the disk. To wait for the disk before a folder is named would slow every build, and most of all in pods,
 * whose state ends with them anyway. So a fresh name holds until the machine starts anew; a later run that finds it old
 * makes sure that all is on the disk, beside its work, and gives the folder a lasting name.
 */
final class StateFolder implements AutoCloseable {
    /** Tells the runs of this process, whose locks the system would not keep apart. */
    private static final String PROCESS = UUID.randomUUID().toString().substring(0, 8);

    /** How exactly times of use are noted. */
    private static final Duration USED = Duration.ofHours(1);

    private static final AtomicInteger RUNS = new AtomicInteger();

    /** By then the kernel has written nearly all by itself, and to make sure of it costs next to nothing. */
    private static final Duration OLD = Duration.ofMinutes(1);

    private final Path folders;
    private final Path names;
    private final Path fresh;
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
        this(
                folder,
                kind,
                Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip());
    }

    /** @param boot tells this start of the machine from all others */
    StateFolder(Path folder, Folders kind, String boot) throws IOException {
        this.folders = Files.createDirectories(folder.resolve("folders"));
        this.names = Files.createDirectories(folder.resolve("names"));
        this.fresh = Files.createDirectories(folder.resolve("fresh").resolve(boot));
        this.runs = Files.createDirectories(folder.resolve("runs"));
        this.kind = kind;
        this.lock = lock();
        synchronized (StateFolder.class) { // A process cannot lock a file twice.
            forgetEarlierBoots(boot);
            removeUnfinished();
        }
        keepOldNames();
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
        Path found = behind(fresh.resolve(name));
        return found != null ? found : behind(names.resolve(name));
    }

    private @Nullable Path behind(Path link) throws IOException {
        try {
            Path folder = folders.resolve(Files.readSymbolicLink(link).getFileName());
            if (Files.isDirectory(folder)) {
                touch(link);
                return folder;
            }
        } catch (NoSuchFileException e) {
            return null;
        }
        Files.deleteIfExists(link); // Someone has removed the folder by hand.
        return null;
    }

    /** The time of a link is that of its last use, by which a clean-up goes; a link's own time cannot be set. */
    private void touch(Path link) throws IOException {
        Instant made =
                Files.getLastModifiedTime(link, LinkOption.NOFOLLOW_LINKS).toInstant();
        if (made.plus(USED).isBefore(Instant.now())) {
            Path again = unused();
            Files.createSymbolicLink(again, Files.readSymbolicLink(link));
            Files.move(again, link, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    /** Gives a finished folder a name; where another run was first, its folder has the name and is the answer. */
    Path name(String name, Path folder) throws IOException {
        Path before = find(name);
        if (before != null) {
            return before;
        }
        try {
            Files.createSymbolicLink(
                    fresh.resolve(name), Path.of("..", "..", "folders").resolve(folder.getFileName()));
            return folder;
        } catch (FileAlreadyExistsException e) {
            return name(name, folder);
        }
    }

    /** The links of all names, lasting and fresh ones; of no run, and for a folder that no run uses. */
    static SortedMap<String, Path> links(Path place) throws IOException {
        SortedMap<String, Path> all = new TreeMap<>();
        List<Path> kinds = new ArrayList<>(List.of(place.resolve("names")));
        Path boots = place.resolve("fresh");
        for (String boot : Files.isDirectory(boots) ? entries(boots) : List.<String>of()) {
            kinds.add(boots.resolve(boot));
        }
        for (Path kind : kinds) {
            for (String name : Files.isDirectory(kind) ? entries(kind) : List.<String>of()) {
                all.put(name, kind.resolve(name));
            }
        }
        return all;
    }

    /** The folder that a link leads to, whether it is there or not. */
    static Path folder(Path place, Path link) throws IOException {
        return place.resolve("folders").resolve(Files.readSymbolicLink(link).getFileName());
    }

    /** Takes a name away, and the folder with the last of its names. */
    static void remove(Path place, String name, Folders kind) throws IOException {
        Set<Path> removed = new HashSet<>();
        for (Path link = links(place).get(name);
                link != null;
                link = links(place).get(name)) {
            removed.add(folder(place, link));
            Files.delete(link);
        }
        for (Path link : links(place).values()) {
            removed.remove(folder(place, link));
        }
        for (Path folder : removed) {
            if (Files.isDirectory(folder)) {
                kind.remove(folder);
            }
        }
    }

    /** Removes a folder of this run that has no name. */
    void remove(Path folder) throws IOException {
        kind.remove(folder);
    }

    private void forgetEarlierBoots(String boot) throws IOException {
        Path all = Objects.requireNonNull(fresh.getParent());
        for (String earlier : entries(all)) {
            if (!earlier.equals(boot)) {
                Removal.of(all.resolve(earlier));
            }
        }
    }

    private void removeUnfinished() throws IOException {
        for (String dead : entries(runs)) {
            if (dead.startsWith(".") || dead.startsWith(PROCESS + ".")) {
                continue;
            }
            try (FileChannel channel = FileChannel.open(runs.resolve(dead), StandardOpenOption.WRITE)) {
                if (channel.tryLock() != null) {
                    Files.deleteIfExists(runs.resolve(dead));
                }
            } catch (NoSuchFileException e) {
                // It has just ended by itself, or another run has cleaned up after it.
            }
        }
        // In this order: who is not living any more has given all its names, and who begins now has no folder here.
        List<String> there = entries(folders);
        Set<String> living = new HashSet<>(entries(runs));
        Set<String> named = named();
        for (String folder : there) {
            if (!named.contains(folder) && !living.contains(folder.substring(0, folder.lastIndexOf('-')))) {
                removeOfAnother(folder);
            }
        }
    }

    /** Another run may be about to do the same. */
    private void removeOfAnother(String folder) throws IOException {
        Path mine = unused();
        try {
            Files.move(folders.resolve(folder), mine);
        } catch (NoSuchFileException e) {
            return;
        }
        kind.remove(mine);
    }

    private Set<String> named() throws IOException {
        Set<String> named = new HashSet<>();
        for (Path links : List.of(fresh, names)) {
            for (String name : entries(links)) {
                try {
                    named.add(Files.readSymbolicLink(links.resolve(name))
                            .getFileName()
                            .toString());
                } catch (NoSuchFileException e) {
                    // It has moved from the fresh ones to the others, which are looked at next.
                }
            }
        }
        return named;
    }

    /** Makes names last beside whatever this run does. If it ends before that is done, another run does it. */
    private void keepOldNames() throws IOException {
        Instant before = Instant.now().minus(OLD);
        List<String> old = new ArrayList<>();
        for (String name : entries(fresh)) {
            Instant made = Files.getLastModifiedTime(fresh.resolve(name), LinkOption.NOFOLLOW_LINKS)
                    .toInstant();
            if (made.isBefore(before)) {
                old.add(name);
            }
        }
        if (!old.isEmpty()) {
            Thread.ofPlatform().daemon().name("names").start(() -> keep(old));
        }
    }

    private void keep(List<String> old) {
        try {
            Disk.settle(folders);
            for (String name : old) {
                if (!Files.exists(names.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
                    Path folder = Files.readSymbolicLink(fresh.resolve(name)).getFileName();
                    Files.createSymbolicLink(
                            names.resolve(name), Path.of("..", "folders").resolve(folder));
                    Files.delete(fresh.resolve(name));
                }
            }
        } catch (IOException e) {
            // They stay fresh: good until the machine starts anew, and a later run tries again.
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
            Set<String> named = named();
            for (String folder : entries(folders)) {
                if (folder.startsWith(run + "-") && !named.contains(folder)) {
                    kind.remove(folders.resolve(folder));
                }
            }
            Files.deleteIfExists(runs.resolve(run));
        }
    }
}
