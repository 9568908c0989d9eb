package dev.strata.sandbox;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;

/** On a file system of its own, in a file. */
final class BtrfsSnapshotsTest extends SnapshotsContract {
    private Path place = Path.of("");

    @Override
    String driver() {
        return "btrfs";
    }

    @Override
    Path place() throws IOException {
        if (place.toString().isEmpty()) {
            place = Files.createDirectory(temporary.resolve("btrfs"));
            Path file = temporary.resolve("disk");
            try (RandomAccessFile disk = new RandomAccessFile(file.toFile(), "rw")) {
                disk.setLength(256L << 20);
            }
            try {
                Program.run(List.of("mkfs.btrfs", "-q", file.toString()));
                Program.run(List.of("mount", "-o", "loop", file.toString(), place.toString()));
            } catch (IOException e) {
                Files.delete(place);
                Assumptions.abort("no btrfs here: " + e.getMessage());
            }
        }
        return place;
    }

    @Override
    @BeforeEach
    void open() throws IOException {
        super.open();
    }

    @Override
    @AfterEach
    void close() throws IOException {
        if (Files.exists(place) && !place.toString().isEmpty()) {
            super.close();
            Program.run(List.of("umount", place.toString()));
        }
    }
}
