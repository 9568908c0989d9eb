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

    /** The node with those of its attributes that are kept. */
    static Node withKept(Node node) {
        Metadata all = node.metadata();
        Metadata metadata = withKept(all);
        if (metadata.xattrs().size() == all.xattrs().size()) {
            return node;
        }
        return switch (node) {
            case Node.Directory directory -> new Node.Directory(metadata);
            case Node.RegularFile file -> new Node.RegularFile(metadata, file.size(), file.link());
            case Node.SymbolicLink link -> new Node.SymbolicLink(metadata, link.target());
            case Node.Device device -> new Node.Device(metadata, device.block(), device.major(), device.minor());
            case Node.Fifo fifo -> new Node.Fifo(metadata);
        };
    }

    static Metadata withKept(Metadata metadata) {
        if (metadata.xattrs().keySet().stream().allMatch(Xattrs::kept)) {
            return metadata;
        }
        SortedMap<String, Bytes> some = new TreeMap<>(metadata.xattrs());
        some.keySet().removeIf(name -> !kept(name));
        return new Metadata(
                metadata.mode(), metadata.uid(), metadata.gid(), metadata.seconds(), metadata.nanoseconds(), some);
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
