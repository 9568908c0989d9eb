package dev.strata.layer;

import dev.strata.image.BulkInput;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * What gzip packed: all members of a stream, each checked by its length and its CRC. Where a member ends is told by its
 * own data, and whether one follows by reading on, never by how many bytes a stream says it has at hand. Zeros may
 * follow the last member, as tapes leave them; anything else is an error, and so is an end before the end. Source: RFC
 * 1952.
 */
final class GzipInput extends BulkInput {
    /** So much is worth a library that has to be loaded first, which takes 20 ms. */
    private static final int LARGE = 2 << 20;

    private static final int READ = 1 << 16;

    /** An inflation may have taken in so many bytes too many, of earlier readings too. */
    private static final int GIVEN_BACK = 8;

    private static final int DEFLATED = 8;
    private static final int HEADER_CRC = 2;
    private static final int EXTRA = 4;
    private static final int NAME = 8;
    private static final int COMMENT = 16;
    private static final int RESERVED = 0xE0;

    private final InputStream in;
    private final boolean large;
    private final byte[] packed = new byte[GIVEN_BACK + READ];
    private int at = GIVEN_BACK;
    private int end = GIVEN_BACK;
    private @Nullable Inflation inflation;
    private final CRC32 header = new CRC32();
    private final CRC32 content = new CRC32();
    private long size;
    private boolean begun;
    private boolean inside;
    private boolean ended;
    private volatile boolean closed;

    /**
     * @param in is closed with this, and not before
     * @param about how many bytes there are; only how fast they are read hangs on it
     */
    GzipInput(InputStream in, long about) {
        this.in = in;
        this.large = about >= LARGE;
    }

    /** @param inflation by which it is done, whatever the size; closed with this */
    GzipInput(InputStream in, Inflation inflation) {
        this.in = in;
        this.large = false;
        this.inflation = inflation;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (closed) {
            throw new IOException("the gzip stream is closed");
        }
        if (length == 0) {
            return 0;
        }
        Inflation by = inflation();
        while (!ended && (inside || begin(by))) {
            int some = by.inflate(bytes, offset, length);
            if (some > 0) {
                content.update(bytes, offset, some);
                size += some;
                return some;
            }
            if (by.ended()) {
                at = end - by.unused();
                trailer();
                inside = false;
            } else {
                need();
                hand(by);
            }
        }
        if (!ended) {
            ended = true;
            by.close();
        }
        return -1;
    }

    private Inflation inflation() {
        Inflation by = inflation;
        if (by == null) {
            Isal isal = large ? Isal.find() : null;
            by = isal == null ? new ZlibInflation() : new IsalInflation(isal);
            inflation = by;
        }
        return by;
    }

    private void hand(Inflation by) {
        by.input(packed, at, end - at);
        at = end;
    }

    /** Reads the next member's header; false where there is none. */
    private boolean begin(Inflation by) throws IOException {
        if (at == end && !fill()) {
            if (!begun) {
                throw cut();
            }
            return false;
        }
        if (begun && packed[at] == 0) {
            padding();
            return false;
        }
        header();
        if (begun) {
            by.restart();
        }
        hand(by);
        content.reset();
        size = 0;
        begun = true;
        inside = true;
        return true;
    }

    private void header() throws IOException {
        header.reset();
        if (next() != 0x1F || next() != 0x8B) {
            throw new ZipException(
                    begun ? "something that is not gzip follows the end of the gzip stream" : "it is not gzip");
        }
        int method = next();
        int flags = next();
        if (method != DEFLATED || (flags & RESERVED) != 0) {
            throw damaged("its header has method " + method + " and flags " + flags + ", which nobody defined");
        }
        skip(6); // time, extra flags, system
        if ((flags & EXTRA) != 0) {
            skip(next() | next() << 8);
        }
        if ((flags & NAME) != 0) {
            skipText();
        }
        if ((flags & COMMENT) != 0) {
            skipText();
        }
        if ((flags & HEADER_CRC) != 0) {
            int expected = (int) header.getValue() & 0xFFFF;
            if ((next() | next() << 8) != expected) {
                throw damaged("the CRC of its header is wrong");
            }
        }
    }

    private void skip(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            next();
        }
    }

    private void skipText() throws IOException {
        int last = next();
        while (last != 0) {
            last = next();
        }
    }

    private void trailer() throws IOException {
        long expectedCrc = number();
        long expectedSize = number();
        if (expectedCrc != content.getValue()) {
            throw damaged("its CRC is wrong");
        }
        if (expectedSize != (size & 0xFFFF_FFFFL)) {
            throw damaged("its length is wrong");
        }
    }

    private long number() throws IOException {
        return next() | next() << 8 | next() << 16 | (long) next() << 24;
    }

    private void padding() throws IOException {
        while (at < end || fill()) {
            if (packed[at++] != 0) {
                throw new ZipException("something that is not gzip follows the end of the gzip stream");
            }
        }
    }

    private int next() throws IOException {
        need();
        int value = packed[at++] & 0xFF;
        header.update(value);
        return value;
    }

    private void need() throws IOException {
        if (at == end && !fill()) {
            throw cut();
        }
    }

    /** Reads on when all that was read is handed out; false at the end. */
    private boolean fill() throws IOException {
        System.arraycopy(packed, end - GIVEN_BACK, packed, 0, GIVEN_BACK);
        at = GIVEN_BACK;
        int some = in.read(packed, at, READ);
        end = at + Math.max(some, 0);
        return some > 0;
    }

    private static EOFException cut() {
        return new EOFException("the gzip stream breaks off");
    }

    static ZipException damaged(@Nullable String how) {
        return new ZipException("the gzip stream is damaged: " + how);
    }

    @Override
    public void close() throws IOException {
        closed = true;
        if (inflation != null) {
            inflation.close();
        }
        in.close();
    }
}
