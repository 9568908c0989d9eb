package dev.strata.sandbox;

import dev.strata.layer.Posix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A machine that has both versions of cgroups at once. crun refuses it when the second version holds a controller, even
 * where it is told to leave cgroups alone; so that mount is taken out of sight in this process' own mount namespace.
 */
final class HybridCgroups {
    private static final Path UNIFIED = Path.of("/sys/fs/cgroup/unified");

    private HybridCgroups() {}

    static void hide() throws IOException {
        Path controllers = UNIFIED.resolve("cgroup.controllers");
        if (ownMountNamespace()
                && Files.isReadable(controllers)
                && !Files.readString(controllers).isBlank()) {
            Posix.unmount(UNIFIED, Posix.DETACH);
        }
    }

    /** Never in a namespace that others share, who would miss the mount: it must not be that of the parent. */
    private static boolean ownMountNamespace() throws IOException {
        long parent = ProcessHandle.current().parent().map(ProcessHandle::pid).orElse(0L);
        Path theirs = Path.of("/proc/" + parent + "/ns/mnt");
        return Files.isReadable(theirs)
                && !Files.readSymbolicLink(theirs).equals(Files.readSymbolicLink(Path.of("/proc/self/ns/mnt")));
    }
}
