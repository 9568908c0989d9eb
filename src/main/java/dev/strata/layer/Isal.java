package dev.strata.layer;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.util.Arrays;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * Intel's Intelligent Storage Acceleration Library, where a machine has it: deflate and inflate, several times as fast as
 * zlib. Loaded when it is first asked for, and tried then: what does not give back what was packed is not used. Source:
 * igzip_lib.h of version 2.30, from which names and layouts come.
 */
final class Isal {
    /** With the number of its binary interface, which is the only one that the layouts fit. */
    static final String FILE = "libisal.so.2";

    /** At the end of each structure, for what a later version of the library may have there. */
    private static final int SPARE = 4096;

    /** {@code struct inflate_state}, as far as it is read and written here. */
    static final StructLayout INFLATE = MemoryLayout.structLayout(
            ADDRESS.withName("next_out"),
            JAVA_INT.withName("avail_out"),
            JAVA_INT.withName("total_out"),
            ADDRESS.withName("next_in"),
            JAVA_LONG.withName("read_in"),
            JAVA_INT.withName("avail_in"),
            JAVA_INT.withName("read_in_length"),
            MemoryLayout.paddingLayout(18_912 + 2_208), // lit_huff_code, dist_huff_code
            JAVA_INT.withName("block_state"),
            MemoryLayout.paddingLayout(87_368 - 21_164 + SPARE)); // among it the window

    /** {@code struct isal_zstream}, as far as it is read and written here. */
    static final StructLayout DEFLATE = MemoryLayout.structLayout(
            ADDRESS.withName("next_in"),
            JAVA_INT.withName("avail_in"),
            JAVA_INT.withName("total_in"),
            ADDRESS.withName("next_out"),
            JAVA_INT.withName("avail_out"),
            JAVA_INT.withName("total_out"),
            ADDRESS.withName("hufftables"),
            JAVA_INT.withName("level"),
            JAVA_INT.withName("level_buf_size"),
            ADDRESS.withName("level_buf"),
            JAVA_SHORT.withName("end_of_stream"),
            JAVA_SHORT.withName("flush"),
            JAVA_SHORT.withName("gzip_flag"),
            JAVA_SHORT.withName("hist_bits"),
            MemoryLayout.paddingLayout(82_384 - 64 + SPARE)); // internal_state

    private static final class Found {
        static final @Nullable Isal ISAL = load();
    }

    private final NativeFunction inflateInit;
    private final NativeFunction inflate;
    private final NativeFunction deflateInit;
    private final NativeFunction deflateDictionary;
    private final NativeFunction deflate;

    private Isal(SymbolLookup symbols) {
        inflateInit = NativeFunction.of(symbols, "isal_inflate_init");
        inflate = NativeFunction.of(symbols, "isal_inflate");
        deflateInit = NativeFunction.of(symbols, "isal_deflate_init");
        deflateDictionary = NativeFunction.of(symbols, "isal_deflate_set_dict");
        deflate = NativeFunction.of(symbols, "isal_deflate");
    }

    /** Null where there is none that can be used. */
    static @Nullable Isal find() {
        return Found.ISAL;
    }

    private static @Nullable Isal load() {
        try {
            Isal isal = new Isal(SymbolLookup.libraryLookup(FILE, Arena.global()));
            return isal.works() ? isal : null;
        } catch (IllegalArgumentException | NoSuchElementException e) {
            return null; // not installed, or something else of that name
        }
    }

    /** Packs two blocks of which the second repeats the first, and unpacks them with zlib and with the library. */
    private boolean works() {
        byte[] content = new byte[DeflatedBlock.WINDOW + 20_000];
        new Random(1).nextBytes(content);
        Arrays.fill(content, 5_000, 15_000, (byte) 'a');
        System.arraycopy(content, 0, content, DeflatedBlock.WINDOW, content.length - DeflatedBlock.WINDOW);
        byte[] more = {0x1F, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
        try (Inflation zlib = new ZlibInflation();
                Inflation own = new IsalInflation(this)) {
            DeflatedBlock block = new DeflatedBlock();
            IsalDeflation deflation = new IsalDeflation(this);
            block.begin(null);
            block.add(content, 0, DeflatedBlock.WINDOW);
            deflation.deflate(block, false);
            byte[] first = Arrays.copyOf(block.output, block.outputLength);
            DeflatedBlock next = new DeflatedBlock();
            next.begin(block);
            next.add(content, DeflatedBlock.WINDOW, content.length - DeflatedBlock.WINDOW);
            deflation.deflate(next, true);
            byte[] packed = Arrays.copyOf(first, first.length + next.outputLength + more.length);
            System.arraycopy(next.output, 0, packed, first.length, next.outputLength);
            System.arraycopy(more, 0, packed, first.length + next.outputLength, more.length);
            return next.outputLength < 1000
                    && unpacks(zlib, packed, content, more.length)
                    && unpacks(own, packed, content, more.length);
        } catch (ZipException | IllegalStateException e) {
            return false;
        }
    }

    private static boolean unpacks(Inflation inflation, byte[] packed, byte[] content, int unused) throws ZipException {
        byte[] unpacked = new byte[content.length + 1];
        inflation.input(packed, 0, packed.length);
        int length = 0;
        int some = inflation.inflate(unpacked, 0, unpacked.length);
        while (some > 0) {
            length += some;
            some = inflation.inflate(unpacked, length, unpacked.length - length);
        }
        return inflation.ended()
                && inflation.unused() == unused
                && Arrays.equals(unpacked, 0, length, content, 0, content.length);
    }

    void inflateInit(MemorySegment state) {
        inflateInit.call(at(state));
    }

    int inflate(MemorySegment state) {
        return (int) inflate.call(at(state));
    }

    void deflateInit(MemorySegment stream) {
        deflateInit.call(at(stream));
    }

    int deflateDictionary(MemorySegment stream, MemorySegment dictionary, int length) {
        return (int) deflateDictionary.call(at(stream), at(dictionary), length);
    }

    int deflate(MemorySegment stream) {
        return (int) deflate.call(at(stream));
    }

    /** Where memory is, as long as it is there. */
    private static long at(MemorySegment memory) {
        if (!memory.scope().isAlive()) {
            throw new IllegalStateException("the stream is closed");
        }
        return memory.address();
    }
}
