package dev.strata.layer;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A piece of content with the window before it as its dictionary, and what deflate makes of it; used again and again. */
final class DeflatedBlock {
    static final int SIZE = 128 * 1024;
    static final int WINDOW = 32 * 1024;

    final byte[] input = new byte[WINDOW + SIZE];
    /** The end of the window in {@link #input} is always at {@link #WINDOW}. */
    int dictionary;

    int length;
    byte[] output = new byte[SIZE / 2];
    int outputLength;

    /** @param before a full block that this one follows; null for the first one of all */
    void begin(@Nullable DeflatedBlock before) {
        length = 0;
        outputLength = 0;
        dictionary = 0;
        if (before != null) {
            dictionary = WINDOW;
            System.arraycopy(before.input, before.length, input, 0, WINDOW);
        }
    }

    /** Takes what there is room for, and tells how much that was. */
    int add(byte[] bytes, int offset, int count) {
        int some = Math.min(count, SIZE - length);
        System.arraycopy(bytes, offset, input, WINDOW + length, some);
        length += some;
        return some;
    }

    boolean isFull() {
        return length == SIZE;
    }

    /** Room for at least so many more bytes of output. */
    void ensureOutput(int more) {
        if (output.length - outputLength < more) {
            output = Arrays.copyOf(output, Math.max(outputLength + more, output.length * 2));
        }
    }
}
