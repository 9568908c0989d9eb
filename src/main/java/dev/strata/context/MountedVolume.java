package dev.strata.context;

import dev.strata.image.Digest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/**
 * A ConfigMap, Secret or projected volume as the kubelet mounts it: {@code ..data} is a link to a folder with the user's
 * files, and beside it lies a link for each of them. The kubelet exchanges {@code ..data} when the object changes, so
 * the files are copied, all from one state.
 */
final class MountedVolume {
    /**
     * The time of all files: the volume's own is that of the pod's start, which would make a new layer of every build.
     * Not 1970, because a zip archive cannot tell times before 1980, and programs that write one stop there.
     */
    private static final Instant TIME = Instant.parse("1980-01-01T00:00:00Z");

    private final Path folder;

    MountedVolume(Path folder) {
        this.folder = folder;
    }

    /** Copies the files into an empty folder; answers the digest of names and contents. */
    Digest copy(Path into) throws IOException {
        Path data = folder.resolve("..data");
        Path from = (Files.isDirectory(data) ? data : folder).toRealPath();
        MessageDigest hash = Digest.sha256();
        List<Path> paths;
        try (Stream<Path> walk = Files.walk(from)) {
            paths = walk.map(from::relativize)
                    .filter(path -> !path.toString().isEmpty())
                    .sorted()
                    .toList();
        }
        for (Path path : paths) {
            copy(from.resolve(path), into.resolve(path.toString()), path.toString(), hash);
        }
        Worktree.setTimes(into, TIME);
        return Digest.of(hash);
    }

    private static void copy(Path source, Path target, String name, MessageDigest hash) throws IOException {
        if (Files.isDirectory(source)) {
            Files.createDirectory(target);
            return;
        }
        Files.copy(source, target, StandardCopyOption.COPY_ATTRIBUTES);
        byte[] content = Files.readAllBytes(target);
        hash.update((name.length() + ":" + name + content.length + ":").getBytes(StandardCharsets.UTF_8));
        hash.update(content);
    }
}
