package dev.strata.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.image.BulkInput;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GzipInputTest {
    /** Who undoes deflate; all must do the same. */
    enum By {
        ZLIB,
        ISAL;

        Inflation inflation() {
            return switch (this) {
                case ZLIB -> new ZlibInflation();
                case ISAL -> new IsalInflation(IsalTest.isal());
            };
        }
    }

    private static final byte[] TEXT = "what is packed comes back ".repeat(9).getBytes(StandardCharsets.US_ASCII);

    @ParameterizedTest
    @EnumSource
    void whatGzipPacksComesBack(By by) throws IOException {
        for (int size : new int[] {0, 1, 65_535, 65_536, 70_000, 3_000_000}) {
            for (boolean noise : new boolean[] {false, true}) {
                byte[] content = noise ? SampleBytes.noise(size) : SampleBytes.words(size);
                assertThat(unpacked(by, new ByteArrayInputStream(packed(content))))
                        .isEqualTo(content);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void membersAreOneContentThoughAStreamTellsNothingOfWhatItHas(By by) throws IOException {
        byte[] one = SampleBytes.words(100_000);
        byte[] other = SampleBytes.noise(70_001);
        byte[] members = joined(packed(one), packed(new byte[0]), packed(TEXT), packed(other), packed(new byte[] {1}));
        byte[] content = joined(one, TEXT, other, new byte[] {1});

        for (int most : new int[] {1, 2, 7, 4099, Integer.MAX_VALUE}) {
            assertThat(unpacked(by, new Trickle(members, most)))
                    .as("at most %d bytes at once", most)
                    .isEqualTo(content);
        }
    }

    @ParameterizedTest
    @EnumSource
    void membersMayBeginAndEndAnywhere(By by) throws IOException {
        ByteArrayOutputStream members = new ByteArrayOutputStream();
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        Random random = new Random(1);
        for (int i = 0; i < 3000; i++) {
            byte[] some = random.nextBoolean()
                    ? SampleBytes.words(random.nextInt(300))
                    : SampleBytes.noise(random.nextInt(100));
            content.writeBytes(some);
            members.writeBytes(packed(some));
        }
        assertThat(unpacked(by, new Trickle(members.toByteArray(), Integer.MAX_VALUE)))
                .isEqualTo(content.toByteArray());
        assertThat(unpacked(by, new Trickle(members.toByteArray(), 1))).isEqualTo(content.toByteArray());
    }

    @ParameterizedTest
    @EnumSource
    void headersMayHaveAllFields(By by) throws IOException {
        for (int flags = 0; flags < 32; flags++) {
            byte[] member = member(flags, TEXT);
            assertThat(unpacked(by, new Trickle(joined(member, member), 1)))
                    .as("flags %d", flags)
                    .isEqualTo(joined(TEXT, TEXT));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aHeaderThatIsNotWhatItsCrcSaysIsRefused(By by) {
        byte[] member = member(2 | 8, TEXT);
        member[4] ^= 1; // the time
        assertThatThrownBy(() -> unpacked(by, new ByteArrayInputStream(member)))
                .isInstanceOf(ZipException.class)
                .hasMessageContaining("CRC of its header");
    }

    @ParameterizedTest
    @EnumSource
    void headersThatNobodyDefinedAreRefused(By by) {
        for (int[] change : new int[][] {{2, 7}, {3, 0x20}, {3, 0x80}}) {
            byte[] member = member(0, TEXT);
            member[change[0]] = (byte) change[1];
            assertThatThrownBy(() -> unpacked(by, new ByteArrayInputStream(member)))
                    .isInstanceOf(ZipException.class)
                    .hasMessageContaining("which nobody defined");
        }
    }

    @ParameterizedTest
    @EnumSource
    void zerosMayFollowAndNothingElse(By by) throws IOException {
        byte[] member = member(0, TEXT);
        for (int zeros : new int[] {1, 512, 200_000}) {
            assertThat(unpacked(by, new Trickle(joined(member, new byte[zeros]), Integer.MAX_VALUE)))
                    .isEqualTo(TEXT);
        }
        for (byte[] more : new byte[][] {{'x'}, {0, 0, 'x'}, {0x1F, 'x'}, joined(new byte[100_000], new byte[] {1})}) {
            assertThatThrownBy(() -> unpacked(by, new ByteArrayInputStream(joined(member, more))))
                    .isInstanceOf(ZipException.class)
                    .hasMessageContaining("something that is not gzip follows the end");
        }
        assertThatThrownBy(() -> unpacked(by, new ByteArrayInputStream(joined(new byte[1], member))))
                .isInstanceOf(ZipException.class)
                .hasMessageContaining("it is not gzip");
    }

    @ParameterizedTest
    @EnumSource
    void whatIsCutAnywhereIsAnError(By by) throws IOException {
        byte[] two = joined(member(2 | 4 | 8 | 16, TEXT), packed(SampleBytes.noise(50)));
        int first = member(2 | 4 | 8 | 16, TEXT).length;
        for (int length = 0; length < two.length; length++) {
            byte[] cut = Arrays.copyOf(two, length);
            if (length == first) {
                assertThat(unpacked(by, new ByteArrayInputStream(cut))).isEqualTo(TEXT);
            } else {
                assertThatThrownBy(() -> unpacked(by, new ByteArrayInputStream(cut)))
                        .as("cut at %d", length)
                        .isInstanceOf(EOFException.class);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aWrongCrcOrLengthOfAnyMemberIsAnError(By by) throws IOException {
        byte[] member = packed(TEXT);
        for (int back = 1; back <= 8; back++) {
            byte[] two = joined(member, member);
            two[member.length - back] ^= 4;
            String wrong = back <= 4 ? "its length is wrong" : "its CRC is wrong";
            assertThatThrownBy(() -> unpacked(by, new ByteArrayInputStream(two)))
                    .isInstanceOf(ZipException.class)
                    .hasMessageContaining(wrong);
        }
    }

    /** Most of what is damaged is found by the inflation, the rest by the CRC; nothing comes out that did not go in. */
    @ParameterizedTest
    @EnumSource
    void damageIsAlwaysFound(By by) throws IOException {
        Random random = new Random(7);
        byte[] content = SampleBytes.words(200_000);
        byte[] good = packed(content);
        int found = 0;
        for (int i = 0; i < 300; i++) {
            byte[] bad = good.clone();
            int changes = 1 + random.nextInt(4);
            for (int change = 0; change < changes; change++) {
                bad[10 + random.nextInt(bad.length - 10)] ^= (byte) (1 + random.nextInt(255));
            }
            try {
                // Bits that fill the last byte mean nothing.
                assertThat(unpacked(by, new ByteArrayInputStream(bad))).isEqualTo(content);
            } catch (ZipException | EOFException e) {
                found++;
            }
        }
        assertThat(found).isGreaterThan(290);
    }

    @ParameterizedTest
    @EnumSource
    void noiseIsNeverTakenForContent(By by) {
        for (int i = 0; i < 300; i++) {
            byte[] stream = joined(Arrays.copyOf(member(0, TEXT), 10), SampleBytes.noise(500 + i));
            assertThatThrownBy(() -> unpacked(by, new ByteArrayInputStream(stream)))
                    .isInstanceOfAny(ZipException.class, EOFException.class);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whoReadsAClosedOneIsTold(By by) throws IOException {
        InputStream in = new GzipInput(new ByteArrayInputStream(packed(TEXT)), by.inflation());
        assertThat(in.read()).isEqualTo(TEXT[0]);
        in.close();
        in.close();
        assertThatThrownBy(in::read).isInstanceOf(IOException.class).hasMessageContaining("closed");
    }

    private static byte[] unpacked(By by, InputStream packed) throws IOException {
        try (InputStream in = new GzipInput(packed, by.inflation())) {
            byte[] content = in.readAllBytes();
            assertThat(in.read()).isEqualTo(-1);
            return content;
        }
    }

    private static byte[] packed(byte[] content) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(content);
        }
        return packed.toByteArray();
    }

    /** A member with the fields that its flags tell (RFC 1952, 2.3.1). */
    private static byte[] member(int flags, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {0x1F, (byte) 0x8B, 8, (byte) flags, 1, 2, 3, 4, 0, 3});
        if ((flags & 4) != 0) {
            out.writeBytes(new byte[] {0x2C, 1});
            out.writeBytes(new byte[300]);
        }
        if ((flags & 8) != 0) {
            out.writeBytes("a name\0".getBytes(StandardCharsets.ISO_8859_1));
        }
        if ((flags & 16) != 0) {
            out.writeBytes("a comment\0".getBytes(StandardCharsets.ISO_8859_1));
        }
        if ((flags & 2) != 0) {
            int crc = crc(out.toByteArray());
            out.writeBytes(new byte[] {(byte) crc, (byte) (crc >>> 8)});
        }
        Deflater deflater = new Deflater(6, true);
        deflater.setInput(content);
        deflater.finish();
        byte[] deflated = new byte[content.length + 100];
        out.write(deflated, 0, deflater.deflate(deflated));
        deflater.end();
        out.writeBytes(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(crc(content))
                .putInt(content.length)
                .array());
        return out.toByteArray();
    }

    private static int crc(byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    private static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    /** Gives few bytes at once, as a network does, and never tells that it has some. */
    private static final class Trickle extends BulkInput {
        private final byte[] bytes;
        private final int most;
        private int at;

        Trickle(byte[] bytes, int most) {
            this.bytes = bytes;
            this.most = most;
        }

        @Override
        public int read(byte[] into, int offset, int length) {
            if (at == bytes.length) {
                return -1;
            }
            int some = Math.min(Math.min(length, most), bytes.length - at);
            System.arraycopy(bytes, at, into, offset, some);
            at += some;
            return some;
        }

        @Override
        public int available() {
            return 0;
        }
    }
}
