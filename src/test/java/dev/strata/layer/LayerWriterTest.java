package dev.strata.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.image.Blobs;
import dev.strata.image.Digest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LayerWriterTest {
    private static final Metadata PLAIN = Metadata.of(0644, 0, 0, 1_600_000_000);
    private static final Metadata FOLDER = Metadata.of(0755, 0, 0, 1_600_000_000);
    private static final Bytes CAPABILITY =
            new Bytes(HexFormat.of().parseHex("0100000200040000000000000000000000000aff"));
    private static final String LONG = "directory-with-a-long-name/".repeat(9) + "file-" + "n".repeat(90);

    @TempDir
    Path folder;

    private Blobs blobs;

    @BeforeEach
    void makeStore() throws IOException {
        blobs = new Blobs(folder.resolve("store"));
    }

    @Test
    void gnuTarReadsWhatIsWritten() throws Exception {
        Path tar = tar(everything());
        String listing = output("tar", "--full-time", "--utc", "--numeric-owner", "-tvf", tar.toString());

        assertThat(listing)
                .contains("drwxr-xr-x 0/0", "./", "-rwsr-xr-x 0/3000000000", " 2020-09-13 12:26:40.25 etc/capable")
                .contains("hrw-r--r--", "etc/second link to etc/first")
                .contains("crw-rw-rw- 0/0             1,3", "brw-rw-rw- 0/0             8,0", "prw-r--r--")
                .contains("link -> ../\\303\\266")
                .contains(LONG, "etc/.wh.gone", "opaque/.wh..wh..opq");
    }

    @Test
    void pythonReadsWhatIsWritten() throws Exception {
        Path tar = tar(everything());
        String seen = output("python3", "-c", """
                import tarfile, sys
                for m in tarfile.open(sys.argv[1], 'r:'):
                    xattr = m.pax_headers.get('SCHILY.xattr.security.capability')
                    print(ascii(m.name), m.type.decode(), oct(m.mode), m.uid, m.gid, m.size, m.mtime, ascii(m.linkname),
                          xattr and xattr.encode('utf-8', 'surrogateescape').hex())
                """, tar.toString());

        assertThat(seen)
                .contains("'.' 5 0o755 0 0 0 1600000000")
                .contains(
                        "'etc/capable' 0 0o4755 0 3000000000 0 1600000000.25 '' 0100000200040000000000000000000000000aff")
                .contains("'" + LONG + "' 0 0o644 0 0 5")
                .contains("'na\\udcefve' 0 ")
                .contains("'old' 0 0o644 0 0 1 -1.5 ")
                .contains("'etc/second' 1 0o644 0 0 0 1600000000 'etc/first'")
                .contains("'link' 2 0o777 0 0 0 1600000000 '../\\xf6'");
    }

    @Test
    void theDigestIsThatOfTheTarAndTheSizeToo() throws Exception {
        for (Compression compression : Compression.values()) {
            Written written = LayerWriter.write(everything(), LayerWriterTest::content, compression, null, blobs);
            byte[] tar = Compression.decompress(
                            blobs.open(written.layer().blob().digest()))
                    .readAllBytes();
            assertThat(written.layer().diffId()).isEqualTo(Digest.sha256(tar));
            assertThat(written.tarSize()).isEqualTo(tar.length);
            assertThat(written.layer().blob().mediaType()).isEqualTo(compression.mediaType());
            assertThat(written.layer().blob().size())
                    .isEqualTo(Files.size(blobs.path(written.layer().blob().digest())));
            assertThat(written.index().diffId()).isEqualTo(written.layer().diffId());
        }
    }

    @ParameterizedTest
    @EnumSource
    void theSameChangesGiveTheSameBytes(Compression compression) throws IOException {
        Written once = LayerWriter.write(everything(), LayerWriterTest::content, compression, null, blobs);
        Written again = LayerWriter.write(everything(), LayerWriterTest::content, compression, null, blobs);

        assertThat(again).isEqualTo(once);
    }

    @Test
    void theFormOfALayerNeverChanges() throws IOException {
        Written written =
                LayerWriter.write(everything(), LayerWriterTest::content, Compression.UNCOMPRESSED, null, blobs);

        assertThat(written.layer().diffId())
                .hasToString("sha256:59df29987746ddf31cf2353d41fea8350cf08b80d8895736a454434ceb317d48");
    }

    @Test
    void theIndexKnowsWhereContentIs() throws Exception {
        Written written =
                LayerWriter.write(everything(), LayerWriterTest::content, Compression.UNCOMPRESSED, null, blobs);
        byte[] tar = blobs.open(written.layer().diffId()).readAllBytes();
        int files = 0;
        for (LayerIndex.Entry entry : written.index().entries()) {
            if (entry
                    instanceof LayerIndex.Entry.Present(String path, Node.RegularFile file, long offset, var extents)) {
                assertThat(Arrays.copyOfRange(tar, (int) offset, (int) (offset + file.size())))
                        .isEqualTo(text(path, file.size()));
                files++;
            }
        }
        assertThat(files).isEqualTo(7);
        assertThat(written.index().kept().keySet()).containsExactly("etc/passwd");
    }

    @Test
    void theIndexSurvivesItsFile() throws IOException {
        LayerIndex index = LayerWriter.write(everything(), LayerWriterTest::content, Compression.GZIP, null, blobs)
                .index();
        Path file = folder.resolve("index");

        assertThat(LayerIndex.load(file)).isNull();
        index.save(file);
        assertThat(LayerIndex.load(file)).isEqualTo(index);

        byte[] whole = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(whole, whole.length / 2));
        assertThat(LayerIndex.load(file)).isNull();
    }

    @Test
    void sizesBeyondEightGibibytesAreTold() throws Exception {
        long size = 9L << 30;
        Path file = folder.resolve("header.tar");
        try (TarWriter tar = new TarWriter(Files.newOutputStream(file))) {
            tar.fileHeader("huge", PLAIN, size);
        }
        String seen = output("python3", "-c", """
                import tarfile, sys
                print(tarfile.open(sys.argv[1], 'r:').next().size)
                """, file.toString());
        assertThat(seen.strip()).isEqualTo(Long.toString(size));
    }

    @Test
    void aFileNamedLikeAWhiteoutIsRefused() {
        assertThatThrownBy(() -> tar(List.of(file("dir/.wh.x", 1, null))))
                .isInstanceOf(LayerException.class)
                .hasMessageContaining("dir/.wh.x")
                .hasMessageContaining("whose name begins with .wh.");
    }

    @Test
    void aFileThatChangesWhileItIsReadIsRefused() {
        for (int was : new int[] {0, 10, (1 << 16) - 1, 1 << 16, 1 << 17}) {
            assertThatThrownBy(() -> packed(was, was + 1))
                    .isInstanceOf(LayerException.class)
                    .hasMessageContaining("log: the file was changed while it was read: it has more than the " + was);
        }
        for (int was : new int[] {1, 10, 1 << 16, (1 << 16) + 1}) {
            assertThatThrownBy(() -> packed(was, was - 1))
                    .isInstanceOf(LayerException.class)
                    .hasMessageContaining("log: the file was changed while it was read: it ends after " + (was - 1));
        }
    }

    private void packed(int was, int is) throws IOException {
        InputStream content = new ByteArrayInputStream(new byte[is]);
        LayerWriter.write(List.of(file("log", was, null)), any -> content, Compression.GZIP, null, blobs);
    }

    @Test
    void nothingIsLeftInTheStoreWhenItFails() throws IOException {
        assertThatThrownBy(() -> LayerWriter.write(
                        List.of(file("a", 10, null)),
                        put -> {
                            throw new IOException("unreadable");
                        },
                        Compression.ZSTD,
                        null,
                        blobs))
                .hasMessage("unreadable");
        try (var left = Files.walk(folder.resolve("store"))) {
            assertThat(left.filter(Files::isRegularFile)).isEmpty();
        }
    }

    @Test
    void changesOutOfOrderAreRefused() {
        assertThatThrownBy(() -> tar(List.of(file("b", 1, null), file("a", 1, null))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("changes are not sorted: a after b");
    }

    @Test
    void everyLengthOfNameIsReadBackByGnuTar() throws Exception {
        List<Change> changes = new ArrayList<>();
        for (int length = 1; length < 300; length++) {
            changes.add(file(
                    "d/" + "x".repeat(Math.min(length, 150)) + "/" + "y".repeat(Math.max(1, length - 149)), 1, null));
        }
        changes.sort((one, other) -> Names.ORDER.compare(one.path(), other.path()));
        List<String> listed =
                output("tar", "-tf", tar(changes).toString()).lines().toList();
        assertThat(listed).isEqualTo(changes.stream().map(Change::path).toList());
    }

    private static List<Change> everything() {
        List<Change> changes = new ArrayList<>(List.of(
                new Change.Put("", new Node.Directory(FOLDER)),
                new Change.Put("dev", new Node.Directory(FOLDER)),
                new Change.Put("dev/null", new Node.Device(Metadata.of(0666, 0, 0, 0), false, 1, 3)),
                new Change.Put("dev/sda", new Node.Device(Metadata.of(0666, 0, 0, 0), true, 8, 0)),
                new Change.Put("etc", new Node.Directory(FOLDER)),
                new Change.Put(
                        "etc/capable",
                        new Node.RegularFile(
                                new Metadata(
                                        04755,
                                        0,
                                        3_000_000_000L,
                                        1_600_000_000,
                                        250_000_000,
                                        new TreeMap<>(Map.of("security.capability", CAPABILITY))),
                                0,
                                null)),
                file("etc/first", 3, "1:2"),
                new Change.Remove("etc/gone"),
                file("etc/passwd", 2000, null),
                file("etc/second", 3, "1:2"),
                new Change.Put("fifo", new Node.Fifo(PLAIN)),
                new Change.Put("link", new Node.SymbolicLink(Metadata.of(0777, 0, 0, 1_600_000_000), "../\u00f6")),
                file(LONG, 5, null),
                file("na\uDCEFve", 1, null),
                new Change.Put("old", new Node.RegularFile(PLAIN.withTime(-2, 500_000_000), 1, null)),
                new Change.Put("opaque", new Node.Directory(FOLDER)),
                new Change.Opaque("opaque"),
                new Change.Remove("top"),
                file("z", 300_000, null)));
        changes.sort((one, other) -> Names.ORDER.compare(one.path(), other.path()));
        return changes;
    }

    private static Change.Put file(String path, long size, @Nullable String link) {
        return new Change.Put(path, new Node.RegularFile(PLAIN, size, link));
    }

    private static InputStream content(Change.Put put) {
        byte[] text = text(put.path(), ((Node.RegularFile) put.node()).size());
        int half = text.length / 2;
        // Two pieces, since a stream may give less than it is asked for.
        return new SequenceInputStream(
                new ByteArrayInputStream(text, 0, half), new ByteArrayInputStream(text, half, text.length - half));
    }

    private static byte[] text(String path, long size) {
        byte[] unit = (path + "\n").getBytes(StandardCharsets.UTF_16BE);
        byte[] text = new byte[(int) size];
        for (int i = 0; i < text.length; i++) {
            text[i] = unit[i % unit.length];
        }
        return text;
    }

    private Path tar(List<Change> changes) throws IOException {
        Written written = LayerWriter.write(changes, LayerWriterTest::content, Compression.UNCOMPRESSED, null, blobs);
        return blobs.path(written.layer().blob().digest());
    }

    private static String output(String... command) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("LC_ALL", "C");
        builder.environment().put("TZ", "UTC");
        Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(Arrays.toString(command)).isZero();
        return Objects.requireNonNull(output);
    }
}
