package dev.strata.layer;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a file system keeps of an entry besides its content.
 *
 * @param mode permission bits with setuid, setgid and sticky (octal 0 to 07777); the type is the {@link Node}'s
 * @param seconds and {@code nanoseconds}: time of last modification since 1970
 * @param xattrs extended attributes, values are raw bytes; names such as {@code security.capability}
 */
public record Metadata(int mode, long uid, long gid, long seconds, int nanoseconds, SortedMap<String, Bytes> xattrs) {
    public Metadata {
        xattrs = xattrs.isEmpty()
                ? Collections.emptySortedMap()
                : Collections.unmodifiableSortedMap(new TreeMap<>(xattrs));
    }

    public static Metadata of(int mode, long uid, long gid, long seconds) {
        return new Metadata(mode, uid, gid, seconds, 0, Collections.emptySortedMap());
    }

    public Metadata withMode(int newMode) {
        return new Metadata(newMode, uid, gid, seconds, nanoseconds, xattrs);
    }

    public Metadata withOwner(long newUid, long newGid) {
        return new Metadata(mode, newUid, newGid, seconds, nanoseconds, xattrs);
    }

    public Metadata withTime(long newSeconds, int newNanoseconds) {
        return new Metadata(mode, uid, gid, newSeconds, newNanoseconds, xattrs);
    }
}
