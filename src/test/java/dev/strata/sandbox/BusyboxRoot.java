package dev.strata.sandbox;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/** A root file system that holds busybox and nothing else. */
public final class BusyboxRoot {
    private static final Path BUSYBOX = Path.of("/bin/busybox");
    private static final List<String> PROGRAMS = List.of(
            "sh cat ls id echo kill sleep mount umount unshare mknod touch mkdir rm chmod chown head grep stat hostname"
                    .split(" "));
    private static final List<String> MORE_PROGRAMS = List.of(
            "seq yes env pwd ip setsid printf nc dd chroot tr readlink find ln mv cp nsenter wc date".split(" "));

    private BusyboxRoot() {}

    /** Skips the calling test where this machine has no busybox. */
    public static Path make(Path root) throws IOException {
        assumeTrue(Files.isExecutable(BUSYBOX), "there is no /bin/busybox: apt-get install busybox-static");
        Path programs = Files.createDirectories(root.resolve("bin"));
        Files.copy(BUSYBOX, programs.resolve("busybox"));
        Files.setPosixFilePermissions(programs.resolve("busybox"), PosixFilePermissions.fromString("rwxr-xr-x"));
        for (List<String> names : List.of(PROGRAMS, MORE_PROGRAMS)) {
            for (String name : names) {
                Files.createSymbolicLink(programs.resolve(name), Path.of("busybox"));
            }
        }
        return root;
    }
}
