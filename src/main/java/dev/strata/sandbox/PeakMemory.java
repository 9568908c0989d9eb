package dev.strata.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How much memory a command took: what the kernel has noted of the processes that ended (wait4(2), {@code ru_maxrss}),
 * asked for by GNU time. A cgroup would tell of all processes together, but in a pod there is none to be made; so this
 * is told everywhere, and means the same everywhere.
 */
final class PeakMemory {
    private PeakMemory() {}

    /** Words to put before a program; none where there is no GNU time. Its exit code stays what it is. */
    static List<String> measuring(Path file) {
        Path time = Program.find("time");
        return time == null ? List.of() : List.of(time.toString(), "--quiet", "--format=%M", "--output=" + file, "--");
    }

    /** Bytes; null where nothing was measured. */
    static @Nullable Long read(Path file) throws IOException {
        if (!Files.exists(file)) {
            return null;
        }
        String kibibytes = Files.readString(file).strip();
        return kibibytes.matches("\\d{1,15}") ? Long.valueOf(Long.parseLong(kibibytes) * 1024) : null;
    }
}
