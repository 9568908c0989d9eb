package dev.strata.sandbox;

import dev.strata.layer.NativeFunction;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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

    private static final NativeFunction SYSCALL = NativeFunction.ofSystem("syscall");
    private static final NativeFunction READ = NativeFunction.ofSystem("read");
    private static final NativeFunction CLOSE = NativeFunction.ofSystem("close");

    private final Arena arena;

    private MountCalls(Arena arena) {
        this.arena = arena;
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

    private static long call(long number, long a, long b, long c, long d, long e) {
        return SYSCALL.call(number, a, b, c, d, e);
    }

    private void check(long result, String what, long context) throws IOException {
        if (result < 0) {
            int error = NativeFunction.error();
            String said = context < 0 ? "" : said(context);
            throw new IOException(what + ": " + (said.isEmpty() ? NativeFunction.words(error) : said));
        }
    }

    /** What the kernel has to say, one message a read; the last says most. */
    private String said(long context) {
        MemorySegment buffer = arena.allocate(4096);
        String last = "";
        for (long length; (length = READ.call(context, buffer.address(), 4095)) > 0; ) {
            buffer.set(java.lang.foreign.ValueLayout.JAVA_BYTE, length, (byte) 0);
            last = buffer.getString(0).replaceFirst("^[ewi] ", "").strip();
        }
        return last;
    }

    private static void close(long descriptor) {
        CLOSE.call(descriptor);
    }
}
