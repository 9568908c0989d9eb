package dev.strata.layer;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
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

    private static final byte[] NO_NAME = Names.bytes("an open file");

    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private static final MethodHandle LIST = number("llistxattr", ADDRESS, ADDRESS, JAVA_LONG);
    private static final MethodHandle CLOSE = call("close", JAVA_INT);
    private static final MethodHandle STATX = call("statx", JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS);

    /*
     * To link a call takes Java some milliseconds, in each run anew. So calls are linked with those that go with them, when the
     * first of these is made.
     */
    private static final class AttributeValues {
        static final MethodHandle GET = number("lgetxattr", ADDRESS, ADDRESS, ADDRESS, JAVA_LONG);
    }

    private static final class Making {
        static final MethodHandle OPEN = Linker.nativeLinker()
                .downcallHandle(
                        Linker.nativeLinker().defaultLookup().findOrThrow("open"),
                        FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT),
                        Linker.Option.captureCallState("errno"),
                        Linker.Option.firstVariadicArg(2));
        static final MethodHandle WRITE = number("pwrite", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);
        static final MethodHandle FCHMOD = call("fchmod", JAVA_INT, JAVA_INT);
        static final MethodHandle FCHOWN = call("fchown", JAVA_INT, JAVA_INT, JAVA_INT);
        static final MethodHandle FUTIMENS = call("futimens", JAVA_INT, ADDRESS);
        static final MethodHandle MKDIR = call("mkdir", ADDRESS, JAVA_INT);
        static final MethodHandle SYMLINK = call("symlink", ADDRESS, ADDRESS);
        static final MethodHandle CHMOD = call("chmod", ADDRESS, JAVA_INT);
        static final MethodHandle LCHOWN = call("lchown", ADDRESS, JAVA_INT, JAVA_INT);
        static final MethodHandle UTIMENSAT = call("utimensat", JAVA_INT, ADDRESS, ADDRESS, JAVA_INT);
    }

    private static final class Seldom {
        static final MethodHandle LINKAT = call("linkat", JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT);
        static final MethodHandle MKNOD = call("mknod", ADDRESS, JAVA_INT, JAVA_LONG);
        static final MethodHandle UNLINK = call("unlink", ADDRESS);
        static final MethodHandle SET = call("lsetxattr", ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT);
        static final MethodHandle REMOVE = call("lremovexattr", ADDRESS, ADDRESS);
    }

    private static final class Mounting {
        static final MethodHandle MOUNT = call("mount", ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS);
        static final MethodHandle UMOUNT = call("umount2", ADDRESS, JAVA_INT);
    }

    private static final class Identity {
        static final MethodHandle GETEUID = Linker.nativeLinker()
                .downcallHandle(
                        Linker.nativeLinker().defaultLookup().findOrThrow("geteuid"), FunctionDescriptor.of(JAVA_INT));
    }

    /** The call that follows no link at all has no name in the system's library. */
    private static final class Opening {
        private static final long OPENAT2 = 437; // on every architecture
        static final MethodHandle SYSCALL = Linker.nativeLinker()
                .downcallHandle(
                        Linker.nativeLinker().defaultLookup().findOrThrow("syscall"),
                        FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG),
                        Linker.Option.captureCallState("errno"),
                        Linker.Option.firstVariadicArg(1));
        static final MethodHandle READ = number("read", JAVA_INT, ADDRESS, JAVA_LONG);
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

    private static final class Explaining {
        static final MethodHandle MESSAGE = Linker.nativeLinker()
                .downcallHandle(
                        Linker.nativeLinker().defaultLookup().findOrThrow("strerror"),
                        FunctionDescriptor.of(ADDRESS, JAVA_INT));
    }

    /** One a thread, so that looking at fifty thousand files does not allocate fifty thousand times. */
    private static final ThreadLocal<Room> ROOM = ThreadLocal.withInitial(Room::new);

    private static final class Room {
        final MemorySegment state = Arena.ofAuto().allocate(STATE);
        final MemorySegment path = Arena.ofAuto().allocate(8192);
        final MemorySegment other = Arena.ofAuto().allocate(8192);
        final MemorySegment value = Arena.ofAuto().allocate(LARGEST, 8);
        /** The same as {@link #value}. */
        final ByteBuffer bytes = value.asByteBuffer().order(ByteOrder.nativeOrder());

        final MemorySegment how = Arena.ofAuto().allocate(24, 8);
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

    private static MethodHandle call(String name, MemoryLayout... arguments) {
        return function(name, FunctionDescriptor.of(JAVA_INT, arguments));
    }

    private static MethodHandle number(String name, MemoryLayout... arguments) {
        return function(name, FunctionDescriptor.of(JAVA_LONG, arguments));
    }

    private static MethodHandle function(String name, FunctionDescriptor shape) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name), shape, Linker.Option.captureCallState("errno"));
    }

    /** Null where there is nothing, or a part of the path is no directory. */
    static @Nullable Status status(byte[] path) throws IOException {
        Room room = ROOM.get();
        MemorySegment text = terminated(room.path, path);
        MemorySegment found = room.value;
        try {
            run("cannot look at it", path, () ->
                    (int) STATX.invokeExact(room.state, HERE, text, NO_FOLLOW, BASIC, found));
        } catch (PosixException e) {
            if (e.isAbsence()) {
                return null;
            }
            throw e;
        }
        return status(room.bytes);
    }

    /** Of an open file. */
    static Status status(int file, byte[] name) throws PosixException {
        Room room = ROOM.get();
        MemorySegment text = terminated(room.path, new byte[0]);
        MemorySegment found = room.value;
        run("cannot look at it", name, () ->
                (int) STATX.invokeExact(room.state, file, text, FILE_ITSELF, BASIC, found));
        return status(room.bytes);
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
        MemorySegment text = terminated(room.path, path);
        room.how.setAtIndex(JAVA_LONG, 0, flags | CLOSE_ON_EXECUTION);
        room.how.setAtIndex(JAVA_LONG, 1, 0);
        room.how.setAtIndex(JAVA_LONG, 2, NO_LINKS);
        return (int) run("cannot open it", path, () ->
                (long) Opening.SYSCALL.invokeExact(room.state, Opening.OPENAT2, HERE, text, room.how, 24L));
    }

    /** Makes a file for {@link #write}; there must be nothing at the path, not even a link. The mode is made less by the mask. */
    static int make(byte[] path, int mode) throws PosixException {
        Room room = ROOM.get();
        MemorySegment text = terminated(room.path, path);
        return (int) run("cannot make a file", path, () ->
                (int) Making.OPEN.invokeExact(room.state, text, NEW | CLOSE_ON_EXECUTION, mode));
    }

    /** Writes all the bytes at a place in an open file. */
    static void write(int file, byte[] name, byte[] bytes, int length, long position) throws PosixException {
        Room room = ROOM.get();
        for (int done = 0; done < length; ) {
            int some = Math.min(length - done, LARGEST);
            room.bytes.put(0, bytes, done, some);
            long at = position + done;
            done += (int) run("cannot write", name, () ->
                    (long) Making.WRITE.invokeExact(room.state, file, room.value, (long) some, at));
        }
    }

    static void mode(int file, byte[] name, int mode) throws PosixException {
        Room room = ROOM.get();
        run("cannot set its mode", name, () -> (int) Making.FCHMOD.invokeExact(room.state, file, mode));
    }

    static void owner(int file, byte[] name, long uid, long gid) throws PosixException {
        Room room = ROOM.get();
        run("cannot change its owner", name, () ->
                (int) Making.FCHOWN.invokeExact(room.state, file, (int) uid, (int) gid));
    }

    static void time(int file, byte[] name, long seconds, int nanoseconds) throws PosixException {
        Room room = ROOM.get();
        times(room, seconds, nanoseconds);
        run("cannot set its time", name, () -> (int) Making.FUTIMENS.invokeExact(room.state, file, room.value));
    }

    private static void times(Room room, long seconds, int nanoseconds) {
        for (int i = 0; i < 32; i += 16) {
            room.bytes.putLong(i, seconds);
            room.bytes.putLong(i + 8, nanoseconds);
        }
    }

    /** How many bytes were read; 0 at the end. */
    static int read(int file, byte[] name, byte[] bytes, int offset, int length) throws PosixException {
        Room room = ROOM.get();
        long most = Math.min(length, LARGEST);
        int count = (int)
                run("cannot read it", name, () -> (long) Opening.READ.invokeExact(room.state, file, room.value, most));
        room.bytes.get(0, bytes, offset, count);
        return count;
    }

    static void close(int file) throws PosixException {
        Room room = ROOM.get();
        run("cannot close it", NO_NAME, () -> (int) CLOSE.invokeExact(room.state, file));
    }

    /** Names of extended attributes; none where the file system has no such thing. */
    static List<String> xattrs(byte[] path) throws IOException {
        Room room = ROOM.get();
        MemorySegment text = terminated(room.path, path);
        long length;
        try {
            length = run("cannot list extended attributes", path, () ->
                    (long) LIST.invokeExact(room.state, text, room.value, (long) LARGEST));
        } catch (PosixException e) {
            if (e.errno() == PosixException.EOPNOTSUPP) {
                return List.of();
            }
            throw e;
        }
        List<String> names = new ArrayList<>();
        for (long at = 0; at < length; ) {
            String name = room.value.getString(at, StandardCharsets.ISO_8859_1);
            names.add(name);
            at += name.length() + 1;
        }
        return names;
    }

    /** The value of an extended attribute; null where the file has no such attribute (any more). */
    static byte @Nullable [] xattr(byte[] path, String name) throws IOException {
        Room room = ROOM.get();
        MemorySegment text = terminated(room.path, path);
        MemorySegment key = terminated(room.other, name.getBytes(StandardCharsets.ISO_8859_1));
        try {
            long length = run("cannot read extended attribute " + name, path, () ->
                    (long) AttributeValues.GET.invokeExact(room.state, text, key, room.value, (long) LARGEST));
            return room.value.asSlice(0, length).toArray(JAVA_BYTE);
        } catch (PosixException e) {
            if (e.errno() == PosixException.ENODATA || e.errno() == PosixException.EOPNOTSUPP) {
                return null;
            }
            throw e;
        }
    }

    static void setXattr(byte[] path, String name, byte[] value) throws IOException {
        Room room = ROOM.get();
        MemorySegment text = terminated(room.path, path);
        MemorySegment key = terminated(room.other, name.getBytes(StandardCharsets.ISO_8859_1));
        MemorySegment bytes =
                value.length <= LARGEST ? room.value : Arena.ofAuto().allocate(value.length);
        MemorySegment.copy(value, 0, bytes, JAVA_BYTE, 0, value.length);
        run("cannot set extended attribute " + name, path, () ->
                (int) Seldom.SET.invokeExact(room.state, text, key, bytes, (long) value.length, 0));
    }

    static void removeXattr(byte[] path, String name) throws IOException {
        Room room = ROOM.get();
        MemorySegment text = terminated(room.path, path);
        MemorySegment key = terminated(room.other, name.getBytes(StandardCharsets.ISO_8859_1));
        run("cannot remove extended attribute " + name, path, () ->
                (int) Seldom.REMOVE.invokeExact(room.state, text, key));
    }

    /** Sets permission bits; follows a link, so it is for what is known to be none. */
    static void mode(byte[] path, int mode) throws IOException {
        Room room = ROOM.get();
        MemorySegment text = terminated(room.path, path);
        run("cannot set its mode", path, () -> (int) Making.CHMOD.invokeExact(room.state, text, mode));
    }

    static void owner(byte[] path, long uid, long gid) throws IOException {
        Room room = ROOM.get();
        MemorySegment text = terminated(room.path, path);
        run("cannot change its owner", path, () ->
                (int) Making.LCHOWN.invokeExact(room.state, text, (int) uid, (int) gid));
    }

    /** Sets the time of last modification, and that of last access to the same. */
    static void time(byte[] path, long seconds, int nanoseconds) throws IOException {
        Room room = ROOM.get();
        MemorySegment text = terminated(room.path, path);
        times(room, seconds, nanoseconds);
        run("cannot set its time", path, () ->
                (int) Making.UTIMENSAT.invokeExact(room.state, HERE, text, room.value, NO_FOLLOW));
    }

    /** @param mode with the type: {@link #FIFO}, {@link #CHARACTER_DEVICE} or {@link #BLOCK_DEVICE} */
    static void node(byte[] path, int mode, long major, long minor) throws IOException {
        Room room = ROOM.get();
        MemorySegment text = terminated(room.path, path);
        // As glibc's gnu_dev_makedev puts a device number together.
        long device = ((major & 0xFFF) << 8) | ((major & ~0xFFFL) << 32) | (minor & 0xFF) | ((minor & ~0xFFL) << 12);
        run("cannot make a node", path, () -> (int) Seldom.MKNOD.invokeExact(room.state, text, mode, device));
    }

    static void directory(byte[] path, int mode) throws IOException {
        Room room = ROOM.get();
        MemorySegment text = terminated(room.path, path);
        run("cannot make a directory", path, () -> (int) Making.MKDIR.invokeExact(room.state, text, mode));
    }

    static void symbolicLink(byte[] path, byte[] target) throws IOException {
        Room room = ROOM.get();
        MemorySegment text = terminated(room.path, path);
        MemorySegment to = terminated(room.other, target);
        run("cannot make a symbolic link", path, () -> (int) Making.SYMLINK.invokeExact(room.state, to, text));
    }

    /** Another name for a file; where that is a symbolic link, for the link. */
    static void link(byte[] path, byte[] existing) throws IOException {
        Room room = ROOM.get();
        MemorySegment text = terminated(room.path, path);
        MemorySegment from = terminated(room.other, existing);
        run("cannot make a hard link", path, () ->
                (int) Seldom.LINKAT.invokeExact(room.state, HERE, from, HERE, text, 0));
    }

    /** Removes what is no directory. */
    static void unlink(byte[] path) throws IOException {
        Room room = ROOM.get();
        MemorySegment text = terminated(room.path, path);
        run("cannot remove it", path, () -> (int) Seldom.UNLINK.invokeExact(room.state, text));
    }

    /**
     * @param source a path, or the type's name again where the type needs none
     * @param options of the file system, such as {@code lowerdir=…}; at most a page
     */
    public static void mount(String source, Path target, String type, long flags, String options) throws IOException {
        Room room = ROOM.get();
        byte[] path = DiskNames.bytes(target);
        MemorySegment text = terminated(room.path, path);
        MemorySegment from = terminated(room.other, Names.bytes(source));
        MemorySegment kind = terminated(MemorySegment.NULL, Names.bytes(type));
        MemorySegment data = terminated(MemorySegment.NULL, Names.bytes(options));
        run("cannot mount " + type + " with \"" + options + "\"", path, () ->
                (int) Mounting.MOUNT.invokeExact(room.state, from, text, kind, flags, data));
    }

    /** @param flags 0 or {@link #DETACH} */
    public static void unmount(Path target, int flags) throws IOException {
        Room room = ROOM.get();
        byte[] path = DiskNames.bytes(target);
        MemorySegment text = terminated(room.path, path);
        run("cannot unmount it", path, () -> (int) Mounting.UMOUNT.invokeExact(room.state, text, flags));
    }

    /** Whether this process may do what root may, perhaps only in its user namespace. */
    static boolean isSuperuser() {
        try {
            return (int) Identity.GETEUID.invokeExact() == 0;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static MemorySegment terminated(MemorySegment room, byte[] text) {
        MemorySegment target =
                text.length < room.byteSize() ? room : Arena.ofAuto().allocate(text.length + 1L);
        for (byte b : text) {
            if (b == 0) {
                throw new IllegalArgumentException("name holds a zero byte: " + Names.shown(Names.text(text)));
            }
        }
        MemorySegment.copy(text, 0, target, JAVA_BYTE, 0, text.length);
        target.set(JAVA_BYTE, text.length, (byte) 0);
        return target;
    }

    /** A call that tells failure by a negative result. */
    @FunctionalInterface
    private interface Call {
        long run() throws Throwable;
    }

    private static long run(String what, byte[] path, Call call) throws PosixException {
        long result;
        try {
            result = call.run();
        } catch (Throwable e) {
            throw new IllegalStateException(e); // Only if a shape above is wrong.
        }
        if (result < 0) {
            int errno = (int) ERRNO.get(ROOM.get().state, 0L);
            throw new PosixException(what, Names.text(path), errno);
        }
        return result;
    }

    /** The system's words for an error. */
    static String message(int errno) {
        try {
            MemorySegment text = (MemorySegment) Explaining.MESSAGE.invokeExact(errno);
            return text.reinterpret(1024).getString(0);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
