package dev.strata.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TarReaderTest {
    private static final long MEBIBYTE = 1 << 20;

    @TempDir
    Path folder;

    @Test
    void whatTheWriterWritesIsRead() throws IOException {
        Metadata metadata = Metadata.of(04755, 1000, 3_000_000_000L, -1).withTime(-1, 500_000_000);
        String longName = "d/".repeat(120) + "caf\uDCE9";
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (TarWriter writer = new TarWriter(out)) {
            writer.directory("folder", metadata);
            writer.file(longName, metadata, 5, new ByteArrayInputStream(Names.bytes("hello")));
            writer.symbolicLink("link", metadata, longName);
            writer.hardLink("hard", metadata, longName);
            writer.device("device", metadata, true, 8, 300);
            writer.fifo("fifo", metadata);
        }

        List<TarEntry> entries = entries(out.toByteArray());

        assertThat(entries).hasSize(6);
        assertThat(node(entries.get(0))).isEqualTo(new Node.Directory(metadata));
        assertThat(entries.get(1).name()).isEqualTo(longName);
        assertThat(node(entries.get(1))).isEqualTo(new Node.RegularFile(metadata, 5, null));
        assertThat(node(entries.get(2))).isEqualTo(new Node.SymbolicLink(metadata, longName));
        assertThat(entries.get(3)).isEqualTo(new TarEntry.HardLink("hard", metadata, longName));
        assertThat(node(entries.get(4))).isEqualTo(new Node.Device(metadata, true, 8, 300));
        assertThat(node(entries.get(5))).isEqualTo(new Node.Fifo(metadata));
    }

    @Test
    void theContentIsWhereTheOffsetTells() throws IOException {
        byte[] tar = new RawTar().file("a", "x".repeat(1000)).file("b", "found").ended();
        TarReader reader = new TarReader(new ByteArrayInputStream(tar), Bounds.NONE);
        reader.next();

        TarEntry second = reader.next();

        assertThat(second).isInstanceOfSatisfying(TarEntry.Present.class, entry -> {
            int offset = (int) entry.offset();
            assertThat(Arrays.copyOfRange(tar, offset, offset + 5)).asString().isEqualTo("found");
        });
        assertThat(reader.content().readAllBytes()).asString().isEqualTo("found");
        assertThat(reader.next()).isNull();
    }

    @Test
    void longNamesOfGnuAndRecordsOfPaxNameTheNextEntryOnly() throws IOException {
        String longName = "n".repeat(300);
        byte[] tar = new RawTar()
                .file(longName, "")
                .records('x', Map.of("path", "renamed", "uid", "77", "mtime", "12.0625", "SCHILY.xattr.user.a", "v\0w"))
                .file("original", "")
                .file("last", "")
                .ended();

        List<TarEntry> entries = entries(tar);

        assertThat(entries).extracting(TarEntry::name).containsExactly(longName, "renamed", "last");
        Metadata renamed = entries.get(1).metadata();
        assertThat(renamed.uid()).isEqualTo(77);
        assertThat(renamed.seconds()).isEqualTo(12);
        assertThat(renamed.nanoseconds()).isEqualTo(62_500_000);
        assertThat(renamed.xattrs()).containsEntry("user.a", new Bytes(Names.bytes("v\0w")));
        assertThat(entries.get(2).metadata().xattrs()).isEmpty();
    }

    @Test
    void globalRecordsMakeNoEntryAndApplyToNothing() throws IOException {
        byte[] tar = new RawTar()
                .records('g', Map.of("path", "elsewhere", "comment", "a commit"))
                .file("here", "")
                .ended();

        assertThat(entries(tar)).extracting(TarEntry::name).containsExactly("here");
    }

    @Test
    void anEmptyStreamAndAMissingEndAreAccepted() throws IOException {
        assertThat(entries(new byte[0])).isEmpty();
        assertThat(entries(new RawTar().file("a", "x").withoutEnd())).hasSize(1);
        assertThat(entries(Arrays.copyOf(new RawTar().file("a", "x").withoutEnd(), 3 * RawTar.BLOCK)))
                .hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 100, 511, 513, 600, 1023})
    void aTarThatBreaksOffIsRefusedWithThePlace(int length) {
        byte[] tar = Arrays.copyOf(new RawTar().file("broken", "x".repeat(512)).withoutEnd(), length);

        assertThatThrownBy(() -> entries(tar))
                .isInstanceOf(LayerException.class)
                .hasMessageContaining("breaks off after");
    }

    @Test
    void whatNoFileSystemHasIsRefused() {
        refused(new RawTar().named("f").entry('0', new byte[0], -1).ended(), "negative");
        refused(new RawTar().named("f").entry('0', new byte[0], Long.MAX_VALUE).ended(), "beyond all disks");
        refused(new RawTar().named("d").device(-1, 0).entry('3', new byte[0]).ended(), "device has the numbers");
        refused(new RawTar().named("o").owner(-1, 0).entry('0', new byte[0]).ended(), "owner");
        refused(
                new RawTar()
                        .named("o")
                        .owner(1L << 32, 0)
                        .entry('0', new byte[0])
                        .ended(),
                "owner");
        refused(new RawTar().named("m").entry('M', new byte[0]).ended(), "type 'M'");
        refused(new RawTar().named("x").entry('x', new byte[0], 1L << 30).ended(), "at most");
        refused(new RawTar().named("x").entry('x', Names.bytes("9 a=b")).ended(), "length is wrong");
        refused(new RawTar().records('x', Map.of("path", "a\0b")).file("f", "").ended(), "zero byte");
        refused(new RawTar().records('x', Map.of("size", "-1")).file("f", "").ended(), "no number");
        refused(new byte[2000], new byte[] {1}, "no tar");
    }

    @Test
    void oneChangedByteOfAHeaderIsNoticed() {
        byte[] tar = new RawTar().file("f", "x").ended();
        for (int at = 0; at < 345; at += 7) {
            byte[] damaged = tar.clone();
            damaged[at] ^= 0x55;

            assertThatThrownBy(() -> entries(damaged)).isInstanceOf(LayerException.class);
        }
    }

    @Test
    void anOldSparseFileTellsItsParts() throws IOException {
        byte[] tar = new RawTar()
                .oldSparse("holes", 10 * MEBIBYTE, MEBIBYTE, Names.bytes("middle"))
                .ended();

        assertThat(entries(tar)).singleElement().isInstanceOfSatisfying(TarEntry.Present.class, entry -> {
            assertThat(entry.extents()).containsExactly(new TarEntry.Extent(MEBIBYTE, 6));
            assertThat(entry.node())
                    .isInstanceOfSatisfying(
                            Node.RegularFile.class,
                            file -> assertThat(file.size()).isEqualTo(10 * MEBIBYTE));
        });
    }

    @Test
    void aSparseMapThatLiesIsRefused() {
        refused(new RawTar().oldSparse("holes", 3, 1, Names.bytes("middle")).ended(), "map of a sparse file");
        Map<String, String> records = new LinkedHashMap<>();
        records.put("GNU.sparse.size", "10");
        records.put("GNU.sparse.map", "0,2,1,3");
        refused(new RawTar().records('x', records).file("f", "12345").ended(), "not in order");
        records.put("GNU.sparse.map", "0,2");
        refused(new RawTar().records('x', records).file("f", "12345").ended(), "its map tells 2");
        records.put("GNU.sparse.map", "0,2,7");
        refused(new RawTar().records('x', records).file("f", "12345").ended(), "list of pairs");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--format=v7",
                "--format=ustar",
                "--format=oldgnu",
                "--format=gnu",
                "--format=gnu --sparse",
                "--format=posix",
                "--format=posix --sparse --sparse-version=0.0",
                "--format=posix --sparse --sparse-version=0.1",
                "--format=posix --sparse --sparse-version=1.0"
            })
    void theFormatsOfGnuTarAreRead(String options) throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/tar")), "no GNU tar here");
        List<TarEntry.Extent> parts = new ArrayList<>();
        for (long i = 0; i < 60; i++) { // More than the four and twenty-one of the old format.
            parts.add(new TarEntry.Extent(i * MEBIBYTE, 4096));
        }
        sparse(folder.resolve("holes"), parts, 64 * MEBIBYTE);
        Files.writeString(folder.resolve("whole"), "whole");
        Path tar = folder.resolve("made.tar");
        List<String> command = new ArrayList<>(List.of("/usr/bin/tar", "-cf", tar.toString(), "-C", folder.toString()));
        command.addAll(List.of(options.split(" ")));
        command.addAll(List.of("holes", "whole"));
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();

        try (InputStream in = Files.newInputStream(tar)) {
            Path root = Files.createDirectory(folder.resolve("root"));
            Unpack.apply(in, root, Unpack.Whiteouts.NONE, Bounds.NONE);

            assertThat(Files.mismatch(root.resolve("holes"), folder.resolve("holes")))
                    .isEqualTo(-1);
            assertThat(root.resolve("whole")).hasContent("whole");
        }
    }

    private static void sparse(Path file, List<TarEntry.Extent> parts, long size) throws IOException {
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (TarEntry.Extent part : parts) {
                byte[] bytes = new byte[(int) part.size()];
                Arrays.fill(bytes, (byte) (1 + part.offset() / MEBIBYTE));
                out.write(ByteBuffer.wrap(bytes), part.offset());
            }
            out.write(ByteBuffer.allocate(1), size - 1);
        }
    }

    private static void refused(byte[] tar, byte[] start, String message) {
        System.arraycopy(start, 0, tar, 0, start.length);
        refused(tar, message);
    }

    private static void refused(byte[] tar, String message) {
        assertThatThrownBy(() -> entries(tar))
                .isInstanceOf(LayerException.class)
                .hasMessageContaining(message);
    }

    private static Node node(TarEntry entry) {
        return ((TarEntry.Present) entry).node();
    }

    private static List<TarEntry> entries(byte[] tar) throws IOException {
        TarReader reader = new TarReader(new ByteArrayInputStream(tar), Bounds.NONE);
        List<TarEntry> entries = new ArrayList<>();
        for (TarEntry entry = reader.next(); entry != null; entry = reader.next()) {
            reader.content().readAllBytes();
            entries.add(entry);
        }
        reader.drain();
        return entries;
    }
}
