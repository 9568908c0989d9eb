package dev.strata.builder;

import dev.strata.image.Platform;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Whether this machine can run programs of a platform, by itself or by an emulator that the kernel was told of. Such an
 * emulator must have been opened when it was registered (flag F), since a container does not have its file.
 *
 * <p>Source: Linux, Documentation/admin-guide/binfmt-misc.rst; the numbers of machines are those of elf.h.
 */
final class Emulation {
    private static final Path HANDLERS = Path.of("/proc/sys/fs/binfmt_misc");
    /** The first 18 bytes of a program as digits, and then its machine's number. */
    private static final Pattern MAGIC = Pattern.compile("magic (7f454c46[0-9a-f]{28})([0-9a-f]{4})");

    private static final Pattern FLAGS = Pattern.compile("flags: *[A-Z]*F[A-Z]*");

    private final Platform host;
    private final Path handlers;

    Emulation() {
        this(Platform.host(), HANDLERS);
    }

    /** @param handlers the folder where the kernel shows what it was told */
    Emulation(Platform host, Path handlers) {
        this.host = host;
        this.handlers = handlers;
    }

    boolean runs(Platform platform) {
        if (!host.os().equals(platform.os())) {
            return false;
        }
        boolean native32 =
                host.architecture().equals("amd64") && platform.architecture().equals("386");
        return host.architecture().equals(platform.architecture()) || native32 || isEmulated(platform);
    }

    private boolean isEmulated(Platform platform) {
        String machine = machine(platform);
        if (machine == null || !Files.isDirectory(handlers)) {
            return false;
        }
        try (DirectoryStream<Path> all = Files.newDirectoryStream(handlers)) {
            for (Path handler : all) {
                if (isFor(machine, handler)) {
                    return true;
                }
            }
            return false;
        } catch (IOException | DirectoryIteratorException e) {
            return false; // what cannot be read is of no use
        }
    }

    private static boolean isFor(String machine, Path handler) throws IOException {
        if (List.of("register", "status").contains(handler.getFileName().toString())) {
            return false;
        }
        String text = Files.readString(handler);
        Matcher magic = MAGIC.matcher(text);
        return text.startsWith("enabled")
                && magic.find()
                && magic.group(2).equals(machine)
                && FLAGS.matcher(text).find();
    }

    /** The two bytes of the machine's number as a program of that platform has them. */
    private static @Nullable String machine(Platform platform) {
        return switch (platform.architecture()) {
            case "amd64" -> "3e00";
            case "386" -> "0300";
            case "arm64" -> "b700";
            case "arm" -> "2800";
            case "ppc64le" -> "1500";
            case "s390x" -> "0016";
            case "riscv64" -> "f300";
            case "loong64" -> "0201";
            case "mips64le" -> "0800";
            default -> null;
        };
    }
}
