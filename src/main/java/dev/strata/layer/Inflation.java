package dev.strata.layer;

import java.util.zip.ZipException;

/** Undoes deflate (RFC 1951), one stream after the other, with no header and no check around it. Closed by any thread. */
interface Inflation extends AutoCloseable {
    /** Says what comes next; the bytes before are used up. They are not changed until then. */
    void input(byte[] bytes, int offset, int length);

    /**
     * The next bytes of the content, as many as there are now; 0 where all input is used up, or the stream has ended.
     *
     * @throws ZipException when it is no such stream
     * @throws RuntimeException when this is closed
     */
    int inflate(byte[] bytes, int offset, int length) throws ZipException;

    boolean ended();

    /**
     * How many bytes of the input came after the stream's end. They may be a few more than were given last, where all of
     * these and some of those before them did.
     */
    int unused();

    /** Begins another stream. */
    void restart();

    @Override
    void close();
}
