package dev.strata.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("root")
class UnpackTest {
    @TempDir
    Path folder;

    private Path root;

    @BeforeEach
    void makeRoot() throws IOException {
        root = Files.createDirectory(folder.resolve("root"));
    }

    @Test
    void filesGetAllThatTheirEntriesSay() throws IOException {
        TreeMap<String, Bytes> xattrs = new TreeMap<>();
        xattrs.put("user.raw", new Bytes(new byte[] {0, (byte) 0xFF, '=', '\n'}));
        Metadata metadata = new Metadata(06755, 12, 34, -5, 123_456_789, xattrs);
        ByteArrayOutputStream tar = new ByteArrayOutputStream();
        try (TarWriter writer = new TarWriter(tar)) {
            writer.directory("", metadata);
            writer.directory("d", metadata);
            writer.file("d/f", metadata, 3, new ByteArrayInputStream(Names.bytes("abc")));
            writer.fifo("d/p", metadata.withMode(0600));
            writer.device("d/c", metadata.withMode(0640), false, 1, 3);
            writer.file("d/caf\uDCE9", metadata, 0, InputStream.nullInputStream());
        }

        Unpack.apply(new ByteArrayInputStream(tar.toByteArray()), root, Unpack.Whiteouts.APPLY, Bounds.NONE);

        DiskTree tree = new DiskTree(root);
        assertThat(tree.find("")).isEqualTo(new Node.Directory(metadata));
        assertThat(tree.find("d")).isEqualTo(new Node.Directory(metadata));
        assertThat(tree.find("d/f")).isEqualTo(new Node.RegularFile(metadata, 3, null));
        assertThat(tree.find("d/caf\uDCE9")).isEqualTo(new Node.RegularFile(metadata, 0, null));
        assertThat(tree.find("d/p")).isInstanceOf(Node.Fifo.class);
        assertThat(tree.find("d/c"))
                .isInstanceOfSatisfying(
                        Node.Device.class, device -> assertThat(device.minor()).isEqualTo(3));
    }

    /** A folder that gives its group to what is made in it gives it to directories that are told, not to those that are not. */
    @ParameterizedTest
    @ValueSource(ints = {0755, 02755})
    void inAnEmptyFolderEachFileGetsItsOwnOwnerAndModeWhateverTheFolderGives(int mode) throws IOException {
        Posix.owner(DiskNames.bytes(root), 7, 8);
        Posix.mode(DiskNames.bytes(root), mode);
        ByteArrayOutputStream tar = new ByteArrayOutputStream();
        List<Metadata> all = List.of(
                Metadata.of(0644, 0, 0, 1),
                Metadata.of(0644, 1, 8, 1),
                Metadata.of(06755, 7, 8, 1),
                Metadata.of(0755, 0, 8, 1),
                Metadata.of(0, 7, 0, 1));
        try (TarWriter writer = new TarWriter(tar)) {
            writer.directory("told", Metadata.of(02755, 7, 9, 1));
            for (String folder : List.of("", "told/", "implied/")) {
                for (int i = 0; i < 2 * all.size(); i++) {
                    writer.file(folder + i, all.get(i % all.size()), 1, new ByteArrayInputStream(new byte[1]));
                }
            }
        }

        Unpack.apply(new ByteArrayInputStream(tar.toByteArray()), root, Unpack.Whiteouts.OVERLAY_TRUSTED, Bounds.NONE);

        DiskTree tree = new DiskTree(root);
        for (String folder : List.of("", "told/", "implied/")) {
            for (int i = 0; i < 2 * all.size(); i++) {
                assertThat(tree.find(folder + i))
                        .as(folder + i)
                        .isEqualTo(new Node.RegularFile(all.get(i % all.size()), 1, null));
            }
        }
    }

    @Test
    void capabilitiesOutliveTheChangeOfOwner() throws IOException {
        // Version 2, effective, cap_net_raw permitted: linux/capability.h, struct vfs_cap_data.
        byte[] capability = {1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        TreeMap<String, Bytes> xattrs = new TreeMap<>(Map.of("security.capability", new Bytes(capability)));
        ByteArrayOutputStream tar = new ByteArrayOutputStream();
        try (TarWriter writer = new TarWriter(tar)) {
            writer.file("ping", new Metadata(0755, 7, 7, 0, 0, xattrs), 1, new ByteArrayInputStream(Names.bytes("x")));
        }

        Unpack.apply(new ByteArrayInputStream(tar.toByteArray()), root, Unpack.Whiteouts.APPLY, Bounds.NONE);

        Node found = new DiskTree(root).find("ping");
        assertThat(found).isNotNull();
        assertThat(found.metadata().xattrs()).isEqualTo(xattrs);
    }

    @Test
    void attributesOfOverlayfsAreNeverSetAndThatIsNoted() throws IOException {
        RawTar tar = new RawTar()
                .records('x', Map.of("SCHILY.xattr.trusted.overlay.opaque", "y"))
                .directory("d");

        Unpacked unpacked = apply(tar);

        assertThat(Posix.xattrs(DiskNames.bytes(DiskNames.bytes(root), "d"))).isEmpty();
        assertThat(unpacked.notes()).singleElement().asString().contains("trusted.overlay.opaque");
    }

    @Test
    void sparseFilesKeepTheirHoles() throws IOException {
        long size = 1L << 40;
        apply(new RawTar().oldSparse("holes", size, size - 1, new byte[] {1}));

        assertThat(Files.size(root.resolve("holes"))).isEqualTo(size);
        Process usage = new ProcessBuilder("du", "-sk", root.resolve("holes").toString()).start();
        String told = new String(usage.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII);
        assertThat(Long.parseLong(told.split("\t")[0])).isLessThan(100);
    }

    @Test
    void anExistingDirectoryTakesTheNewMetadataAndKeepsWhatIsInIt() throws IOException {
        apply(new RawTar().directory("d").file("d/f", "1"));
        apply(new RawTar().named("d").mode(0700).owner(3, 4).entry('5', new byte[0]));

        assertThat(root.resolve("d/f")).hasContent("1");
        assertThat(new DiskTree(root).find("d")).isEqualTo(new Node.Directory(Metadata.of(0700, 3, 4, 1_600_000_000)));
    }

    @Test
    void aLinkOfALayerBelowIsFollowedInsideTheRoot() throws IOException {
        apply(new RawTar().directory("usr").directory("usr/lib").symbolicLink("lib", "/usr/lib"));
        apply(new RawTar().file("lib/new", "found"));

        assertThat(root.resolve("lib")).isSymbolicLink();
        assertThat(root.resolve("usr/lib/new")).hasContent("found");
    }

    @Test
    void linksInACircleAreRefused() {
        assertThatThrownBy(() -> apply(new RawTar()
                        .symbolicLink("a", "b")
                        .symbolicLink("b", "a")
                        .file("a/f", "")))
                .isInstanceOf(LayerException.class)
                .hasMessageContaining("symbolic links are in the way");
    }

    @Test
    void namesTooLongForLinuxAreRefusedAsTheTarsFault() {
        assertThatThrownBy(() -> apply(new RawTar().file("n".repeat(256), ""))).isInstanceOf(LayerException.class);
        assertThatThrownBy(() -> apply(new RawTar().file("d/".repeat(3000) + "f", "")))
                .isInstanceOf(LayerException.class)
                .hasMessageContaining("too long");
    }

    @Test
    void aHardLinkToNothingSaysWhatIsMissing() {
        assertThatThrownBy(() -> apply(new RawTar().hardLink("a", "missing")))
                .isInstanceOf(LayerException.class)
                .hasMessageContaining("a: ")
                .hasMessageContaining("missing, which is not there");
    }

    @Test
    void inAPlainArchiveNamesOfWhiteoutsAreNames() throws IOException {
        Files.writeString(root.resolve("f"), "stays");

        Unpack.apply(
                new ByteArrayInputStream(new RawTar().file(".wh.f", "a file").ended()),
                root,
                Unpack.Whiteouts.NONE,
                Bounds.NONE);

        assertThat(root.resolve("f")).hasContent("stays");
        assertThat(root.resolve(".wh.f")).hasContent("a file");
    }

    @Test
    void anInterruptStopsIt() {
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> apply(new RawTar().file("f", ""))).isInstanceOf(InterruptedIOException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void whatPythonWritesIsUnpackedAsPythonUnpacksIt() throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/python3")), "no Python here");
        Path made = folder.resolve("made.tar");
        String script = """
                import tarfile, io, sys
                with tarfile.open(sys.argv[1], 'w', format=tarfile.PAX_FORMAT) as t:
                    for i, name in enumerate(['a', 'b/' + 'x' * 120 + '/c', '\\u00fcn\\u00ef']):
                        m = tarfile.TarInfo(name); m.size = 3; m.mtime = 1.5 + i; m.uid = 3000000 + i; m.mode = 0o640
                        t.addfile(m, io.BytesIO(b'abc'))
                    m = tarfile.TarInfo('hard'); m.type = tarfile.LNKTYPE; m.linkname = 'a'; t.addfile(m)
                """;
        Process python = new ProcessBuilder("/usr/bin/python3", "-c", script, made.toString())
                .inheritIO()
                .start();
        assertThat(python.waitFor()).isZero();

        try (InputStream in = Files.newInputStream(made)) {
            Unpack.apply(in, root, Unpack.Whiteouts.APPLY, Bounds.NONE);
        }

        DiskTree tree = new DiskTree(root);
        Metadata third = Metadata.of(0640, 3_000_002, 0, 3).withTime(3, 500_000_000);
        assertThat(tree.find("\u00fcn\u00ef")).isEqualTo(new Node.RegularFile(third, 3, null));
        assertThat(tree.find("b/" + "x".repeat(120) + "/c")).isInstanceOf(Node.RegularFile.class);
        assertThat(Files.isSameFile(root.resolve("a"), root.resolve("hard"))).isTrue();
    }

    @Test
    void impliedDirectoriesAreThoseThatNoEntryTells() throws IOException {
        Unpacked unpacked = apply(
                new RawTar().file("a/b/c", "").directory("a/b").file("d/e", "").file("d", ""));

        assertThat(unpacked.implied()).isEqualTo(List.of("a"));
    }

    private Unpacked apply(RawTar tar) throws IOException {
        return Unpack.apply(new ByteArrayInputStream(tar.ended()), root, Unpack.Whiteouts.APPLY, Bounds.NONE);
    }
}
