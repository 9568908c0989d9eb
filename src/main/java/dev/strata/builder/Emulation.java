package dev.strata.builder;

import dev.strata.image.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether this machine can run programs of a platform, by itself or by an emulator that the kernel was told of. */
final class Emulation {
    private static final Path HANDLERS = Path.of("/proc/sys/fs/binfmt_misc");

    private Emulation() {}

    static boolean runs(Platform platform) {
        Platform host = Platform.host();
        if (host.os().equals(platform.os()) && host.architecture().equals(platform.architecture())) {
            return true;
        }
        boolean smaller =
                host.architecture().equals("amd64") && platform.architecture().equals("386");
        return (host.os().equals(platform.os()) && smaller) || isEnabled(HANDLERS.resolve("qemu-" + machine(platform)));
    }

    private static String machine(Platform platform) {
        return switch (platform.architecture()) {
            case "amd64" -> "x86_64";
            case "arm64" -> "aarch64";
            case "386" -> "i386";
            case "ppc64le" -> "ppc64le";
            default -> platform.architecture();
        };
    }

    private static boolean isEnabled(Path handler) {
        try {
            return Files.isRegularFile(handler) && Files.readString(handler).startsWith("enabled");
        } catch (IOException e) {
            return false; // a handler that cannot be read is of no use
        }
    }
}
