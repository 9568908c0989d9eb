package dev.strata.sandbox;

import dev.strata.layer.Posix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Layers in folders of their own, which overlayfs shows as one: nothing is ever copied. */
final class OverlayDriver implements Driver {
    private static final List<Overlay> KINDS = List.of(
            new Overlay(false, true), new Overlay(false, false), new Overlay(true, true), new Overlay(true, false));

    @Override
    public String name() {
        return "overlay";
    }

    @Override
    public Snapshots open(Path stateFolder, String reason, Consumer<String> warnings) throws IOException {
        SequencedSet<String> obstacles = new LinkedHashSet<>();
        for (Overlay kind : KINDS) {
            String obstacle = obstacle(kind, stateFolder);
            if (obstacle == null) {
                Path folder = stateFolder.resolve(kind.userXattr() ? "overlay-user" : "overlay");
                return new OverlaySnapshots(kind, new StateFolder(folder, new OverlayFolders()), reason, warnings);
            }
            obstacles.add(obstacle);
        }
        throw new SandboxException(
                String.join("; ", obstacles),
                "Start Strata by bin/strata as root, and keep the state on a file system such as ext4, xfs or tmpfs");
    }

    @Override
    public Map<String, StateFolder.Folders> places() {
        return Map.of("overlay", new OverlayFolders(), "overlay-user", new OverlayFolders());
    }

    /**
     * Tries what steps do. A directory that is removed and made again must be marked, which is refused in a user
     * namespace only when it is tried.
     */
    private static @Nullable String obstacle(Overlay kind, Path stateFolder) throws IOException {
        Path probe = Files.createTempDirectory(stateFolder, ".probe");
        Path root = Files.createDirectory(OverlayFolders.root(probe));
        try {
            Path lower = Files.createDirectory(probe.resolve("lower"));
            Files.createDirectories(lower.resolve("folder/below"));
            kind.writable(
                    List.of(lower),
                    Files.createDirectory(OverlayFolders.tree(probe)),
                    Files.createDirectory(OverlayFolders.work(probe)),
                    root);
            try {
                Files.delete(root.resolve("folder/below"));
                Files.delete(root.resolve("folder"));
                Files.createDirectory(root.resolve("folder"));
            } finally {
                Posix.unmount(root, 0);
            }
            return null;
        } catch (IOException e) {
            return e.getMessage();
        } finally {
            new OverlayFolders().remove(probe);
        }
    }
}
