package dev.strata.builder;

import dev.strata.context.Contexts;
import dev.strata.layer.Archive;
import dev.strata.layer.Compression;
import dev.strata.layer.LayerTree;
import dev.strata.layer.Unpack;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** How contexts open archives and layers. */
final class Unpacking implements Contexts.Unpacking {
    @Override
    public boolean isArchive(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return Archive.isArchive(in);
        }
    }

    @Override
    public void archive(Path file, Path into) throws IOException {
        Path spool = Files.createTempDirectory(file.toAbsolutePath().getParent(), "archive");
        try (InputStream in = Files.newInputStream(file);
                LayerTree tree = Archive.open(in, spool)) {
            TreeFiles.copy(tree, into);
        } finally {
            TreeFiles.delete(spool);
        }
    }

    @Override
    public void layer(InputStream blob, Path into) throws IOException {
        Unpack.apply(Compression.decompress(blob), into, Unpack.Whiteouts.APPLY);
    }
}
