package dev.strata.builder;

import dev.strata.builder.Retention.Cleaning;
import dev.strata.builder.Retention.Item;
import dev.strata.graph.CacheRecord;
import dev.strata.image.Digest;
import dev.strata.image.Json;
import dev.strata.layer.Removal;
import dev.strata.sandbox.Drivers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Looks through a state folder and removes from it, while no build uses it: records, blobs, what is in layers, unpacked
 * layers, and the folders of {@code RUN --mount=type=cache}. Through a volume with steps it also goes while builds use it.
 */
public final class StateCleaner implements AutoCloseable {
    /** What is written for so long is written no more. */
    private static final Duration ABANDONED = Duration.ofDays(1);

    private final Path state;
    private final @Nullable StateLock lock;
    private Instant planned = Instant.MAX;

    /**
     * Takes the folder for itself.
     *
     * @throws IOException where a build uses it
     */
    public StateCleaner(Path state) throws IOException {
        this(state, StateLock.alone(state));
    }

    private StateCleaner(Path state, @Nullable StateLock lock) {
        this.state = state;
        this.lock = lock;
    }

    /** For a folder that builds go on to use: what they use after the plan was made stays, whatever the plan says. */
    static StateCleaner besideOthers(Path folder) {
        return new StateCleaner(folder, null);
    }

    /** Decides, and removes nothing. */
    public Cleaning plan(Retention retention, Instant now) throws IOException {
        planned = Instant.now();
        List<Item> items = new ArrayList<>();
        Set<String> inRecords = new HashSet<>();
        for (Path file : files("records")) {
            if (file.toString().endsWith(".part") && isBeingWritten(file)) {
                continue;
            }
            Item item = record(file);
            items.add(item);
            inRecords.addAll(item.contents().keySet());
        }
        for (Path file : files("store/blobs/sha256")) {
            String name = "sha256:" + file.getFileName();
            if (!inRecords.contains(name)) {
                items.add(plain("blob", name, file));
            }
        }
        for (Path file : files("indexes")) {
            items.add(plain("index", "index-" + file.getFileName(), file));
        }
        for (Drivers.Named snapshot : Drivers.named(state.resolve("snapshots"))) {
            items.add(new Item(
                    "snapshot",
                    snapshot.driver() + "/" + snapshot.name(),
                    "an unpacked layer",
                    List.of(),
                    Map.of(snapshot.driver() + "/" + snapshot.folder().getFileName(), size(snapshot.folder())),
                    snapshot.used()));
        }
        for (Path folder : files("caches")) {
            if (folder.endsWith(CacheFolders.LOCKS)) {
                continue;
            }
            items.add(new Item(
                    "mount",
                    "mount-" + folder.getFileName(),
                    "RUN --mount=type=cache",
                    List.of(),
                    Map.of("caches/" + folder.getFileName(), size(folder)),
                    used(folder)));
        }
        return retention.of(items, now);
    }

    private static Item plain(String kind, String name, Path file) throws IOException {
        return new Item(kind, name, "", List.of(), Map.of(name, bytes(file)), used(file));
    }

    private static Item record(Path file) throws IOException {
        String name = file.getFileName().toString();
        String kind = name.contains("-") ? name.substring(0, name.indexOf('-')) : "part";
        if (kind.equals("step") || kind.equals("slot")) {
            try {
                CacheRecord record = Json.read(Files.readAllBytes(file), CacheRecord.class);
                List<String> needs = new ArrayList<>();
                if (kind.equals("slot")) {
                    needs.add("step-" + record.key().hex());
                } else {
                    record.needs().forEach(key -> needs.add("step-" + key.hex()));
                    needs.add("index-" + record.made().layer().diffId().hex());
                }
                Digest layer = record.made().layer().blob().digest();
                Map<String, Long> contents = kind.equals("slot")
                        ? Map.of()
                        : Map.of(layer.toString(), record.made().layer().blob().size());
                return new Item(kind, name, words(record), needs, contents, used(file));
            } catch (IOException e) {
                return plain("damaged", name, file); // a record that cannot be read is no record
            }
        }
        return plain(kind, name, file);
    }

    /** A record in a few words: the step's place and what it did. */
    static String words(CacheRecord record) {
        return record.slot() + " " + record.ingredients().getOrDefault("instruction", "");
    }

    private List<Path> files(String folder) throws IOException {
        Path place = state.resolve(folder);
        if (!Files.isDirectory(place)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(place)) {
            return all.sorted().toList();
        }
    }

    /** Long ago where it is gone: others may clean up at the same time. */
    private static Instant used(Path file) throws IOException {
        try {
            return Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toInstant();
        } catch (NoSuchFileException e) {
            return Instant.EPOCH;
        }
    }

    private static long bytes(Path file) throws IOException {
        try {
            return Files.size(file);
        } catch (NoSuchFileException e) {
            return 0;
        }
    }

    private static long size(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return 0; // removed by hand
        }
        try (Stream<Path> all = Files.walk(folder)) {
            long sum = 0;
            for (Path path : (Iterable<Path>) all::iterator) {
                BasicFileAttributes attributes =
                        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
                sum += attributes.isRegularFile() ? attributes.size() : 0;
            }
            return sum;
        }
    }

    /** Removes what goes, and what killed builds left behind. */
    public void carryOut(Cleaning cleaning) throws IOException {
        Set<String> needed = new HashSet<>();
        cleaning.stays().forEach(item -> needed.addAll(item.contents().keySet()));
        for (Item item : cleaning.goes()) {
            switch (item.kind()) {
                case "blob" -> removeBlob(item.name());
                case "index" ->
                    Files.deleteIfExists(
                            state.resolve("indexes").resolve(item.name().substring("index-".length())));
                case "mount" ->
                    Removal.of(state.resolve("caches").resolve(item.name().substring("mount-".length())));
                case "snapshot" -> {
                    int slash = item.name().indexOf('/');
                    Drivers.remove(
                            state.resolve("snapshots"),
                            item.name().substring(0, slash),
                            item.name().substring(slash + 1));
                }
                default -> {
                    remove(state.resolve("records").resolve(item.name()));
                    for (String content : item.contents().keySet()) {
                        if (content.startsWith("sha256:") && !needed.contains(content)) {
                            removeBlob(content);
                        }
                    }
                }
            }
        }
        removeLeftovers();
    }

    private void removeBlob(String digest) throws IOException {
        remove(state.resolve("store/blobs/sha256").resolve(digest.substring("sha256:".length())));
    }

    private void remove(Path file) throws IOException {
        if (lock != null || !used(file).isAfter(planned)) {
            Files.deleteIfExists(file);
        }
    }

    private boolean isBeingWritten(Path file) throws IOException {
        return lock == null && used(file).plus(ABANDONED).isAfter(planned);
    }

    /** Where no build is at work, whatever is unfinished stays so; otherwise what nobody has written to for long. */
    private void removeLeftovers() throws IOException {
        for (String folder : List.of("store/incoming", "spool")) {
            for (Path left : files(folder)) {
                if (!isBeingWritten(left)) {
                    Removal.of(left);
                }
            }
        }
        for (Path left : files("")) {
            if (left.getFileName().toString().matches("build\\d+")) {
                Removal.of(left);
            }
        }
    }

    @Override
    public void close() throws IOException {
        if (lock != null) {
            lock.close();
        }
    }
}
