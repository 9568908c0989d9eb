package dev.strata.layer;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** A tar being unpacked, entry by entry. */
final class Unpacking {
    private static final String WHITEOUT = LayerTar.WHITEOUT;
    private static final String OPAQUE = LayerTar.OPAQUE;
    /** Names that older tools wrote for themselves. */
    private static final String RESERVED = ".wh..wh.";

    private static final byte[] ZEROS = new byte[1 << 16];
    private static final int SET_GROUP_ID = 02000;

    private final RootFolder folder;
    private final Unpack.Whiteouts whiteouts;
    private final Attributes attributes = new Attributes();
    private final byte[] buffer = new byte[ZEROS.length];

    /** What this tar put there; whiteouts do not speak of it. */
    private final TreeSet<String> placed = new TreeSet<>();

    private final TreeSet<String> implied = new TreeSet<>();

    /** Directories' metadata is set at the end: what is put in changes their times. */
    private final TreeMap<String, Metadata> directories = new TreeMap<>();

    /**
     * What the first new file of each mode was like before anything was set; null where those in other folders may be
     * otherwise. In a folder that was empty all folders are new and have no group to give until the end.
     */
    private final @Nullable Map<Integer, Posix.Status> firstMade;

    private boolean opaqueRoot;

    Unpacking(RootFolder folder, Unpack.Whiteouts whiteouts) throws IOException {
        this.folder = folder;
        this.whiteouts = whiteouts;
        Posix.Status root = folder.status("");
        boolean givesGroup = root == null || (root.mode() & SET_GROUP_ID) != 0;
        this.firstMade = whiteouts.overlay() && !givesGroup ? new HashMap<>() : null;
    }

    void add(TarEntry entry, InputStream content) throws IOException {
        stopIfAsked();
        try {
            List<String> names = clean(entry.name());
            if (names.isEmpty()) {
                root(entry);
            } else if (whiteouts == Unpack.Whiteouts.NONE || !isMark(entry, names)) {
                place(entry, names, content);
            }
        } catch (PosixException e) {
            if (e.errno() != PosixException.ENAMETOOLONG) {
                throw e;
            }
            throw new LayerException("the name is too long for Linux", entry.name(), "Shorten it.", e);
        }
    }

    private static void stopIfAsked() throws InterruptedIOException {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException("unpacking was stopped");
        }
    }

    Unpacked end() throws IOException {
        for (Map.Entry<String, Metadata> directory : directories.entrySet()) {
            String path = directory.getKey();
            attributes.set(folder.bytes(path), path, directory.getValue(), true);
        }
        return new Unpacked(folder.root(), new ArrayList<>(implied), opaqueRoot, attributes.notes());
    }

    /** Names without what leads nowhere or up, as if the whole stood below {@code /}. */
    private static List<String> clean(String name) {
        List<String> names = new ArrayList<>();
        for (String part : name.split("/")) {
            if (part.equals("..")) {
                if (!names.isEmpty()) {
                    names.removeLast();
                }
            } else if (!part.isEmpty() && !part.equals(".")) {
                names.add(part);
            }
        }
        return names;
    }

    private void root(TarEntry entry) {
        if (!(entry instanceof TarEntry.Present(String name, Node.Directory(Metadata metadata), long o, List<?> e))) {
            throw malformed(entry, "an entry that is no directory stands for the root");
        }
        directories.put("", metadata);
    }

    /** Whether the entry says something of the layers below; if so, that is done. */
    private boolean isMark(TarEntry entry, List<String> names) throws IOException {
        List<String> parents = names.subList(0, names.size() - 1);
        String name = names.getLast();
        for (String parent : parents) {
            if (parent.startsWith(RESERVED)) {
                return true;
            }
            if (parent.startsWith(WHITEOUT)) {
                throw malformed(entry, "an entry is below a directory whose name marks a removed file");
            }
        }
        if (name.equals(OPAQUE)) {
            opaque(parents);
        } else if (!name.startsWith(RESERVED)) {
            if (!name.startsWith(WHITEOUT)) {
                return false;
            }
            String removed = name.substring(WHITEOUT.length());
            if (removed.isEmpty() || removed.equals(".") || removed.equals("..")) {
                throw malformed(entry, "a mark of a removed file names no file");
            }
            remove(folder.follow(parents), removed);
        }
        return true;
    }

    private void remove(String parent, String name) throws IOException {
        String path = TreePath.join(parent, name);
        if (!whiteouts.overlay()) {
            hide(path);
            return;
        }
        makeDirectories(parent);
        Posix.Status status = folder.status(path);
        if (status == null) {
            Posix.node(folder.bytes(path), Posix.CHARACTER_DEVICE, 0, 0);
        } else if (status.isDirectory()) {
            makeOpaque(path);
        }
    }

    private void opaque(List<String> names) throws IOException {
        String path = folder.follow(names);
        if (whiteouts.overlay()) {
            makeDirectories(path);
            makeOpaque(path);
            return;
        }
        Posix.Status status = folder.status(path);
        if (status != null && status.isDirectory()) {
            for (String child : folder.children(path)) {
                hide(TreePath.join(path, child));
            }
        }
    }

    private void makeOpaque(String path) throws IOException {
        if (path.isEmpty()) {
            opaqueRoot = true;
        } else {
            String space = whiteouts == Unpack.Whiteouts.OVERLAY_USER ? "user" : "trusted";
            Posix.setXattr(folder.bytes(path), space + ".overlay.opaque", new byte[] {'y'});
        }
    }

    /** Removes what the layers below put there, but nothing of this one. */
    private void hide(String path) throws IOException {
        Posix.Status status = folder.status(path);
        if (status == null) {
            return;
        }
        boolean placedBelow = !placed.subSet(path + "/", path + "0").isEmpty();
        if (status.isDirectory() && (placedBelow || placed.contains(path))) {
            for (String child : folder.children(path)) {
                hide(TreePath.join(path, child));
            }
        } else if (!placed.contains(path)) {
            clear(path, status);
        }
    }

    private void clear(String path, Posix.Status status) throws IOException {
        folder.remove(path, status);
        placed.remove(path);
        implied.remove(path);
        directories.remove(path);
        if (status.isDirectory()) {
            for (Set<String> known : List.of(placed, implied, directories.navigableKeySet())) {
                ((java.util.NavigableSet<String>) known)
                        .subSet(path + "/", path + "0")
                        .clear();
            }
        }
    }

    private void makeDirectories(String path) throws IOException {
        if (folder.isKnownDirectory(path)) {
            return;
        }
        makeDirectories(TreePath.parent(path));
        Posix.Status status = folder.status(path);
        if (status == null || !status.isDirectory()) {
            makeDirectory(path, status);
            Posix.mode(folder.bytes(path), 0755);
            implied.add(path);
            placed.add(path);
        }
    }

    /** Makes a directory where there is none. What is hidden below by something else in its place stays hidden. */
    private void makeDirectory(String path, Posix.@Nullable Status instead) throws IOException {
        if (instead != null) {
            clear(path, instead);
        }
        folder.makeDirectory(path);
        if (instead != null && whiteouts.overlay()) {
            makeOpaque(path);
        }
    }

    private void place(TarEntry entry, List<String> names, InputStream content) throws IOException {
        String parent = folder.follow(names.subList(0, names.size() - 1));
        makeDirectories(parent);
        String path = TreePath.join(parent, names.getLast());
        switch (entry) {
            case TarEntry.HardLink link -> hardLink(path, link);
            case TarEntry.Present present -> present(path, present, content);
        }
    }

    private void present(String path, TarEntry.Present entry, InputStream content) throws IOException {
        switch (entry.node()) {
            case Node.Directory directory -> directory(path, directory.metadata());
            case Node.RegularFile file -> file(path, file, entry.extents(), content);
            case Node.SymbolicLink(Metadata metadata, String target) -> {
                if (target.isEmpty() || target.indexOf('\0') >= 0) {
                    throw malformed(entry, "a symbolic link leads to no name");
                }
                makeRoom(path);
                Posix.symbolicLink(folder.bytes(path), Names.bytes(target));
                attributes.setLink(folder.bytes(path), path, metadata);
            }
            case Node.Device device -> device(path, device);
            case Node.Fifo(Metadata metadata) -> {
                makeRoom(path);
                Posix.node(folder.bytes(path), Posix.FIFO | 0600, 0, 0);
                attributes.set(folder.bytes(path), path, metadata, false);
            }
        }
        placed.add(path);
    }

    /** Whatever is there goes: nothing is ever written through it. */
    private void makeRoom(String path) throws IOException {
        Posix.Status status = folder.status(path);
        if (status != null) {
            clear(path, status);
        }
    }

    private void directory(String path, Metadata metadata) throws IOException {
        if (!folder.isKnownDirectory(path)) {
            Posix.Status status = folder.status(path);
            if (status == null || !status.isDirectory()) {
                makeDirectory(path, status);
            }
        }
        implied.remove(path);
        directories.put(path, metadata);
    }

    private void file(String path, Node.RegularFile file, List<TarEntry.Extent> extents, InputStream content)
            throws IOException {
        byte[] name = folder.bytes(path);
        int mode = file.metadata().mode() & 0777;
        int made = make(path, name, mode);
        try {
            long end = 0;
            for (TarEntry.Extent extent : extents.isEmpty() ? whole(file) : extents) {
                end = write(made, name, content, extent);
            }
            if (end < file.size()) {
                Posix.write(made, name, ZEROS, 1, file.size() - 1); // The end of the last hole.
            }
            attributes.setNew(made, name, path, file.metadata(), asMade(made, name, mode));
        } finally {
            Posix.close(made);
        }
    }

    private Posix.Status asMade(int file, byte[] name, int mode) throws PosixException {
        Posix.Status known = firstMade == null ? null : firstMade.get(mode);
        if (known != null) {
            return known;
        }
        Posix.Status status = Posix.status(file, name);
        if (firstMade != null) {
            firstMade.put(mode, status);
        }
        return status;
    }

    private static List<TarEntry.Extent> whole(Node.RegularFile file) {
        return List.of(new TarEntry.Extent(0, file.size()));
    }

    /**
     * A buffer full of zeros becomes a hole, so that what was sparse before it was packed is so again.
     *
     * @return where what was written ends
     */
    private long write(int file, byte[] name, InputStream content, TarEntry.Extent extent) throws IOException {
        long end = 0;
        for (long at = 0; at < extent.size(); ) {
            int wanted = (int) Math.min(extent.size() - at, buffer.length);
            int count = content.readNBytes(buffer, 0, wanted);
            if (count < wanted) {
                throw new IllegalStateException("the tar's reader told another size");
            }
            stopIfAsked();
            long position = extent.offset() + at;
            at += count;
            if (count < ZEROS.length || !Arrays.equals(buffer, ZEROS)) {
                Posix.write(file, name, buffer, count, position);
                end = position + count;
            }
        }
        return end;
    }

    /** Whatever is there goes: nothing is ever written through it. */
    private int make(String path, byte[] name, int mode) throws IOException {
        try {
            return Posix.make(name, mode);
        } catch (PosixException e) {
            if (e.errno() != PosixException.EEXIST) {
                throw e;
            }
        }
        makeRoom(path);
        return Posix.make(name, mode);
    }

    private void device(String path, Node.Device device) throws IOException {
        makeRoom(path);
        boolean whiteout = !device.block() && device.major() == 0 && device.minor() == 0;
        if (whiteout && whiteouts.overlay()) {
            attributes.note(Names.shown(path) + " is not made: overlayfs would take this device for a removed file");
            return;
        }
        try {
            int type = device.block() ? Posix.BLOCK_DEVICE : Posix.CHARACTER_DEVICE;
            Posix.node(folder.bytes(path), type | 0600, device.major(), device.minor());
        } catch (PosixException e) {
            if (e.errno() != PosixException.EPERM) {
                throw e;
            }
            attributes.note(Names.shown(path) + " is not made: devices need more rights than this process has");
            return;
        }
        attributes.set(folder.bytes(path), path, device.metadata(), false);
    }

    /** The last name of the target is not followed: a hard link to a symbolic link is another name for that link. */
    private void hardLink(String path, TarEntry.HardLink link) throws IOException {
        List<String> names = new ArrayList<>(List.of(link.target().split("/")));
        names.removeIf(String::isEmpty);
        String last = names.isEmpty() ? "." : names.removeLast();
        String target = TreePath.join(folder.follow(names), last);
        Posix.Status status = folder.status(target);
        if (status == null || (whiteouts.overlay() && isWhiteout(status)) || target.startsWith(path + "/")) {
            throw malformed(link, "a hard link leads to " + Names.shown(link.target()) + ", which is not there");
        }
        if (status.isDirectory()) {
            throw malformed(link, "a hard link leads to the directory " + Names.shown(link.target()));
        }
        if (!target.equals(path)) {
            makeRoom(path);
            Posix.link(folder.bytes(path), folder.bytes(target));
        }
        placed.add(path);
    }

    private static boolean isWhiteout(Posix.Status status) {
        return status.type() == Posix.CHARACTER_DEVICE && status.major() == 0 && status.minor() == 0;
    }

    private static LayerException malformed(TarEntry entry, String what) {
        return new LayerException(what, entry.name(), TarReader.MEND);
    }
}
