package dev.strata.layer;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * By {@link Isal}, at its level 2: about as small as zlib's level 1. The bytes are the same on all processors from
 * SSE 4.2 on, and others than zlib's.
 */
final class IsalDeflation implements Deflation {
    private static final int LEVEL = 2;
    /** ISAL_DEF_LVL2_LARGE. */
    private static final int LEVEL_MEMORY = 4 * 1024 + 2 * 32 * 1024 + 4 * 64 * 1024;
    /** SYNC_FLUSH. */
    private static final short TO_A_BYTE = 1;
    /** Noise is stored, so that twice the block is more than can come out. */
    private static final int OUTPUT = 2 * DeflatedBlock.SIZE;

    private static final long NEXT_IN = Isal.DEFLATE.byteOffset(groupElement("next_in"));
    private static final long AVAIL_IN = Isal.DEFLATE.byteOffset(groupElement("avail_in"));
    private static final long NEXT_OUT = Isal.DEFLATE.byteOffset(groupElement("next_out"));
    private static final long AVAIL_OUT = Isal.DEFLATE.byteOffset(groupElement("avail_out"));
    private static final long LEVEL_AT = Isal.DEFLATE.byteOffset(groupElement("level"));
    private static final long LEVEL_BUF_SIZE = Isal.DEFLATE.byteOffset(groupElement("level_buf_size"));
    private static final long LEVEL_BUF = Isal.DEFLATE.byteOffset(groupElement("level_buf"));
    private static final long END_OF_STREAM = Isal.DEFLATE.byteOffset(groupElement("end_of_stream"));
    private static final long FLUSH = Isal.DEFLATE.byteOffset(groupElement("flush"));

    /** What one thread needs at a time. There are never more of them than threads that deflate, and they stay. */
    private static final Queue<Room> IDLE = new ConcurrentLinkedQueue<>();

    private static final class Room {
        final MemorySegment stream = Arena.global().allocate(Isal.DEFLATE);
        final MemorySegment levelMemory = Arena.global().allocate(LEVEL_MEMORY, 8);
        final MemorySegment input = Arena.global().allocate(DeflatedBlock.WINDOW + DeflatedBlock.SIZE);
        final MemorySegment output = Arena.global().allocate(OUTPUT);
    }

    private final Isal isal;

    IsalDeflation(Isal isal) {
        this.isal = isal;
    }

    @Override
    public void deflate(DeflatedBlock block, boolean last) {
        Room room = IDLE.poll();
        if (room == null) {
            room = new Room();
        }
        try {
            deflate(room, block, last);
        } finally {
            IDLE.add(room);
        }
    }

    private void deflate(Room room, DeflatedBlock block, boolean last) {
        MemorySegment stream = room.stream;
        isal.deflateInit(stream);
        stream.set(JAVA_INT, LEVEL_AT, LEVEL);
        stream.set(ADDRESS, LEVEL_BUF, room.levelMemory);
        stream.set(JAVA_INT, LEVEL_BUF_SIZE, LEVEL_MEMORY);
        stream.set(JAVA_SHORT, FLUSH, last ? 0 : TO_A_BYTE);
        stream.set(JAVA_SHORT, END_OF_STREAM, (short) (last ? 1 : 0));
        int start = DeflatedBlock.WINDOW - block.dictionary;
        int input = block.dictionary + block.length;
        MemorySegment.copy(block.input, start, room.input, JAVA_BYTE, start, input);
        if (block.dictionary > 0) {
            check(isal.deflateDictionary(stream, room.input.asSlice(start), block.dictionary));
        }
        stream.set(ADDRESS, NEXT_IN, room.input.asSlice(DeflatedBlock.WINDOW));
        stream.set(JAVA_INT, AVAIL_IN, block.length);
        stream.set(ADDRESS, NEXT_OUT, room.output);
        stream.set(JAVA_INT, AVAIL_OUT, OUTPUT);
        check(isal.deflate(stream));
        int left = stream.get(JAVA_INT, AVAIL_OUT);
        if (left == 0 || stream.get(JAVA_INT, AVAIL_IN) != 0) {
            throw new IllegalStateException("ISA-L has not deflated all of a block");
        }
        block.ensureOutput(OUTPUT - left);
        MemorySegment.copy(room.output, JAVA_BYTE, 0, block.output, block.outputLength, OUTPUT - left);
        block.outputLength += OUTPUT - left;
    }

    private static void check(int code) {
        if (code != 0) {
            throw new IllegalStateException("ISA-L does not deflate: error " + code);
        }
    }

    /** Nothing is held for one stream alone. */
    @Override
    public void close() {}
}
