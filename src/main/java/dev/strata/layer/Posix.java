package dev.strata.layer;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The calls of Linux that Java lacks, or makes only for names that are text. No call here follows a link at the end of
 * its path, except {@link #mode}. Paths are bytes as {@link DiskNames#bytes} gives them. Each failure is a
 * {@link PosixException}. Source: the manual pages of section 2.
 */
public final class Posix {
    /** Flags of {@link #mount}, from linux/mount.h. */
    public static final long READ_ONLY = 1;

    public static final long NO_SETUID = 2;
    public static final long NO_DEVICES = 4;
    public static final long NO_EXECUTION = 8;
    public static final long REMOUNT = 32;
    public static final long BIND = 4096;
    public static final long RECURSIVE = 16384;
    public static final long PRIVATE = 1 << 18;

    /** Flag of {@link #unmount}: out of sight now, gone once nothing uses it. */
    public static final int DETACH = 2;

    /** Flags of {@link #open}; reading does not wait for anybody, should the file be a pipe by now. */
    static final int READING = 04000; // O_NONBLOCK

    /** For whether there is such a path, not for reading. */
    static final int ONLY_PATH = 010000000; // O_PATH

    static final int TYPE = 0170000;
    static final int DIRECTORY = 0040000;
    static final int REGULAR = 0100000;
    static final int SYMBOLIC_LINK = 0120000;
    static final int BLOCK_DEVICE = 0060000;
    static final int CHARACTER_DEVICE = 0020000;
    static final int FIFO = 0010000;

    private static final int HERE = -100; // AT_FDCWD
    private static final int NO_FOLLOW = 0x100; // AT_SYMLINK_NOFOLLOW
    private static final int FILE_ITSELF = 0x1000; // AT_EMPTY_PATH
    private static final int BASIC = 0x7FF; // STATX_BASIC_STATS
    private static final int NEW = 0301; // O_WRONLY, O_CREAT, O_EXCL
    private static final int CLOSE_ON_EXECUTION = 02000000; // O_CLOEXEC
    private static final int NO_LINKS = 4; // RESOLVE_NO_SYMLINKS
    /** Linux' own limits: XATTR_LIST_MAX and XATTR_SIZE_MAX. */
    private static final int LARGEST = 65536;

    private static final byte[] NOTHING = new byte[0];
    private static final byte[] NO_NAME = Names.bytes("an open file");

    private static final long OPENAT2 = 437; // on every architecture; it has no name in the system's library

    private static final NativeFunction LIST = NativeFunction.ofSystem("llistxattr");
    private static final NativeFunction GET = NativeFunction.ofSystem("lgetxattr");
    private static final NativeFunction SET = NativeFunction.ofSystem("lsetxattr");
    private static final NativeFunction REMOVE = NativeFunction.ofSystem("lremovexattr");
    private static final NativeFunction STATX = NativeFunction.ofSystem("statx");
    private static final NativeFunction SYSCALL = NativeFunction.ofSystem("syscall");
    private static final NativeFunction OPEN = NativeFunction.ofSystem("open");
    private static final NativeFunction READ = NativeFunction.ofSystem("read");
    private static final NativeFunction WRITE = NativeFunction.ofSystem("pwrite");
    private static final NativeFunction CLOSE = NativeFunction.ofSystem("close");
    private static final NativeFunction FCHMOD = NativeFunction.ofSystem("fchmod");
    private static final NativeFunction FCHOWN = NativeFunction.ofSystem("fchown");
    private static final NativeFunction FUTIMENS = NativeFunction.ofSystem("futimens");
    private static final NativeFunction CHMOD = NativeFunction.ofSystem("chmod");
    private static final NativeFunction LCHOWN = NativeFunction.ofSystem("lchown");
    private static final NativeFunction UTIMENSAT = NativeFunction.ofSystem("utimensat");
    private static final NativeFunction MKDIR = NativeFunction.ofSystem("mkdir");
    private static final NativeFunction SYMLINK = NativeFunction.ofSystem("symlink");
    private static final NativeFunction LINKAT = NativeFunction.ofSystem("linkat");
    private static final NativeFunction MKNOD = NativeFunction.ofSystem("mknod");
    private static final NativeFunction UNLINK = NativeFunction.ofSystem("unlink");
    private static final NativeFunction MOUNT = NativeFunction.ofSystem("mount");
    private static final NativeFunction UMOUNT = NativeFunction.ofSystem("umount2");
    private static final NativeFunction GETEUID = NativeFunction.ofSystem("geteuid");

    private static final class Opening {
        static final boolean THERE = isThere();

        private static boolean isThere() {
            try {
                close(open(new byte[] {'/'}, ONLY_PATH));
                return true;
            } catch (PosixException e) {
                return false;
            }
        }
    }

    /** One a thread, so that looking at fifty thousand files does not allocate fifty thousand times. */
    private static final ThreadLocal<Room> ROOM = ThreadLocal.withInitial(Room::new);

    private static final class Room {
        final Memory path = new Memory(8192);
        final Memory other = new Memory(8192);
        final Memory value = new Memory(LARGEST);
        final Memory type = new Memory(64);
        final Memory how = new Memory(24);
    }

    /** Memory for a call. It grows and stays where it is until it must grow again. */
    private static final class Memory {
        private MemorySegment segment;
        ByteBuffer bytes;
        long address;

        Memory(long size) {
            segment = Arena.ofAuto().allocate(size, 8);
            bytes = segment.asByteBuffer().order(ByteOrder.nativeOrder());
            address = segment.address();
        }

        private void ensure(long size) {
            if (segment.byteSize() < size) {
                segment = Arena.ofAuto().allocate(size, 8);
                bytes = segment.asByteBuffer().order(ByteOrder.nativeOrder());
                address = segment.address();
            }
        }

        /** Puts a text there, with a zero at its end; answers where that is. */
        long text(byte[] text) {
            for (byte b : text) {
                if (b == 0) {
                    throw new IllegalArgumentException("name holds a zero byte: " + Names.shown(Names.text(text)));
                }
            }
            ensure(text.length + 1L);
            bytes.put(0, text).put(text.length, (byte) 0);
            return address;
        }
    }

    /**
     * What {@code lstat} tells. Times are of the last modification; the device numbers are those of a device file;
     * {@code fileSystem} and {@code file} together tell a file from all others.
     */
    record Status(
            int mode,
            long uid,
            long gid,
            long size,
            long links,
            long fileSystem,
            long file,
            long seconds,
            int nanoseconds,
            long major,
            long minor) {
        int type() {
            return mode & TYPE;
        }

        boolean isDirectory() {
            return type() == DIRECTORY;
        }
    }

    private Posix() {}

    /** Null where there is nothing, or a part of the path is no directory. */
    static @Nullable Status status(byte[] path) throws IOException {
        Room room = ROOM.get();
        try {
            checkInt(
                    "cannot look at it",
                    path,
                    STATX.call(HERE, room.path.text(path), NO_FOLLOW, BASIC, room.value.address, 0));
        } catch (PosixException e) {
            if (e.isAbsence()) {
                return null;
            }
            throw e;
        }
        return status(room.value.bytes);
    }

    /** Of an open file. */
    static Status status(int file, byte[] name) throws PosixException {
        Room room = ROOM.get();
        checkInt(
                "cannot look at it",
                name,
                STATX.call(file, room.path.text(NOTHING), FILE_ITSELF, BASIC, room.value.address, 0));
        return status(room.value.bytes);
    }

    /** Through a buffer: until the second compiler has seen them, a segment's own numbers take three times as long. */
    private static Status status(ByteBuffer found) {
        return new Status(
                Short.toUnsignedInt(found.getShort(28)),
                unsigned(found, 20),
                unsigned(found, 24),
                found.getLong(40),
                unsigned(found, 16),
                (unsigned(found, 136) << 32) | unsigned(found, 140),
                found.getLong(32),
                found.getLong(112),
                found.getInt(120),
                unsigned(found, 128),
                unsigned(found, 132));
    }

    private static long unsigned(ByteBuffer found, int offset) {
        return Integer.toUnsignedLong(found.getInt(offset));
    }

    /** Whether {@link #open} can be used: it came with Linux 5.6, and there are filters that do not let it through. */
    static boolean canOpen() {
        return Opening.THERE;
    }

    /**
     * Opens what is at a path without following a link anywhere in it.
     *
     * @param flags {@link #READING} or {@link #ONLY_PATH}
     * @return a descriptor for {@link #read} and {@link #close}
     */
    static int open(byte[] path, int flags) throws PosixException {
        Room room = ROOM.get();
        room.how.bytes.putLong(0, flags | CLOSE_ON_EXECUTION).putLong(8, 0).putLong(16, NO_LINKS);
        return (int) check(
                "cannot open it", path, SYSCALL.call(OPENAT2, HERE, room.path.text(path), room.how.address, 24, 0));
    }

    /** Makes a file for {@link #write}; there must be nothing at the path, not even a link. The mode is made less by the mask. */
    static int make(byte[] path, int mode) throws PosixException {
        Room room = ROOM.get();
        return checkInt("cannot make a file", path, OPEN.call(room.path.text(path), NEW | CLOSE_ON_EXECUTION, mode));
    }

    /** Writes all the bytes at a place in an open file. */
    static void write(int file, byte[] name, byte[] bytes, int length, long position) throws PosixException {
        Memory room = ROOM.get().value;
        for (int done = 0; done < length; ) {
            int some = Math.min(length - done, LARGEST);
            room.bytes.put(0, bytes, done, some);
            done += (int) check("cannot write", name, WRITE.call(file, room.address, some, position + done));
        }
    }

    static void mode(int file, byte[] name, int mode) throws PosixException {
        checkInt("cannot set its mode", name, FCHMOD.call(file, mode));
    }

    static void owner(int file, byte[] name, long uid, long gid) throws PosixException {
        checkInt("cannot change its owner", name, FCHOWN.call(file, uid, gid));
    }

    static void time(int file, byte[] name, long seconds, int nanoseconds) throws PosixException {
        checkInt("cannot set its time", name, FUTIMENS.call(file, times(seconds, nanoseconds)));
    }

    private static long times(long seconds, int nanoseconds) {
        Memory room = ROOM.get().value;
        for (int i = 0; i < 32; i += 16) {
            room.bytes.putLong(i, seconds).putLong(i + 8, nanoseconds);
        }
        return room.address;
    }

    /** How many bytes were read; 0 at the end. */
    static int read(int file, byte[] name, byte[] bytes, int offset, int length) throws PosixException {
        Memory room = ROOM.get().value;
        int count = (int) check("cannot read it", name, READ.call(file, room.address, Math.min(length, LARGEST)));
        room.bytes.get(0, bytes, offset, count);
        return count;
    }

    static void close(int file) throws PosixException {
        checkInt("cannot close it", NO_NAME, CLOSE.call(file));
    }

    /** Names of extended attributes; none where the file system has no such thing. */
    static List<String> xattrs(byte[] path) throws IOException {
        Room room = ROOM.get();
        int length;
        try {
            length = (int) check(
                    "cannot list extended attributes",
                    path,
                    LIST.call(room.path.text(path), room.value.address, LARGEST));
        } catch (PosixException e) {
            if (e.errno() == PosixException.EOPNOTSUPP) {
                return List.of();
            }
            throw e;
        }
        byte[] found = new byte[length];
        room.value.bytes.get(0, found);
        List<String> names = new ArrayList<>();
        for (int at = 0, end = 0; end < length; end++) {
            if (found[end] == 0) {
                names.add(new String(found, at, end - at, StandardCharsets.ISO_8859_1));
                at = end + 1;
            }
        }
        return names;
    }

    /** The value of an extended attribute; null where the file has no such attribute (any more). */
    static byte @Nullable [] xattr(byte[] path, String name) throws IOException {
        Room room = ROOM.get();
        try {
            byte[] value = new byte
                    [(int) check(
                            "cannot read extended attribute " + name,
                            path,
                            GET.call(room.path.text(path), key(room, name), room.value.address, LARGEST))];
            room.value.bytes.get(0, value);
            return value;
        } catch (PosixException e) {
            if (e.errno() == PosixException.ENODATA || e.errno() == PosixException.EOPNOTSUPP) {
                return null;
            }
            throw e;
        }
    }

    private static long key(Room room, String name) {
        return room.other.text(name.getBytes(StandardCharsets.ISO_8859_1));
    }

    static void setXattr(byte[] path, String name, byte[] value) throws IOException {
        Room room = ROOM.get();
        room.value.ensure(value.length);
        room.value.bytes.put(0, value);
        checkInt(
                "cannot set extended attribute " + name,
                path,
                SET.call(room.path.text(path), key(room, name), room.value.address, value.length, 0, 0));
    }

    static void removeXattr(byte[] path, String name) throws IOException {
        Room room = ROOM.get();
        checkInt("cannot remove extended attribute " + name, path, REMOVE.call(room.path.text(path), key(room, name)));
    }

    /** Sets permission bits; follows a link, so it is for what is known to be none. */
    static void mode(byte[] path, int mode) throws IOException {
        checkInt("cannot set its mode", path, CHMOD.call(ROOM.get().path.text(path), mode));
    }

    static void owner(byte[] path, long uid, long gid) throws IOException {
        checkInt("cannot change its owner", path, LCHOWN.call(ROOM.get().path.text(path), uid, gid));
    }

    /** Sets the time of last modification, and that of last access to the same. */
    static void time(byte[] path, long seconds, int nanoseconds) throws IOException {
        long times = times(seconds, nanoseconds);
        checkInt(
                "cannot set its time",
                path,
                UTIMENSAT.call(HERE, ROOM.get().path.text(path), times, NO_FOLLOW));
    }

    /** @param mode with the type: {@link #FIFO}, {@link #CHARACTER_DEVICE} or {@link #BLOCK_DEVICE} */
    static void node(byte[] path, int mode, long major, long minor) throws IOException {
        // As glibc's gnu_dev_makedev puts a device number together.
        long device = ((major & 0xFFF) << 8) | ((major & ~0xFFFL) << 32) | (minor & 0xFF) | ((minor & ~0xFFL) << 12);
        checkInt("cannot make a node", path, MKNOD.call(ROOM.get().path.text(path), mode, device));
    }

    static void directory(byte[] path, int mode) throws IOException {
        checkInt("cannot make a directory", path, MKDIR.call(ROOM.get().path.text(path), mode));
    }

    static void symbolicLink(byte[] path, byte[] target) throws IOException {
        Room room = ROOM.get();
        checkInt("cannot make a symbolic link", path, SYMLINK.call(room.other.text(target), room.path.text(path)));
    }

    /** Another name for a file; where that is a symbolic link, for the link. */
    static void link(byte[] path, byte[] existing) throws IOException {
        Room room = ROOM.get();
        checkInt(
                "cannot make a hard link",
                path,
                LINKAT.call(HERE, room.other.text(existing), HERE, room.path.text(path), 0, 0));
    }

    /** Removes what is no directory. */
    static void unlink(byte[] path) throws IOException {
        checkInt("cannot remove it", path, UNLINK.call(ROOM.get().path.text(path)));
    }

    /**
     * @param source a path, or the type's name again where the type needs none
     * @param options of the file system, such as {@code lowerdir=…}; at most a page
     */
    public static void mount(String source, Path target, String type, long flags, String options) throws IOException {
        Room room = ROOM.get();
        byte[] path = DiskNames.bytes(target);
        checkInt(
                "cannot mount " + type + " with \"" + options + "\"",
                path,
                MOUNT.call(
                        room.other.text(Names.bytes(source)),
                        room.path.text(path),
                        room.type.text(Names.bytes(type)),
                        flags,
                        room.value.text(Names.bytes(options)),
                        0));
    }

    /** @param flags 0 or {@link #DETACH} */
    public static void unmount(Path target, int flags) throws IOException {
        byte[] path = DiskNames.bytes(target);
        checkInt("cannot unmount it", path, UMOUNT.call(ROOM.get().path.text(path), flags));
    }

    /** Whether this process may do what root may, perhaps only in its user namespace. */
    static boolean isSuperuser() {
        return (int) GETEUID.call(0) == 0;
    }

    /** Of a function whose result has 32 bits; what the upper half of the register has is anything. */
    private static int checkInt(String what, byte[] path, long result) throws PosixException {
        int answer = (int) result;
        return (int) check(what, path, answer);
    }

    /** @param result negative where the call has failed */
    private static long check(String what, byte[] path, long result) throws PosixException {
        if (result < 0) {
            throw new PosixException(what, Names.text(path), NativeFunction.error());
        }
        return result;
    }
}
