package dev.strata.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.image.Digest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArchiveTest {
    private static final Digest SOME = Digest.sha256(new byte[0]);

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"cat, tar", "gzip, gz", "bzip2, bz2", "xz, xz", "zstd -q, zst"})
    void tarsAreReadHoweverCompressed(String command, String ending) throws Exception {
        run("mkdir -p a/d; echo hello > a/d/f; ln -s d/f a/l; ln a/d/f a/h; chmod 4711 a/d/f; " + "tar -C a -cf - . | "
                + command + " > x." + ending);
        Path file = folder.resolve("x." + ending);

        assertThat(isArchive(file)).isTrue();
        try (LayerTree tree = open(file)) {
            assertThat(tree.children("").keySet()).containsExactly("d", "h", "l");
            assertThat(content(tree, "d/f")).isEqualTo("hello\n");
            assertThat(content(tree, "h")).isEqualTo("hello\n");
            assertThat(Objects.requireNonNull(tree.find("d/f")).metadata().mode())
                    .isEqualTo(04711);
            assertThat(tree.find("h")).isEqualTo(tree.find("d/f"));
            assertThat(tree.find("l"))
                    .isInstanceOfSatisfying(
                            Node.SymbolicLink.class,
                            link -> assertThat(link.target()).isEqualTo("d/f"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--format=gnu", "--format=pax", "--format=v7", "--format=ustar"})
    void everyFormOfTarIsRead(String format) throws Exception {
        run("mkdir a; echo x > a/f; tar " + format + " -cf x.tar a");
        try (LayerTree tree = open(folder.resolve("x.tar"))) {
            assertThat(content(tree, "a/f")).isEqualTo("x\n");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--format=gnu",
                "--format=pax --sparse-version=0.0",
                "--format=pax --sparse-version=0.1",
                "--format=pax --sparse-version=1.0"
            })
    void sparseFilesComeOutWhole(String format) throws Exception {
        run("printf start > s; truncate -s 300000 s; printf middle >> s; truncate -s 700000 s; truncate -s 5000 hole; "
                + "tar --sparse " + format + " -cf x.tar s hole");
        try (LayerTree tree = open(folder.resolve("x.tar"))) {
            assertThat(tree.open("s").readAllBytes()).isEqualTo(Files.readAllBytes(folder.resolve("s")));
            assertThat(tree.open("hole").readAllBytes()).isEqualTo(new byte[5000]);
        }
        try (InputStream tar = Files.newInputStream(folder.resolve("x.tar"))) {
            LayerIndex index =
                    LayerIndex.ofTar(tar, Digest.sha256(Files.readAllBytes(folder.resolve("x.tar"))), Bounds.NONE);
            Path saved = folder.resolve("index");
            index.save(saved);
            assertThat(LayerIndex.load(saved)).isEqualTo(index);
            try (LayerTree tree = new LayerTree(
                    java.util.List.of(index),
                    any -> Files.newInputStream(folder.resolve("x.tar")),
                    folder.resolve("spool"))) {
                assertThat(tree.open("s").readAllBytes()).isEqualTo(Files.readAllBytes(folder.resolve("s")));
                assertThat(tree.open("hole").readAllBytes()).isEqualTo(new byte[5000]);
            }
        }
    }

    @Test
    void capabilitiesKeepTheirBytes() throws Exception {
        run("""
                python3 - <<'END'
                import tarfile
                tar = tarfile.open('x.tar', 'w', format=tarfile.PAX_FORMAT)
                entry = tarfile.TarInfo('ping')
                entry.pax_headers['SCHILY.xattr.security.capability'] = bytes([1, 0, 0, 2, 0, 0x20, 0xff, 0x80]).decode('utf-8', 'surrogateescape')
                entry.pax_headers['SCHILY.xattr.security.selinux'] = 'label'
                tar.addfile(entry)
                tar.close()
                END
                """);
        try (LayerTree tree = open(folder.resolve("x.tar"))) {
            assertThat(Objects.requireNonNull(tree.find("ping")).metadata().xattrs())
                    .containsOnlyKeys("security.capability")
                    .containsEntry(
                            "security.capability",
                            new Bytes(new byte[] {1, 0, 0, 2, 0, 0x20, (byte) 0xFF, (byte) 0x80}));
        }
    }

    @Test
    void nothingLandsOutside() throws Exception {
        run("""
                python3 - <<'END'
                import tarfile
                tar = tarfile.open('x.tar', 'w')
                for name in ['../../up', '/absolute', 'a/../b', './c//d', '.wh.kept']:
                    tar.addfile(tarfile.TarInfo(name))
                link = tarfile.TarInfo('out'); link.type = tarfile.SYMTYPE; link.linkname = '../../etc'
                tar.addfile(link)
                tar.addfile(tarfile.TarInfo('out/passwd'))
                tar.close()
                END
                """);
        try (LayerTree tree = open(folder.resolve("x.tar"))) {
            assertThat(tree.children("").keySet())
                    .containsExactly(".wh.kept", "absolute", "b", "c", "etc", "out", "up");
            assertThat(tree.children("etc").keySet()).containsExactly("passwd");
        }
    }

    @Test
    void otherFilesAreNoArchives() throws Exception {
        run("echo text > text; echo text | gzip > text.gz; : > empty; tar -cf empty.tar -T /dev/null; "
                + "head -c 100000 /dev/zero > zeros; python3 -m zipfile -c x.zip text; printf 'BZh9junk' > junk.bz2; "
                + "printf '\\037\\213\\010junk' > junk.gz; printf '\\050\\265\\057\\375junk' > junk.zst");
        for (String name : new String[] {
            "text", "text.gz", "empty", "empty.tar", "zeros", "x.zip", "junk.bz2", "junk.gz", "junk.zst"
        }) {
            assertThat(isArchive(folder.resolve(name))).as(name).isFalse();
        }
    }

    @Test
    void aDamagedArchiveIsRefusedAndLeavesNothing() throws Exception {
        run("head -c 100000 /dev/urandom > f; tar -cf whole.tar f; head -c 60000 whole.tar > cut.tar");
        Path file = folder.resolve("cut.tar");
        assertThat(isArchive(file)).isTrue();
        assertThatThrownBy(() -> open(file)).isInstanceOf(LayerException.class).hasMessageContaining("breaks off");
        try (var left = Files.list(folder.resolve("spool"))) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void anIndexReadFromATarIsTheOneItsWriterMadeAndSoIsThatOfUnpacking() throws Exception {
        run(
                "mkdir -p t/etc t/gone; echo root:x:0:0::/:/bin/sh > t/etc/passwd; echo 1 > t/one; ln t/one t/two; ln -s one t/link; mkfifo t/pipe");
        var blobs = new dev.strata.image.Blobs(folder.resolve("store"));
        DiskTree tree = new DiskTree(folder.resolve("t"));
        var changes = new java.util.ArrayList<Change>();
        tree.children("").forEach((name, node) -> changes.add(new Change.Put(name, node)));
        tree.children("etc").forEach((name, node) -> changes.add(new Change.Put("etc/" + name, node)));
        changes.add(new Change.Opaque("gone"));
        changes.add(new Change.Remove("removed"));
        changes.sort(java.util.Comparator.comparing(Change::path, Names.ORDER));
        Written written = LayerWriter.write(changes, Content.of(tree), Compression.ZSTD, null, blobs);

        try (InputStream blob = blobs.open(written.layer().blob().digest())) {
            LayerIndex read = LayerIndex.ofTar(
                    Compression.decompress(blob), written.layer().diffId(), Bounds.NONE);
            assertThat(read).isEqualTo(written.index());
            assertThat(read.kept().keySet()).containsExactly("etc/passwd");
        }
        Path root = Files.createDirectory(folder.resolve("unpacked"));
        try (InputStream blob = blobs.open(written.layer().blob().digest())) {
            Unpacked.WithIndex both = Unpack.layer(
                    Compression.decompress(blob), written.layer().diffId(), root, Unpack.Whiteouts.APPLY, Bounds.NONE);
            assertThat(both.index()).isEqualTo(written.index());
        }
        assertThat(root.resolve("etc/passwd")).hasContent("root:x:0:0::/:/bin/sh");
    }

    @Test
    void whiteoutsThatMakeNoSenseAreRefusedAndThoseOfAufsIgnored() throws Exception {
        for (String name : new String[] {".wh.", "a/.wh..", ".wh...", ".wh.a/b", "c/.wh.d/e"}) {
            assertThatThrownBy(() -> LayerIndex.ofTar(new ByteArrayInputStream(tar(name)), SOME, Bounds.NONE))
                    .as(name)
                    .isInstanceOf(LayerException.class);
        }
        for (String name : new String[] {".wh..wh.aufs", ".wh..wh.plnk/1.2", "a/.wh..wh.orph"}) {
            assertThat(LayerIndex.ofTar(new ByteArrayInputStream(tar(name)), SOME, Bounds.NONE)
                            .entries())
                    .as(name)
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "a/b, a/b",
        "./a, a",
        "/a, a",
        "a/, a",
        "a//b, a/b",
        "a/./b, a/b",
        "a/../b, b",
        "../../a, a",
        "., ''",
        "'', ''",
        "a/.., ''",
        ".a/..b/..., .a/..b/...",
        "..\\a, ..\\a"
    })
    void namesAreCleaned(String name, String path) {
        assertThat(TreePath.clean(name)).isEqualTo(path);
    }

    private static byte[] tar(String name) throws IOException {
        var bytes = new java.io.ByteArrayOutputStream();
        try (TarWriter tar = new TarWriter(bytes)) {
            tar.file(name, Metadata.of(0, 0, 0, 0), 0, InputStream.nullInputStream());
        }
        return bytes.toByteArray();
    }

    private static boolean isArchive(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return Archive.isArchive(in);
        }
    }

    private LayerTree open(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return Archive.open(in, folder.resolve("spool"), Bounds.NONE);
        }
    }

    private static String content(Tree tree, String path) throws IOException {
        try (InputStream in = tree.open(path)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private void run(String script) throws Exception {
        String[] command = {"bash", "-ec", "set -o pipefail; " + script};
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .inheritIO()
                .start();
        assertThat(process.waitFor()).as(Arrays.toString(command)).isZero();
    }
}
