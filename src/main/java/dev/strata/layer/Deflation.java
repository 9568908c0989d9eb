package dev.strata.layer;

/** Deflates blocks (RFC 1951): each ends on a byte, so that they may simply follow each other. */
interface Deflation extends AutoCloseable {
    /**
     * Called by several threads at once, each for a block of its own. The same block gives the same bytes.
     *
     * @param last whether the stream ends with this block
     */
    void deflate(DeflatedBlock block, boolean last);

    @Override
    void close();
}
