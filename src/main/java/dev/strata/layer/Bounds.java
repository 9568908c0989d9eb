package dev.strata.layer;

/**
 * How much may come out of one tar: a context's, an archive's, a layer's. A few packed bytes can unpack to more than any
 * disk or memory holds, so whoever unpacks for others says where it ends.
 *
 * @param bytes of all files together, as the entries tell them: a sparse file counts with its holes
 * @param entries files, folders, links and all else that has a header of its own
 */
public record Bounds(long bytes, long entries) {
    /** 64 GiB in a million entries: beyond what images in use have. */
    public static final Bounds DEFAULT = new Bounds(64L << 30, 1_000_000);

    /** For what was made here. */
    public static final Bounds NONE = new Bounds(Long.MAX_VALUE, Long.MAX_VALUE);

    /** Of names and attributes that are longer than usual: so many bytes an entry, over all of them. */
    private static final int EXTENDED_BYTES = 512;

    public Bounds {
        if (bytes < 1 || entries < 1) {
            throw new IllegalArgumentException(
                    "bounds are at least 1, not " + bytes + " bytes and " + entries + " entries");
        }
    }

    /** What has come out of one tar so far. */
    static final class Count {
        private final Bounds bounds;
        private long bytes;
        private long extended;
        private long entries;

        Count(Bounds bounds) {
            this.bounds = bounds;
        }

        void entry(String name) {
            if (++entries > bounds.entries()) {
                throw LayerException.tooMuch("it holds more than " + bounds.entries() + " files", name);
            }
        }

        void bytes(long more, String name) {
            bytes += Math.min(more, Long.MAX_VALUE - bytes);
            if (bytes > bounds.bytes()) {
                throw LayerException.tooMuch("it holds more than " + bounds.bytes() + " bytes", name);
            }
        }

        void extended(long more, String name) {
            extended += more;
            if (extended / EXTENDED_BYTES > bounds.entries()) {
                throw LayerException.tooMuch("its names and attributes have more than " + extended + " bytes", name);
            }
        }
    }
}
