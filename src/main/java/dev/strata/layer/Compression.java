package dev.strata.layer;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import dev.strata.image.MediaTypes;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/**
 * How a layer's tar is made smaller. The same content at the same given level always gives the same bytes, on every
 * machine. Without a level it does so wherever the same program does it: gzip is made by {@link Isal} where a machine has
 * it, and by zlib where not; zstd is made in parts, whose number goes by the content and not by the processors.
 */
public enum Compression {
    /** Level 1 is four times as fast as 6, for a tenth more bytes. */
    GZIP(MediaTypes.LAYER_GZIP, 1, 9, 1),
    ZSTD(MediaTypes.LAYER_ZSTD, 1, 22, 3),
    UNCOMPRESSED(MediaTypes.LAYER_TAR, 0, 0, 0);

    private static final int READ_BUFFER = 1 << 16;

    /** As long as the usual level's window: each part sees all that one thread would have seen. Less is not taken. */
    private static final int ZSTD_PART = 2 << 20;

    /** Of 1 to 9: the part before is seen whole. */
    private static final int ZSTD_OVERLAP = 9;

    /** What hashes and writes a layer keeps up with no more; each takes 6 MiB beyond the heap. */
    private static final int ZSTD_THREADS = Math.min(4, Runtime.getRuntime().availableProcessors());

    private final String mediaType;
    private final int least;
    private final int most;
    private final int usual;

    Compression(String mediaType, int least, int most, int usual) {
        this.mediaType = mediaType;
        this.least = least;
        this.most = most;
        this.usual = usual;
    }

    /** The level to give where none was asked for and the bytes must not depend on the machine. */
    public int usualLevel() {
        return usual;
    }

    /** Of a layer so compressed, in the OCI image specification. */
    public String mediaType() {
        return mediaType;
    }

    /**
     * @param level null for the default
     * @throws IllegalArgumentException when there is no such level
     */
    public void checkLevel(@Nullable Integer level) {
        if (level != null && (level < least || level > most)) {
            throw new IllegalArgumentException("compression level " + level + " is not one of "
                    + name().toLowerCase(java.util.Locale.ROOT) + ", which has " + least + " to " + most);
        }
    }

    /**
     * Compresses what is written. Closing ends the compressed stream and closes {@code out}.
     *
     * @param level gzip 1 to 9, zstd 1 to 22; null for the fastest way of this machine to about the usual size
     * @throws IllegalArgumentException when there is no such level
     */
    public OutputStream compress(OutputStream out, @Nullable Integer level) throws IOException {
        checkLevel(level);
        int given = level == null ? usual : level;
        return switch (this) {
            case GZIP -> new ParallelGzip(out, given, level == null);
            case ZSTD -> level == null ? zstd(out, ZSTD_THREADS) : zstdOfLevel(out, level);
            case UNCOMPRESSED -> out;
        };
    }

    private static ZstdOutputStreamNoFinalizer zstdOfLevel(OutputStream out, int level) throws IOException {
        return new ZstdOutputStreamNoFinalizer(out, level).setChecksum(true);
    }

    /**
     * zstd of the usual level, compressed in parts on several processors. The bytes do not depend on how many threads do it,
     * nor on time, but are others than those of the same level in one thread, by a part in a thousand more to a fifth fewer.
     */
    static OutputStream zstd(OutputStream out, int threads) throws IOException {
        return zstdOfLevel(out, ZSTD.usual)
                .setWorkers(threads)
                .setJobSize(ZSTD_PART)
                .setOverlapLog(ZSTD_OVERLAP);
    }

    /** Whether gzip without a level is made, and gzip of any kind unpacked, by ISA-L; loads it where it is installed. */
    public static boolean isAccelerated() {
        return Isal.find() != null;
    }

    /**
     * Tells the compression by the first bytes, whatever a media type says, and undoes it. Content that begins like
     * neither gzip nor zstd is taken as it is. Several gzip members or zstd frames on end are one content. It is to be
     * closed, also where {@code in} is closed by somebody else: what decompresses has memory beyond the heap.
     */
    public static InputStream decompress(InputStream in) throws IOException {
        return decompress(in, in.available());
    }

    /**
     * As {@link #decompress(InputStream)}.
     *
     * @param about how many compressed bytes there are; only how fast they are read hangs on it
     */
    static InputStream decompress(InputStream in, long about) throws IOException {
        BufferedInputStream buffered = new BufferedInputStream(in, READ_BUFFER);
        return switch (detect(buffered)) {
            case GZIP -> new GzipInput(buffered, about);
            case ZSTD -> new ZstdInputStreamNoFinalizer(buffered);
            case UNCOMPRESSED -> buffered;
        };
    }

    private static Compression detect(BufferedInputStream in) throws IOException {
        in.mark(4);
        byte[] magic = in.readNBytes(4);
        in.reset();
        if (magic.length >= 2 && magic[0] == 0x1F && magic[1] == (byte) 0x8B) {
            return GZIP;
        }
        boolean zstd = magic.length == 4
                && magic[1] == (byte) 0xB5
                && magic[2] == 0x2F
                && magic[3] == (byte) 0xFD
                && magic[0] == 0x28;
        boolean skippable = magic.length == 4
                && (magic[0] & 0xF0) == 0x50
                && magic[1] == 0x2A
                && magic[2] == 0x4D
                && magic[3] == 0x18;
        return zstd || skippable ? ZSTD : UNCOMPRESSED;
    }
}
