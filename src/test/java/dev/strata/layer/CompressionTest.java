package dev.strata.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CompressionTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource
    void whatIsCompressedComesBack(Compression compression) throws IOException {
        for (int size : new int[] {0, 1, 128 * 1024 - 1, 128 * 1024, 128 * 1024 + 1, 1_000_003}) {
            byte[] content = content(size);
            byte[] compressed = compress(compression, null, content, 8191);
            assertThat(Compression.decompress(new ByteArrayInputStream(compressed))
                            .readAllBytes())
                    .isEqualTo(content);
        }
    }

    @ParameterizedTest
    @EnumSource(names = "UNCOMPRESSED", mode = EnumSource.Mode.EXCLUDE)
    void theSameContentGivesTheSameBytes(Compression compression) throws IOException {
        byte[] content = content(3_000_000);
        byte[] once = compress(compression, null, content, 128 * 1024);
        for (int i = 0; i < 3; i++) {
            assertThat(compress(compression, null, content, 128 * 1024)).isEqualTo(once);
        }
    }

    @Test
    void gzipDoesNotCareHowItIsWritten() throws IOException {
        byte[] content = content(700_000);
        assertThat(compress(Compression.GZIP, 6, content, 1000))
                .isEqualTo(compress(Compression.GZIP, 6, content, 300_000));
    }

    @Test
    void zstdDoesNotCareHowManyProcessorsThereAreNorHowItIsWritten() throws IOException {
        byte[] content = content(11_000_000);
        byte[] one = compressed(content, 300_000, out -> Compression.zstd(out, 1));
        for (int threads : new int[] {2, 3, 8}) {
            assertThat(compressed(content, 100_000 * threads, out -> Compression.zstd(out, threads)))
                    .isEqualTo(one);
        }
        assertThat(compress(Compression.ZSTD, null, content, 128 * 1024)).isEqualTo(one);
    }

    @Test
    void partsOfZstdCostNextToNothing() throws IOException {
        byte[] content = content(11_000_000);
        int whole = compress(Compression.ZSTD, Compression.ZSTD.usualLevel(), content, 65536).length;
        assertThat(compress(Compression.ZSTD, null, content, 65536).length).isLessThan(whole / 100 * 101);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 6, 9})
    void otherToolsReadOurGzip(int level) throws Exception {
        byte[] content = content(2_000_000);
        Path file = Files.write(folder.resolve("x.gz"), compress(Compression.GZIP, level, content, 5000));
        run("gzip", "-t", file.toString());
        run("gzip", "-d", file.toString());
        assertThat(Files.readAllBytes(folder.resolve("x"))).isEqualTo(content);
    }

    @Test
    void otherToolsReadOurZstd() throws Exception {
        byte[] content = content(7_000_000);
        Path file = Files.write(folder.resolve("x.zst"), compress(Compression.ZSTD, null, content, 5000));
        run("zstd", "-q", "-d", file.toString());
        assertThat(Files.readAllBytes(folder.resolve("x"))).isEqualTo(content);
    }

    @Test
    void blocksCostNextToNothing() throws IOException {
        byte[] content = content(4_000_000);
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        try (OutputStream out = new java.util.zip.DeflaterOutputStream(plain, new java.util.zip.Deflater(6))) {
            out.write(content);
        }
        assertThat(compress(Compression.GZIP, 6, content, 65536).length).isLessThan(plain.size() * 101 / 100);
    }

    @Test
    void membersAndFramesOnEndAreOneContent() throws IOException {
        for (Compression compression : new Compression[] {Compression.GZIP, Compression.ZSTD}) {
            ByteArrayOutputStream two = new ByteArrayOutputStream();
            two.writeBytes(compress(compression, null, new byte[] {1, 2}, 10));
            two.writeBytes(compress(compression, null, new byte[] {3}, 10));
            assertThat(Compression.decompress(new ByteArrayInputStream(two.toByteArray()))
                            .readAllBytes())
                    .containsExactly(1, 2, 3);
        }
    }

    @Test
    void aLevelThatIsNotThereIsRefused() {
        assertThatThrownBy(() -> Compression.GZIP.compress(OutputStream.nullOutputStream(), 22))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1 to 9");
    }

    @ParameterizedTest
    @EnumSource(names = "UNCOMPRESSED", mode = EnumSource.Mode.EXCLUDE)
    void troubleBelowIsToldAndNotHung(Compression compression) {
        OutputStream full = new OutputStream() {
            private int left = 100_000;

            @Override
            public void write(int b) throws IOException {
                if (--left < 0) {
                    throw new IOException("No space left on device");
                }
            }
        };
        assertThatThrownBy(() -> {
                    try (OutputStream out = new Overlapped(compression.compress(full, null))) {
                        byte[] noise = new byte[1 << 20];
                        new Random(1).nextBytes(noise);
                        for (int i = 0; i < 64; i++) {
                            out.write(noise);
                        }
                    }
                })
                .isInstanceOf(IOException.class)
                .hasMessageContaining("No space left");
    }

    private static byte[] compress(Compression compression, @Nullable Integer level, byte[] content, int piece)
            throws IOException {
        return compressed(content, piece, out -> compression.compress(out, level));
    }

    @FunctionalInterface
    private interface Compressor {
        OutputStream onto(OutputStream out) throws IOException;
    }

    private static byte[] compressed(byte[] content, int piece, Compressor compressor) throws IOException {
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (OutputStream out = compressor.onto(compressed)) {
            for (int at = 0; at < content.length; at += piece) {
                out.write(content, at, Math.min(piece, content.length - at));
            }
        }
        return compressed.toByteArray();
    }

    /** Neither noise nor all the same: words. */
    private static byte[] content(int size) {
        Random random = new Random(size);
        StringBuilder text = new StringBuilder(size + 20);
        while (text.length() < size) {
            text.append(Integer.toString(random.nextInt(3000), 36)).append(random.nextInt(9) == 0 ? '\n' : ' ');
        }
        return java.util.Arrays.copyOf(text.toString().getBytes(java.nio.charset.StandardCharsets.US_ASCII), size);
    }

    private static void run(String... command) throws Exception {
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    }
}
