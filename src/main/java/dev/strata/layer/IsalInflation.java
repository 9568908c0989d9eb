package dev.strata.layer;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.zip.ZipException;

/** By {@link Isal}. What goes in and what comes out lies in memory of its own, with which the library's view ends. */
final class IsalInflation implements Inflation {
    private static final int INPUT = 72 * 1024;
    private static final int OUTPUT = 256 * 1024;
    /** ISAL_BLOCK_FINISH of {@code enum isal_block_state}. */
    private static final int FINISHED = 5;

    private static final long NEXT_IN = Isal.INFLATE.byteOffset(groupElement("next_in"));
    private static final long AVAIL_IN = Isal.INFLATE.byteOffset(groupElement("avail_in"));
    private static final long NEXT_OUT = Isal.INFLATE.byteOffset(groupElement("next_out"));
    private static final long AVAIL_OUT = Isal.INFLATE.byteOffset(groupElement("avail_out"));
    private static final long BITS = Isal.INFLATE.byteOffset(groupElement("read_in_length"));
    private static final long STATE = Isal.INFLATE.byteOffset(groupElement("block_state"));

    private final Isal isal;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment state = arena.allocate(Isal.INFLATE);
    private final MemorySegment input = arena.allocate(INPUT);
    private final MemorySegment output = arena.allocate(OUTPUT);
    /** What lies in the output and was not taken. */
    private int from;

    private int to;

    IsalInflation(Isal isal) {
        this.isal = isal;
        isal.inflateInit(state);
    }

    @Override
    public synchronized void input(byte[] bytes, int offset, int length) {
        MemorySegment.copy(bytes, offset, input, JAVA_BYTE, 0, length);
        state.set(ADDRESS, NEXT_IN, input);
        state.set(JAVA_INT, AVAIL_IN, length);
    }

    @Override
    public synchronized int inflate(byte[] bytes, int offset, int length) throws ZipException {
        if (from == to) {
            more();
        }
        int some = Math.min(length, to - from);
        MemorySegment.copy(output, JAVA_BYTE, from, bytes, offset, some);
        from += some;
        return some;
    }

    private void more() throws ZipException {
        from = 0;
        to = 0;
        while (to == 0 && !isFinished()) {
            int before = state.get(JAVA_INT, AVAIL_IN);
            state.set(ADDRESS, NEXT_OUT, output);
            state.set(JAVA_INT, AVAIL_OUT, OUTPUT);
            int code = isal.inflate(state);
            if (code < 0) {
                throw GzipInput.damaged(meaning(code));
            }
            to = OUTPUT - state.get(JAVA_INT, AVAIL_OUT);
            if (to == 0 && state.get(JAVA_INT, AVAIL_IN) == before) {
                break; // all that was there is used up
            }
        }
    }

    /** The ISAL_INVALID values of igzip_lib.h. */
    private static String meaning(int code) {
        return switch (code) {
            case -1 -> "invalid block";
            case -2 -> "invalid symbol";
            case -3 -> "a distance that leads before the beginning";
            default -> "error " + code;
        };
    }

    private boolean isFinished() {
        return state.get(JAVA_INT, STATE) == FINISHED;
    }

    @Override
    public synchronized boolean ended() {
        return from == to && isFinished();
    }

    @Override
    public synchronized int unused() {
        return state.get(JAVA_INT, AVAIL_IN) + state.get(JAVA_INT, BITS) / 8;
    }

    @Override
    public synchronized void restart() {
        isal.inflateInit(state);
        from = 0;
        to = 0;
    }

    @Override
    public synchronized void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
