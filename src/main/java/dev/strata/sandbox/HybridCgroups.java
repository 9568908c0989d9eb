package dev.strata.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A machine that has both versions of cgroups at once. crun refuses it when the second version holds a controller, even
 * where it is told to leave cgroups alone; so that mount is taken out of sight where crun runs.
 */
final class HybridCgroups {
    private static final Path UNIFIED = Path.of("/sys/fs/cgroup/unified");

    private HybridCgroups() {}

    /** Words to put before a program that has a mount namespace of its own; none on other machines. */
    static List<String> hiding() throws IOException {
        Path controllers = UNIFIED.resolve("cgroup.controllers");
        if (Files.isReadable(controllers) && !Files.readString(controllers).isBlank()) {
            return List.of("sh", "-c", "umount -l " + UNIFIED + " && exec \"$@\"", "sh");
        }
        return List.of();
    }
}
