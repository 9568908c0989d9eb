package dev.strata.layer;

import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Gives files on disk what their {@link Metadata} says, and remembers what could not be given. */
final class Attributes {
    private static final int MOST_NOTES = 100;

    private final boolean owners = Posix.isSuperuser();
    private final Set<String> notes = new LinkedHashSet<>();

    /**
     * In the order that keeps all: a change of owner takes away setuid bits and capabilities.
     *
     * @param path where the entry is, for notes
     * @param before whether the entry was there before and may have extended attributes that must go
     */
    void set(byte[] file, String path, Metadata metadata, boolean before) throws IOException {
        owner(file, metadata);
        Posix.mode(file, metadata.mode());
        if (before) {
            removeOthers(file, metadata);
        }
        xattrs(file, path, metadata);
        Posix.time(file, metadata.seconds(), metadata.nanoseconds());
    }

    /**
     * Of a regular file that was just made with no more than the mode's permission bits: only what is not so already.
     *
     * @param file open
     * @param name of the same file
     * @param status of the file, or of another that was made alike
     */
    void setNew(int file, byte[] name, String path, Metadata metadata, Posix.Status status) throws IOException {
        if (!owners) {
            noteOwners();
        } else if (status.uid() != metadata.uid() || status.gid() != metadata.gid()) {
            Posix.owner(file, name, metadata.uid(), metadata.gid());
        }
        if ((status.mode() & 07777) != metadata.mode()) {
            Posix.mode(file, name, metadata.mode());
        }
        xattrs(name, path, metadata);
        Posix.time(file, name, metadata.seconds(), metadata.nanoseconds());
    }

    /** A link has no mode. */
    void setLink(byte[] link, String path, Metadata metadata) throws IOException {
        owner(link, metadata);
        xattrs(link, path, metadata);
        Posix.time(link, metadata.seconds(), metadata.nanoseconds());
    }

    void note(String note) {
        if (notes.size() < MOST_NOTES) {
            notes.add(note);
        }
    }

    List<String> notes() {
        return List.copyOf(notes);
    }

    private void owner(byte[] file, Metadata metadata) throws IOException {
        if (owners) {
            Posix.owner(file, metadata.uid(), metadata.gid());
        } else {
            noteOwners();
        }
    }

    private void noteOwners() {
        note("owners are not set: that needs the superuser");
    }

    private static void removeOthers(byte[] file, Metadata metadata) throws IOException {
        for (String name : Xattrs.read(file).keySet()) {
            if (!metadata.xattrs().containsKey(name)) {
                Posix.removeXattr(file, name);
            }
        }
    }

    private void xattrs(byte[] file, String path, Metadata metadata) throws IOException {
        for (Map.Entry<String, Bytes> xattr : metadata.xattrs().entrySet()) {
            String name = xattr.getKey();
            if (!Xattrs.kept(name)) {
                note("extended attributes such as " + Names.shown(name) + " are not set: they are the machine's own");
                continue;
            }
            try {
                Posix.setXattr(file, name, xattr.getValue().toArray());
            } catch (PosixException e) {
                if (e.errno() != PosixException.EOPNOTSUPP && e.errno() != PosixException.EPERM) {
                    throw e;
                }
                note(Names.shown(path) + " is without its extended attribute " + Names.shown(name)
                        + ": not possible here (" + e.name() + ")");
            }
        }
    }
}
