package dev.strata.sandbox;

import static java.lang.foreign.ValueLayout.ADDRESS;
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
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Linux' newer way of mounting, a call for each option, so that no page limits how many there are. The numbers of the
 * calls are the same on all processors. Source: Linux, include/uapi/linux/mount.h and asm-generic/unistd.h.
 */
final class MountCalls {
    /** One option: a flag where the value is null. */
    record Option(String name, @Nullable String value) {}

    private static final long MOVE_MOUNT = 429;
    private static final long FSOPEN = 430;
    private static final long FSCONFIG = 431;
    private static final long FSMOUNT = 432;
    private static final long SET_FLAG = 0;
    private static final long SET_STRING = 1;
    private static final long CREATE = 6;
    private static final long CLOSE_ON_EXEC = 1;
    private static final long READ_ONLY = 1;
    private static final long CURRENT_FOLDER = -100;
    private static final long EMPTY_PATH = 4;

    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final MethodHandle SYSCALL = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("syscall"),
                    FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
                    Linker.Option.firstVariadicArg(1),
                    Linker.Option.captureCallState("errno"));
    private static final MethodHandle READ =
            function("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle CLOSE = function("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle MESSAGE = function("strerror", FunctionDescriptor.of(ADDRESS, JAVA_INT));

    private final Arena arena;
    private final MemorySegment state;

    private MountCalls(Arena arena) {
        this.arena = arena;
        this.state = arena.allocate(STATE);
    }

    private static MethodHandle function(String name, FunctionDescriptor shape) {
        return Linker.nativeLinker()
                .downcallHandle(Linker.nativeLinker().defaultLookup().findOrThrow(name), shape);
    }

    /** Mounts a file system of this type on a folder. The failure says what the kernel says. */
    static void mount(String type, List<Option> options, boolean readOnly, Path target) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            new MountCalls(arena).run(type, options, readOnly, target);
        }
    }

    private void run(String type, List<Option> options, boolean readOnly, Path target) throws IOException {
        long context = call(FSOPEN, text(type), CLOSE_ON_EXEC, 0, 0, 0);
        check(context, "cannot mount " + type, -1);
        try {
            for (Option option : options) {
                check(
                        call(
                                FSCONFIG,
                                context,
                                option.value() == null ? SET_FLAG : SET_STRING,
                                text(option.name()),
                                option.value() == null ? 0 : text(option.value()),
                                0),
                        type + " does not take the option " + option.name(),
                        context);
            }
            String what = "cannot mount " + type + " on " + target;
            check(call(FSCONFIG, context, CREATE, 0, 0, 0), what, context);
            long mount = call(FSMOUNT, context, CLOSE_ON_EXEC, readOnly ? READ_ONLY : 0, 0, 0);
            check(mount, what, context);
            try {
                check(
                        call(MOVE_MOUNT, mount, text(""), CURRENT_FOLDER, text(target.toString()), EMPTY_PATH),
                        what,
                        context);
            } finally {
                close(mount);
            }
        } finally {
            close(context);
        }
    }

    private long text(String text) {
        return arena.allocateFrom(text).address();
    }

    private long call(long number, long a, long b, long c, long d, long e) {
        try {
            return (long) SYSCALL.invokeExact(state, number, a, b, c, d, e);
        } catch (Throwable failure) {
            throw new IllegalStateException(failure);
        }
    }

    private void check(long result, String what, long context) throws IOException {
        if (result < 0) {
            int errno = (int) ERRNO.get(state, 0L);
            String said = context < 0 ? "" : said(context);
            throw new IOException(what + ": " + (said.isEmpty() ? message(errno) : said));
        }
    }

    /** What the kernel has to say, one message a read; the last says most. */
    private String said(long context) {
        MemorySegment buffer = arena.allocate(4096);
        String last = "";
        try {
            for (long length; (length = (long) READ.invokeExact((int) context, buffer, 4095L)) > 0; ) {
                buffer.set(java.lang.foreign.ValueLayout.JAVA_BYTE, length, (byte) 0);
                last = buffer.getString(0).replaceFirst("^[ewi] ", "").strip();
            }
        } catch (Throwable failure) {
            throw new IllegalStateException(failure);
        }
        return last;
    }

    private static String message(int errno) {
        try {
            return ((MemorySegment) MESSAGE.invokeExact(errno))
                    .reinterpret(1024)
                    .getString(0);
        } catch (Throwable failure) {
            throw new IllegalStateException(failure);
        }
    }

    private static void close(long descriptor) {
        try {
            int ignored = (int) CLOSE.invokeExact((int) descriptor);
        } catch (Throwable failure) {
            throw new IllegalStateException(failure);
        }
    }
}
