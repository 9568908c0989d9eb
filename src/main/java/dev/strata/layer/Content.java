package dev.strata.layer;

import java.io.IOException;
import java.io.InputStream;

/** Where the bytes of the regular files of a list of changes come from. */
@FunctionalInterface
public interface Content {
    /** Called once a file, in the order of the changes; the caller closes it. */
    InputStream open(Change.Put put) throws IOException;

    /** Content of the files of a tree under the same paths. */
    static Content of(Tree tree) {
        return put -> tree.open(put.path());
    }
}
