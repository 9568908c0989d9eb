package dev.strata.builder;

import dev.strata.graph.CacheKey;
import dev.strata.graph.CacheRecord;
import dev.strata.graph.Contents;
import dev.strata.image.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Records of finished steps as files, in a folder that many builds may use at once: a record appears whole or not at all.
 * The time of a file is that of its last use, by which a clean-up goes.
 */
final class RecordFolder {
    private final Path folder;
    private final Clock clock;
    private final Consumer<Exception> trouble;

    /**
     * @param folder made when absent
     * @param trouble is told of files that cannot be read or written; none of them is a failure
     */
    RecordFolder(Path folder, Clock clock, Consumer<Exception> trouble) throws IOException {
        this.folder = Files.createDirectories(folder);
        this.clock = clock;
        this.trouble = trouble;
    }

    Optional<CacheRecord> find(CacheKey key) {
        return used("step-" + key.hex(), CacheRecord.class)
                .filter(record -> record.key().equals(key));
    }

    /** @param slot as a file's name */
    Optional<CacheRecord> latest(String slot) {
        return read("slot-" + slot, CacheRecord.class);
    }

    void put(CacheRecord record, String slot) {
        write("step-" + record.key().hex(), record);
        write("slot-" + slot, record);
    }

    Optional<Contents> contents(CacheKey key) {
        return used("files-" + key.hex(), Contents.class);
    }

    void putContents(CacheKey key, Contents contents) {
        write("files-" + key.hex(), contents);
    }

    private <T> Optional<T> used(String name, Class<T> type) {
        Optional<T> found = read(name, type);
        if (found.isPresent()) {
            touch(name);
        }
        return found;
    }

    private <T> Optional<T> read(String name, Class<T> type) {
        Path file = folder.resolve(name);
        try {
            return Files.isRegularFile(file)
                    ? Optional.of(Json.read(Files.readAllBytes(file), type))
                    : Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.empty(); // removed by a clean-up just now
        } catch (IOException e) {
            trouble.accept(e); // a record that cannot be read is no record
            return Optional.empty();
        }
    }

    private void touch(String name) {
        try {
            Files.setLastModifiedTime(folder.resolve(name), FileTime.from(clock.instant()));
        } catch (NoSuchFileException e) {
            // removed by a clean-up just now
        } catch (IOException e) {
            trouble.accept(e);
        }
    }

    private void write(String name, Object value) {
        try {
            Path part = Files.createTempFile(folder, "record", ".part");
            Files.write(part, Json.bytes(value));
            Files.move(part, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            trouble.accept(e);
        }
    }
}
