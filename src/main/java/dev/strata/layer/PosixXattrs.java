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
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads extended attributes, which Java cannot: those of links, and names outside {@code user.}. */
final class PosixXattrs {
    private static final int ENODATA = 61;
    private static final int EOPNOTSUPP = 95;
    private static final int ERANGE = 34;
    /** Linux' own limits: XATTR_LIST_MAX and XATTR_SIZE_MAX. */
    private static final int LARGEST = 65536;

    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final MethodHandle LIST =
            function("llistxattr", FunctionDescriptor.of(JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG));
    private static final MethodHandle GET =
            function("lgetxattr", FunctionDescriptor.of(JAVA_LONG, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG));
    private static final MethodHandle MESSAGE = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("strerror"),
                    FunctionDescriptor.of(ADDRESS, JAVA_INT));

    /** One a thread, so that looking at fifty thousand files does not allocate fifty thousand times. */
    private static final ThreadLocal<Room> ROOM = ThreadLocal.withInitial(Room::new);

    private static final class Room {
        final MemorySegment state = Arena.ofAuto().allocate(STATE);
        final MemorySegment path = Arena.ofAuto().allocate(8192);
        final MemorySegment name = Arena.ofAuto().allocate(512);
        final MemorySegment value = Arena.ofAuto().allocate(LARGEST);
    }

    private PosixXattrs() {}

    private static MethodHandle function(String name, FunctionDescriptor shape) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name), shape, Linker.Option.captureCallState("errno"));
    }

    static List<String> names(byte[] path) throws IOException {
        Room room = ROOM.get();
        MemorySegment text = terminated(room.path, path);
        long length;
        try {
            length = (long) LIST.invokeExact(room.state, text, room.value, (long) LARGEST);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
        if (length == 0) {
            return List.of();
        }
        if (length < 0) {
            int errno = (int) ERRNO.get(room.state, 0L);
            if (errno == EOPNOTSUPP) {
                return List.of();
            }
            throw failed("cannot list extended attributes", path, errno);
        }
        List<String> names = new ArrayList<>();
        for (long at = 0; at < length; ) {
            String name = room.value.getString(at, StandardCharsets.ISO_8859_1);
            names.add(name);
            at += name.length() + 1;
        }
        return names;
    }

    /** Null where the file has no such attribute (any more). */
    static byte @Nullable [] value(byte[] path, String name) throws IOException {
        Room room = ROOM.get();
        MemorySegment text = terminated(room.path, path);
        MemorySegment key = terminated(room.name, name.getBytes(StandardCharsets.ISO_8859_1));
        long length;
        try {
            length = (long) GET.invokeExact(room.state, text, key, room.value, (long) LARGEST);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
        if (length < 0) {
            int errno = (int) ERRNO.get(room.state, 0L);
            if (errno == ENODATA || errno == EOPNOTSUPP) {
                return null;
            }
            throw failed("cannot read extended attribute " + name, path, errno);
        }
        return room.value.asSlice(0, length).toArray(JAVA_BYTE);
    }

    private static MemorySegment terminated(MemorySegment room, byte[] text) {
        SegmentAllocator allocator = SegmentAllocator.prefixAllocator(room);
        MemorySegment target = text.length < room.byteSize()
                ? allocator.allocate(text.length + 1L)
                : Arena.ofAuto().allocate(text.length + 1L);
        MemorySegment.copy(text, 0, target, JAVA_BYTE, 0, text.length);
        target.set(JAVA_BYTE, text.length, (byte) 0);
        return target;
    }

    private static IOException failed(String what, byte[] path, int errno) {
        String reason = errno == ERANGE ? "too large" : message(errno);
        return new IOException(Names.shown(Names.text(path)) + ": " + what + ": " + reason);
    }

    private static String message(int errno) {
        try {
            MemorySegment text = (MemorySegment) MESSAGE.invokeExact(errno);
            return text.reinterpret(1024).getString(0);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
