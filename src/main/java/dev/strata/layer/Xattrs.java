package dev.strata.layer;

import java.io.IOException;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/** Which extended attributes of a file belong to it, and their values. */
final class Xattrs {
    private Xattrs() {}

    /**
     * Those that mean the same on another machine: capabilities and what users set. Labels of security modules, access
     * lists (their ids are this machine's) and overlayfs' own marks stay here.
     */
    static boolean kept(String name) {
        return name.equals("security.capability") || (name.startsWith("user.") && !name.startsWith("user.overlay."));
    }

    static SortedMap<String, Bytes> read(byte[] path) throws IOException {
        SortedMap<String, Bytes> found = Collections.emptySortedMap();
        for (String name : Posix.xattrs(path)) {
            byte[] value = kept(name) ? Posix.xattr(path, name) : null;
            if (value != null) {
                found = found.isEmpty() ? new TreeMap<>() : found;
                found.put(name, new Bytes(value));
            }
        }
        return found;
    }
}
