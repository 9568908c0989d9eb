package dev.strata.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Little that unpacks to much. */
class BoundsTest {
    private static final Bounds SMALL = new Bounds(1000, 5);

    @TempDir
    Path folder;

    private static LayerException refusal(InputStream tar, Bounds bounds) {
        LayerException thrown = catchThrowableOfType(LayerException.class, () -> readAll(tar, bounds));
        assertThat(thrown).isNotNull();
        assertThat(thrown.isTooMuch()).isTrue();
        return thrown;
    }

    private static void readAll(InputStream tar, Bounds bounds) throws IOException {
        TarReader reader = new TarReader(tar, bounds);
        TarEntry entry = reader.next();
        while (entry != null) {
            entry = reader.next();
        }
        reader.drain();
    }

    private static InputStream stream(RawTar tar) {
        return new ByteArrayInputStream(tar.ended());
    }

    /** Zeros for as long as somebody reads. */
    private static final class Endless extends InputStream {
        @Override
        public int read() {
            return 0;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) {
            java.util.Arrays.fill(bytes, offset, offset + length, (byte) 0);
            return length;
        }
    }

    @Test
    void whatKeepsWithinThemIsTaken() throws IOException {
        RawTar tar = new RawTar().directory("d/");
        for (int i = 0; i < 4; i++) {
            tar.file("d/" + i, "x".repeat(200));
        }
        readAll(stream(tar), SMALL);
    }

    @Test
    void theBytesOfAllFilesCountTogether() {
        RawTar tar = new RawTar().file("a", "x".repeat(600)).file("b", "x".repeat(600));
        assertThat(refusal(stream(tar), SMALL)).hasMessage("b: it holds more than 1000 bytes");
    }

    @Test
    void whatAHeaderTellsCountsBeforeOneByteOfItIsRead() {
        RawTar tar = new RawTar();
        tar.named("big").entry('0', new byte[0], 1L << 40);
        InputStream endless = new SequenceInputStream(new ByteArrayInputStream(tar.withoutEnd()), new Endless());
        assertThat(refusal(endless, Bounds.DEFAULT)).hasMessageContaining("more than 68719476736 bytes");
    }

    @Test
    void everyEntryCounts() {
        RawTar tar = new RawTar();
        for (int i = 0; i < 6; i++) {
            tar.symbolicLink("link" + i, "x");
        }
        assertThat(refusal(stream(tar), SMALL)).hasMessageContaining("it holds more than 5 files");
    }

    @Test
    void headersWithoutFilesCountToo() {
        RawTar tar = new RawTar();
        for (int i = 0; i < 6; i++) {
            tar.records('g', Map.of("path", "x"));
        }
        assertThat(refusal(stream(tar), SMALL)).hasMessageContaining("it holds more than 5 files");
    }

    @Test
    void longNamesCountAsWhatTheyTakeOfMemory() {
        RawTar tar = new RawTar().file("n".repeat(100_000), "");
        assertThat(refusal(stream(tar), SMALL)).hasMessageContaining("names and attributes");
    }

    @Test
    void aSparseFileCountsWithItsHoles() throws IOException {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        content.writeBytes("1\n0\n4\n".getBytes(StandardCharsets.UTF_8));
        content.writeBytes(new byte[512 - content.size()]);
        content.writeBytes("data".getBytes(StandardCharsets.UTF_8));
        RawTar tar = new RawTar()
                .records(
                        'x',
                        Map.of(
                                "GNU.sparse.major", "1",
                                "GNU.sparse.minor", "0",
                                "GNU.sparse.name", "sparse",
                                "GNU.sparse.realsize", "1000000000000"));
        tar.named("sparse").entry('0', content.toByteArray());
        assertThat(refusal(stream(tar), new Bounds(1_000_000, 10))).hasMessageContaining("more than 1000000 bytes");
        readAll(stream(tar), Bounds.NONE);
    }

    @Test
    void whatFollowsTheEndCountsToo() {
        InputStream endless = new SequenceInputStream(stream(new RawTar().file("a", "a")), new Endless());
        refusal(endless, SMALL);
    }

    @Test
    void nothingIsWrittenOfAFileThatWouldBeTooMuch() {
        RawTar tar = new RawTar().file("a", "a").file("b", "x".repeat(2000));
        assertThatThrownBy(() -> Unpack.apply(stream(tar), folder, Unpack.Whiteouts.NONE, SMALL))
                .isInstanceOf(LayerException.class);
        assertThat(folder.resolve("a")).exists();
        assertThat(folder.resolve("b")).doesNotExist();
    }

    @Test
    void anArchiveIsFoundToBeOneWhateverItsSizeAndThenRefused() throws IOException {
        byte[] tar = new RawTar().file("b", "x".repeat(2000)).ended();
        assertThat(Archive.isArchive(new ByteArrayInputStream(tar))).isTrue();
        assertThatThrownBy(() -> Archive.open(new ByteArrayInputStream(tar), folder, SMALL))
                .isInstanceOf(LayerException.class)
                .hasMessageContaining("more than 1000 bytes");
        try (var left = Files.list(folder)) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void aLayerIsRefusedWhileItIsIndexed() {
        assertThatThrownBy(() -> LayerIndex.ofTar(
                        stream(new RawTar().file("b", "x".repeat(2000))),
                        dev.strata.image.Digest.sha256(new byte[0]),
                        SMALL))
                .isInstanceOf(LayerException.class);
    }

    @Test
    void boundsOfNothingAreRefused() {
        assertThatThrownBy(() -> new Bounds(0, 1)).isInstanceOf(IllegalArgumentException.class);
    }
}
