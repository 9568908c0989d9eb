package dev.strata.sandbox;

import dev.strata.layer.Removal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Whole trees, each a copy of the one below: slow, but there is no place where it does not work. */
final class CopyDriver implements Driver {
    @Override
    public String name() {
        return "copy";
    }

    @Override
    public Snapshots open(Path stateFolder, String reason, Consumer<String> warnings) throws IOException {
        Copies copies = new Copies();
        return new CopiedSnapshots(
                name(), copies, new StateFolder(stateFolder.resolve(name()), copies), reason, warnings);
    }

    @Override
    public Map<String, StateFolder.Folders> places() {
        return Map.of(name(), new Copies());
    }

    private static final class Copies implements CopiedSnapshots.Copies {
        @Override
        public void make(Path folder) throws IOException {
            Files.createDirectory(folder);
        }

        /** Keeps owners, times, hard links, extended attributes and holes; shares blocks where the file system can. */
        @Override
        public void copy(Path from, Path to) throws IOException {
            Program.run(List.of(
                    "cp", "--archive", "--reflink=auto", "--no-target-directory", from.toString(), to.toString()));
        }

        @Override
        public void remove(Path folder) throws IOException {
            Removal.of(folder);
        }
    }
}
