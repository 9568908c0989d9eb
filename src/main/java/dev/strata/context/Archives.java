package dev.strata.context;

import dev.strata.layer.Archive;
import dev.strata.layer.Bounds;
import dev.strata.layer.Compression;
import dev.strata.layer.LayerException;
import dev.strata.layer.Unpack;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipException;

/** Tars of foreign making, opened so that nothing outside the folder is touched; a damaged one is its maker's fault. */
final class Archives {
    private static final String LESS =
            "Take less; or where it is meant to be so much, allow more: maximum.unpackedSize and maximum.unpackedFiles of the build class, --limit of strata build";

    private Archives() {}

    /** Whether the file is a tar, plain or compressed. */
    static boolean isArchive(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return Archive.isArchive(in);
        }
    }

    /** Puts the files of a tar into a folder; names that mean something in layers mean nothing here. */
    static void unpack(Path file, Path into, String shown, Bounds bounds) throws IOException {
        try (InputStream in = Files.newInputStream(file);
                InputStream tar = Archive.decompress(in)) {
            Unpack.apply(tar, into, Unpack.Whiteouts.NONE, bounds);
        } catch (LayerException | ZipException | EOFException e) {
            throw damaged(e, shown);
        }
    }

    /** Puts a layer's files over those that are in a folder, and removes those that the layer says are gone. */
    static void apply(Path layer, Path into, String shown, Bounds bounds) throws IOException {
        try (InputStream in = Files.newInputStream(layer);
                InputStream tar = Compression.decompress(in)) {
            Unpack.apply(tar, into, Unpack.Whiteouts.APPLY, bounds);
        } catch (LayerException | ZipException | EOFException e) {
            throw damaged(e, shown);
        }
    }

    private static ContextException damaged(Exception trouble, String shown) {
        if (trouble instanceof LayerException e && e.isTooMuch()) {
            return tooMuch(e.what(), shown);
        }
        return ContextException.user(
                "the archive cannot be unpacked: " + trouble.getMessage(), shown, "Make it anew, with GNU tar for one");
    }

    /** What unpacks to more than a build may have. */
    static ContextException tooMuch(String what, String shown) {
        return ContextException.user("it is not taken: " + what, shown, LESS);
    }
}
