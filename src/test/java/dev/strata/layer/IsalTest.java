package dev.strata.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.JavaProcess;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class IsalTest {
    /** More than what is not worth loading the library. */
    private static final int LARGE = 5_000_000;

    private static final int SMALL = 8 * DeflatedBlock.SIZE;

    /** The library; where there is none, a test of it is skipped. */
    static Isal isal() {
        Isal isal = Isal.find();
        assumeTrue(isal != null, "libisal.so.2 is not installed (Debian: libisal2): gzip by it is not tried");
        return Objects.requireNonNull(isal);
    }

    @Test
    void blocksOfAllKindsComeBack() throws IOException {
        Deflation deflation = new IsalDeflation(isal());
        for (int size : new int[] {1, 2, 100, 32_768, DeflatedBlock.SIZE - 1, DeflatedBlock.SIZE}) {
            for (byte[] content : new byte[][] {SampleBytes.words(size), SampleBytes.noise(size), new byte[size]}) {
                DeflatedBlock block = new DeflatedBlock();
                block.begin(null);
                block.add(content, 0, size);
                deflation.deflate(block, true);
                assertThat(inflated(block)).isEqualTo(content);
            }
        }
    }

    /** What the memory held before must not show: neither in a block's bytes nor in what they refer to. */
    @Test
    void aBlockGivesTheSameBytesWhateverWasDeflatedBefore() {
        Deflation deflation = new IsalDeflation(isal());
        DeflatedBlock before = new DeflatedBlock();
        before.begin(null);
        before.add(SampleBytes.words(DeflatedBlock.SIZE), 0, DeflatedBlock.SIZE);
        DeflatedBlock block = new DeflatedBlock();
        byte[] expected = new byte[0];
        for (byte[] other : new byte[][] {
            SampleBytes.noise(70_000), new byte[100_000], SampleBytes.words(300), SampleBytes.words(120_000)
        }) {
            DeflatedBlock between = new DeflatedBlock();
            between.begin(null);
            between.add(other, 0, other.length);
            deflation.deflate(between, false);
            block.begin(before);
            block.add(SampleBytes.words(90_000), 0, 90_000);
            deflation.deflate(block, false);
            byte[] deflated = Arrays.copyOf(block.output, block.outputLength);
            assertThat(expected.length == 0 || Arrays.equals(expected, deflated))
                    .isTrue();
            expected = deflated;
        }
    }

    @Test
    void layersDoNotCareHowTheyAreWritten() throws IOException {
        isal();
        byte[] content = SampleBytes.words(LARGE);
        byte[] once = compressed(content, null, 1000);
        assertThat(compressed(content, null, 300_000)).isEqualTo(once);
        assertThat(compressed(content, null, LARGE)).isEqualTo(once);
        try (InputStream in = Compression.decompress(new ByteArrayInputStream(once))) {
            assertThat(in.readAllBytes()).isEqualTo(content);
        }
    }

    @Test
    void otherToolsReadItsGzip(@TempDir Path folder) throws Exception {
        isal();
        byte[] content = new byte[LARGE];
        System.arraycopy(SampleBytes.words(LARGE / 2), 0, content, 0, LARGE / 2);
        System.arraycopy(SampleBytes.noise(LARGE / 4), 0, content, LARGE / 2, LARGE / 4);
        Path file = Files.write(folder.resolve("x.gz"), compressed(content, null, 70_000));
        assertThat(new ProcessBuilder("gzip", "-d", file.toString())
                        .inheritIO()
                        .start()
                        .waitFor())
                .isZero();
        assertThat(Files.readAllBytes(folder.resolve("x"))).isEqualTo(content);
    }

    /** So that a level that is asked for, and a date, give the same bytes on a machine that has no such library. */
    @Test
    void aGivenLevelAndSmallContentAreZlibs() throws IOException {
        isal();
        byte[] large = SampleBytes.words(SMALL + 1);
        assertThat(compressed(large, 1, 10_000)).isEqualTo(zlib(large)).isNotEqualTo(compressed(large, null, 10_000));
        byte[] small = SampleBytes.words(SMALL);
        assertThat(compressed(small, null, 10_000)).isEqualTo(zlib(small)).isEqualTo(compressed(small, 1, 10_000));
    }

    @Test
    void itIsAboutAsSmallAsZlibs() throws IOException {
        isal();
        byte[] content = SampleBytes.words(LARGE);
        assertThat(compressed(content, null, 70_000).length).isLessThan(zlib(content).length * 105 / 100);
    }

    @Test
    void streamsThatAreLargeAreUnpackedByItAndSmallOnesAlike() throws IOException {
        isal();
        for (int size : new int[] {1000, 3_000_000}) {
            byte[] content = SampleBytes.noise(size); // as large packed
            byte[] packed = zlib(content);
            try (InputStream in = Compression.decompress(new ByteArrayInputStream(packed))) {
                assertThat(in.readAllBytes()).isEqualTo(content);
            }
        }
    }

    @Test
    @Timeout(60)
    void oneThatIsClosedWhileAnotherThreadReadsEndsThere() throws Exception {
        Isal isal = isal();
        byte[] packed = zlib(SampleBytes.words(LARGE));
        for (int i = 0; i < 50; i++) {
            InputStream in = new GzipInput(new ByteArrayInputStream(packed), new IsalInflation(isal));
            in.read();
            CompletableFuture<String> end = CompletableFuture.supplyAsync(() -> readToItsEnd(in));
            in.close();
            assertThat(end.get()).containsIgnoringCase("closed");
        }
    }

    private static String readToItsEnd(InputStream in) {
        try {
            while (true) {
                if (in.read() < 0) {
                    return "it came to its end, and was not closed";
                }
            }
        } catch (IOException | IllegalStateException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** In a process of its own, whose memory is that of nothing else. */
    @Test
    @Timeout(120)
    void thousandsOfStreamsLeaveNothingBehind() throws Exception {
        isal();
        Process process = new ProcessBuilder(
                        JavaProcess.of(ManyStreams.class, List.of("-Xmx64m", "-XX:MaxDirectMemorySize=16m")))
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertThat(process.waitFor()).as(said).isZero();
        assertThat(Long.parseLong(said))
                .as("MiB beyond those of the first streams")
                .isLessThan(100);
    }

    /** 3,000 streams are 1.2 GiB of native memory, if none is given back. */
    static final class ManyStreams {
        private ManyStreams() {}

        public static void main(String[] arguments) throws IOException {
            Isal isal = Objects.requireNonNull(Isal.find());
            byte[] packed = zlib(SampleBytes.words(50_000));
            byte[] large = SampleBytes.words(SMALL + 1);
            long begun = 0;
            for (int i = 0; i < 3000; i++) {
                try (InputStream in = new GzipInput(new ByteArrayInputStream(packed), new IsalInflation(isal))) {
                    if (i % 2 == 0) {
                        in.transferTo(OutputStream.nullOutputStream());
                    } else {
                        in.read();
                    }
                }
                if (i % 20 == 0) {
                    compressed(large, null, 1 << 20);
                }
                begun = i == 100 ? resident() : begun;
            }
            System.out.println(resident() - begun);
        }

        private static long resident() throws IOException {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith("VmRSS:")) {
                    return Long.parseLong(line.replaceAll("[^0-9]", "")) >> 10;
                }
            }
            throw new IOException("no VmRSS");
        }
    }

    private static byte[] inflated(DeflatedBlock block) throws IOException {
        byte[] content = new byte[DeflatedBlock.SIZE + 1];
        int length = 0;
        try (Inflation zlib = new ZlibInflation()) {
            zlib.input(block.output, 0, block.outputLength);
            int some = zlib.inflate(content, 0, content.length);
            while (some > 0) {
                length += some;
                some = zlib.inflate(content, length, content.length - length);
            }
            assertThat(zlib.ended()).isTrue();
            assertThat(zlib.unused()).isZero();
        }
        return Arrays.copyOf(content, length);
    }

    private static byte[] compressed(byte[] content, @Nullable Integer level, int piece) throws IOException {
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (OutputStream out = Compression.GZIP.compress(compressed, level)) {
            for (int at = 0; at < content.length; at += piece) {
                out.write(content, at, Math.min(piece, content.length - at));
            }
        }
        return compressed.toByteArray();
    }

    private static byte[] zlib(byte[] content) throws IOException {
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (OutputStream out = new ParallelGzip(compressed, 1, false)) {
            out.write(content);
        }
        return compressed.toByteArray();
    }
}
