package dev.strata.sandbox;

import dev.strata.layer.Removal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Whole trees as subvolumes of btrfs, which are copied in no time. */
final class BtrfsDriver implements Driver {
    @Override
    public String name() {
        return "btrfs";
    }

    @Override
    public Snapshots open(Path stateFolder, String reason, Consumer<String> warnings) throws IOException {
        Subvolumes subvolumes = new Subvolumes();
        tryIt(subvolumes, stateFolder);
        return new CopiedSnapshots(
                name(), subvolumes, new StateFolder(stateFolder.resolve(name()), subvolumes), reason, warnings);
    }

    @Override
    public Map<String, StateFolder.Folders> places() {
        return Map.of(name(), new Subvolumes());
    }

    private static void tryIt(Subvolumes subvolumes, Path stateFolder) throws IOException {
        String kind = Files.getFileStore(stateFolder).type();
        if (!kind.equals("btrfs")) {
            throw new SandboxException(
                    "the file system of " + stateFolder + " is " + kind, "Put the state folder on btrfs");
        }
        Path probe = Files.createTempDirectory(stateFolder, ".probe");
        Path subvolume = probe.resolve("subvolume");
        try {
            subvolumes.make(subvolume);
            subvolumes.remove(subvolume);
        } catch (IOException e) {
            throw new SandboxException(
                    "no subvolume can be made: " + e.getMessage(), "Install btrfs-progs, and be root", e);
        } finally {
            Files.deleteIfExists(probe);
        }
    }

    private static final class Subvolumes implements CopiedSnapshots.Copies {
        /** The number that the root of each subvolume has. Source: Linux, fs/btrfs, BTRFS_FIRST_FREE_OBJECTID. */
        private static final long ROOT = 256;

        @Override
        public void make(Path folder) throws IOException {
            Program.run(List.of("btrfs", "subvolume", "create", folder.toString()));
        }

        @Override
        public void copy(Path from, Path to) throws IOException {
            Program.run(List.of("btrfs", "subvolume", "snapshot", from.toString(), to.toString()));
        }

        @Override
        public void remove(Path folder) throws IOException {
            if (((Number) Files.getAttribute(folder, "unix:ino", LinkOption.NOFOLLOW_LINKS)).longValue() == ROOT) {
                Program.run(List.of("btrfs", "subvolume", "delete", folder.toString()));
            } else {
                Removal.of(folder);
            }
        }
    }
}
