package dev.strata.layer;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * A function of a native library. All are called in one way: six whole numbers or addresses go in, one comes back. To link a
 * way of calling takes Java some milliseconds, in each run anew; one more function that is called so takes none. What a
 * function does not take lies in registers that it does not look at, and a number of 32 bits is the lower half of one of 64.
 * Source: System V ABI for x86-64, 3.2.3; Procedure Call Standard for AArch64, 6.8.2.
 *
 * @param address where its code is
 */
public record NativeFunction(MemorySegment address) {
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final MethodHandle CALL = Linker.nativeLinker()
            .downcallHandle(
                    FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
                    Linker.Option.captureCallState("errno"));
    private static final ThreadLocal<MemorySegment> CAPTURED =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));

    private static final class Explaining {
        static final NativeFunction STRERROR = ofSystem("strerror");
    }

    /** A function of the system's library. */
    public static NativeFunction ofSystem(String name) {
        return of(Linker.nativeLinker().defaultLookup(), name);
    }

    /** @throws java.util.NoSuchElementException where the library has none of that name */
    static NativeFunction of(SymbolLookup library, String name) {
        return new NativeFunction(library.findOrThrow(name));
    }

    /** The caller sees to it that memory at addresses it passes stays where it is. */
    public long call(long a, long b, long c, long d, long e, long f) {
        try {
            return (long) CALL.invokeExact(address, CAPTURED.get(), a, b, c, d, e, f);
        } catch (RuntimeException | Error thrown) {
            throw thrown;
        } catch (Throwable thrown) {
            throw new IllegalStateException(thrown); // a native function throws nothing
        }
    }

    public long call(long a, long b, long c, long d) {
        return call(a, b, c, d, 0, 0);
    }

    public long call(long a, long b, long c) {
        return call(a, b, c, 0, 0, 0);
    }

    public long call(long a, long b) {
        return call(a, b, 0, 0, 0, 0);
    }

    public long call(long a) {
        return call(a, 0, 0, 0, 0, 0);
    }

    /** What the thread's last call of such a function left in {@code errno}. */
    public static int error() {
        return (int) ERRNO.get(CAPTURED.get(), 0L);
    }

    /** The system's words for an error. */
    public static String words(int error) {
        return MemorySegment.ofAddress(Explaining.STRERROR.call(error))
                .reinterpret(1024)
                .getString(0);
    }
}
