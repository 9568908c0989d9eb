package dev.strata.layer;

import java.io.IOException;
import java.io.InputStream;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * A tree of files that can be looked at and read, wherever it is: a folder on disk, or an image's layers seen as one.
 *
 * <p>Paths are relative to the tree's root with {@code /} between names, without leading or trailing {@code /},
 * {@code .} and {@code ..}; the root is the empty string. Nothing here follows symbolic links.
 * Names are text in UTF-8; bytes that are not UTF-8 are kept as the surrogates U+DC80 to
 * U+DCFF, one a byte (as Python's surrogateescape does).
 */
public interface Tree {
    /** The entry itself, not what a link points to; null where there is none. */
    @Nullable
    Node find(String path) throws IOException;

    /** Names directly below a directory, sorted by their bytes; empty where the path is no directory. */
    SortedMap<String, Node> children(String path) throws IOException;

    /** The content of a regular file. */
    InputStream open(String path) throws IOException;
}
