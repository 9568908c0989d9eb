package dev.strata.sandbox;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Something that a command sees at a place of its root and that is not part of it. Targets are absolute. */
public sealed interface MountPoint {
    String target();

    /** A file or folder of this machine. */
    record Bind(Path source, String target, boolean readOnly) implements MountPoint {}

    /** A folder that can be written to; what was written is thrown away. */
    record Discarded(Path source, String target) implements MountPoint {}

    /**
     * A secret: a copy in memory, gone with the command.
     *
     * @param mode permission bits
     */
    record SecretFile(Path source, String target, int mode, long uid, long gid) implements MountPoint {}

    /** A Unix socket of this machine, such as an ssh agent's. */
    record Socket(Path source, String target, int mode, long uid, long gid) implements MountPoint {}

    /** @param size bytes; null is the kernel's default */
    record Tmpfs(String target, @Nullable Long size) implements MountPoint {}
}
