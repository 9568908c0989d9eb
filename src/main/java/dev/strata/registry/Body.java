package dev.strata.registry;

import dev.strata.image.BulkInput;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** What a request sends. */
interface Body {
    /** In bytes; -1 where it is not known yet. */
    long length();

    /** The bytes from the start. */
    InputStream open() throws IOException;

    /** Whether it can be opened again, to be sent a second time. */
    default boolean repeatable() {
        return true;
    }

    /** Whether the sender waits for us rather than for the other end. */
    default boolean idle() {
        return false;
    }

    static Body of(byte[] bytes) {
        return new Body() {
            @Override
            public long length() {
                return bytes.length;
            }

            @Override
            public InputStream open() {
                return new ByteArrayInputStream(bytes);
            }
        };
    }

    /** Some bytes of a file. */
    static Body of(Path file, long offset, long length) {
        return new Body() {
            @Override
            public long length() {
                return length;
            }

            @Override
            public InputStream open() throws IOException {
                FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
                channel.position(offset);
                return new Limited(Channels.newInputStream(channel), length);
            }
        };
    }

    /** The first bytes of a stream. */
    final class Limited extends BulkInput {
        private final InputStream in;
        private long left;

        private Limited(InputStream in, long length) {
            this.in = in;
            this.left = length;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (left <= 0) {
                return -1;
            }
            int got = in.read(bytes, offset, (int) Math.min(length, left));
            left -= Math.max(got, 0);
            return got;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
