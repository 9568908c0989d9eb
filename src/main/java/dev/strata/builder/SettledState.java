package dev.strata.builder;

import com.fasterxml.jackson.databind.JsonNode;
import dev.strata.image.Digest;
import dev.strata.image.Json;
import dev.strata.sandbox.Disk;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What of a state folder is known to be on the disk. What a process has written outlives it, but not a machine that loses
 * its power: a blob that was just given its name may then be cut short or full of zeros. Nobody waits for the disk when
 * something is named; instead the file {@code settled} holds a start of the machine and a time before which, in that
 * start, all was on the disk. A run after another start checks what is newer, and removes what is damaged.
 *
 * <p>In a pod, whose state ends with it, there is neither anything to check nor anything to wait for.
 */
final class SettledState implements AutoCloseable {
    /** By then the kernel has written nearly all by itself, and to make sure of it costs next to nothing. */
    private static final Duration OLD = Duration.ofMinutes(1);

    /** How far the time of a file may be behind the clock. */
    private static final Duration COARSE = Duration.ofSeconds(2);

    private final Path state;
    private final String boot;
    private final Clock clock;
    private boolean over;

    SettledState(Path state, String boot, Clock clock) {
        this.state = state;
        this.boot = boot;
        this.clock = clock;
    }

    /** Begins a run: afterwards every blob and record in the folder is whole. It ends when the answer is closed. */
    static SettledState begin(Path state) throws IOException {
        String boot =
                Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
        SettledState run = new SettledState(state, boot, Clock.systemUTC());
        run.begin();
        return run;
    }

    /** @param until whatever is older is on the disk */
    private record Mark(String boot, Instant until) {
        static final Mark UNKNOWN = new Mark("", Instant.EPOCH);

        static Mark read(Path file) throws IOException {
            try {
                String[] words = Files.readString(file).strip().split(" ");
                return words.length == 2 && words[1].matches("[0-9]{1,15}")
                        ? new Mark(words[0], Instant.ofEpochMilli(Long.parseLong(words[1])))
                        : UNKNOWN;
            } catch (NoSuchFileException e) {
                return UNKNOWN;
            }
        }
    }

    @Nullable
    Thread begin() throws IOException {
        Instant now = clock.instant();
        Mark mark = Files.isDirectory(blobs()) ? Mark.read(file()) : new Mark(boot, now);
        if (!mark.boot().equals(boot)) {
            removeDamaged(mark.until().minus(COARSE));
        }
        write(new Mark(boot, mark.until()));
        return mark.until().plus(OLD).isBefore(now)
                ? Thread.ofPlatform().daemon().name("settle").start(() -> settle(now))
                : null;
    }

    private Path blobs() {
        return state.resolve("store/blobs");
    }

    private Path file() {
        return state.resolve("settled");
    }

    /** Beside whatever the run does. If that ends first, a later run does it. */
    private void settle(Instant until) {
        try {
            Disk.settle(state);
            writeUnlessOver(new Mark(boot, until));
        } catch (IOException e) {
            // The older mark holds, and more is checked after the next start.
        }
    }

    private synchronized void writeUnlessOver(Mark mark) throws IOException {
        if (!over) {
            write(mark);
        }
    }

    /** From now on nothing is written: the folder may be somebody else's, or gone. */
    @Override
    public synchronized void close() {
        over = true;
    }

    private void write(Mark mark) throws IOException {
        Path part = Files.createTempFile(state, "settled", ".part");
        Files.writeString(part, mark.boot() + " " + mark.until().toEpochMilli() + "\n");
        Files.move(part, file(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private void removeDamaged(Instant since) throws IOException {
        for (Path algorithm : files(blobs())) {
            for (Path blob : newer(files(algorithm), since)) {
                removeUnless(blob, isWhole(blob, algorithm.getFileName() + ":" + blob.getFileName()));
            }
        }
        for (Path record : newer(files(state.resolve("records")), since)) {
            removeUnless(record, isDocument(record));
        }
        for (Path index : newer(files(state.resolve("indexes")), since)) {
            removeUnless(index, false); // is read from its layer again
        }
    }

    private static void removeUnless(Path file, boolean whole) throws IOException {
        if (!whole) {
            Files.deleteIfExists(file);
        }
    }

    private static boolean isWhole(Path blob, String digest) throws IOException {
        Digest name = Digest.parse(digest);
        MessageDigest hash = name.verifier();
        try (OutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), hash)) {
            Files.copy(blob, out);
        } catch (NoSuchFileException e) {
            return true; // somebody else has removed it
        }
        return name.matches(hash);
    }

    /** A document that was cut or overwritten with zeros is none. */
    private static boolean isDocument(Path record) throws IOException {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(record);
        } catch (NoSuchFileException e) {
            return true; // somebody else has removed it
        }
        try {
            return Json.read(bytes, JsonNode.class).isObject();
        } catch (IOException e) {
            return false;
        }
    }

    private static List<Path> newer(List<Path> files, Instant since) throws IOException {
        return files.stream().filter(file -> isNewer(file, since)).toList();
    }

    private static boolean isNewer(Path file, Instant since) {
        try {
            return Files.isRegularFile(file)
                    && !Files.getLastModifiedTime(file).toInstant().isBefore(since);
        } catch (IOException e) {
            return false; // somebody else has removed it
        }
    }

    private static List<Path> files(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(folder)) {
            return all.sorted().toList();
        }
    }
}
