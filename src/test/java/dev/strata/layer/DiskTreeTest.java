package dev.strata.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Instant;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DiskTreeTest {
    @TempDir
    Path root;

    @Test
    void entriesAreToldAsTheyAre() throws IOException {
        Path file = Files.writeString(root.resolve("file"), "content");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        Files.setLastModifiedTime(file, FileTime.from(Instant.ofEpochSecond(1_700_000_000, 123_456_789)));
        Files.createDirectory(root.resolve("folder"));
        Files.createSymbolicLink(root.resolve("link"), Path.of("../nowhere"));

        DiskTree tree = new DiskTree(root);

        assertThat(tree.find("file")).isInstanceOfSatisfying(Node.RegularFile.class, found -> {
            assertThat(found.size()).isEqualTo(7);
            assertThat(found.link()).isNull();
            assertThat(found.metadata().mode()).isEqualTo(0640);
            assertThat(found.metadata().seconds()).isEqualTo(1_700_000_000);
            assertThat(found.metadata().nanoseconds()).isEqualTo(123_456_789);
        });
        assertThat(tree.find("folder")).isInstanceOf(Node.Directory.class);
        assertThat(tree.find("link"))
                .isInstanceOfSatisfying(
                        Node.SymbolicLink.class,
                        found -> assertThat(found.target()).isEqualTo("../nowhere"));
        assertThat(tree.find("")).isInstanceOf(Node.Directory.class);
        assertThat(tree.find("nothing")).isNull();
        assertThat(tree.children("").keySet()).containsExactly("file", "folder", "link");
        assertThat(tree.children("file")).isEmpty();
        try (var content = tree.open("file")) {
            assertThat(content.readAllBytes()).asString().isEqualTo("content");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void nothingBehindALinkIsThere(boolean canOpen) throws IOException {
        assertThat(Posix.canOpen()).as("this machine has the call").isTrue();
        Files.writeString(Files.createDirectory(root.resolve("folder")).resolve("secret"), "");
        Files.createSymbolicLink(root.resolve("link"), root.resolve("folder"));
        DiskTree tree = new DiskTree(root, false, canOpen);

        assertThat(tree.find("folder/secret")).isNotNull();
        try (InputStream content = tree.open("folder/secret")) {
            assertThat(content.readAllBytes()).isEmpty();
        }
        assertThat(tree.find("link/secret")).isNull();
        assertThat(tree.find("folder/secret/more/still")).isNull();
        assertThat(tree.find("folder/no/more")).isNull();
        Files.createSymbolicLink(root.resolve("loop"), Path.of("loop"));
        assertThat(tree.find("loop/a")).isNull();
        assertThat(tree.children("link")).isEmpty();
        assertThatThrownBy(() -> tree.open("link/secret")).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> tree.open("link")).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> tree.open("nothing")).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> tree.open("folder/secret/more")).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void namesOfOneFileShareALink() throws IOException {
        Path first = Files.writeString(root.resolve("a"), "x");
        Files.createLink(root.resolve("b"), first);
        DiskTree tree = new DiskTree(root);

        Node a = Objects.requireNonNull(tree.find("a"));
        assertThat(((Node.RegularFile) a).link()).isNotNull();
        assertThat(tree.children("")).containsEntry("b", a);
    }

    @Test
    void timesBefore1970KeepTheirOrder() throws Exception {
        run("touch -d @-1.5 old");

        assertThat(new DiskTree(root).find("old")).isInstanceOfSatisfying(Node.RegularFile.class, found -> {
            assertThat(found.metadata().seconds()).isEqualTo(-2);
            assertThat(found.metadata().nanoseconds()).isEqualTo(500_000_000);
        });
    }

    @Test
    void attributesOfUsersAreKeptAsBytes() throws IOException {
        Path file = Files.writeString(root.resolve("file"), "");
        Files.getFileAttributeView(file, UserDefinedFileAttributeView.class)
                .write("note", java.nio.ByteBuffer.wrap(new byte[] {0, (byte) 0xFF, 10}));

        assertThat(Objects.requireNonNull(new DiskTree(root).find("file"))
                        .metadata()
                        .xattrs())
                .containsEntry("user.note", new Bytes(new byte[] {0, (byte) 0xFF, 10}));
    }

    @Test
    void namesInAnyBytesAreFoundAndRead() throws Exception {
        byte[] latin1 = "na\u00efve \u00ff%.txt".getBytes(StandardCharsets.ISO_8859_1);
        String name = Names.text(latin1);
        run(
                "printf '%s' hello > \"$(printf 'na\\357ve \\377%%.txt')\"; ln -s \"$(printf '../\\377/x')\" link; mkdir \"$(printf 'd\\377')\"; "
                        + "printf '%s' two > \"$(printf 'd\\377/\\303\\266')\"");
        DiskTree tree = new DiskTree(root);

        assertThat(tree.children("").keySet()).containsExactly("d\uDCFF", "link", name);
        assertThat(Names.bytes(name)).isEqualTo(latin1);
        assertThat(tree.children("d\uDCFF").keySet()).containsExactly("\u00f6");
        assertThat(tree.find("link"))
                .isInstanceOfSatisfying(
                        Node.SymbolicLink.class,
                        found -> assertThat(found.target()).isEqualTo("../\uDCFF/x"));
        try (var one = tree.open(name);
                var two = tree.open("d\uDCFF/\u00f6")) {
            assertThat(one.readAllBytes()).asString().isEqualTo("hello");
            assertThat(two.readAllBytes()).asString().isEqualTo("two");
        }
    }

    private void run(String script) throws Exception {
        Process process = new ProcessBuilder("sh", "-ec", script)
                .directory(root.toFile())
                .inheritIO()
                .start();
        assertThat(process.waitFor()).isZero();
    }

    @Test
    void aSocketIsAnEmptyFileOfAContextAndNothingElsewhere() throws IOException {
        Path socket = root.resolve("s");
        try (ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listening.bind(UnixDomainSocketAddress.of(socket));
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-r-----"));
            assertThat(new DiskTree(root).children("")).isEmpty();
            assertThat(new DiskTree(root).find("s")).isNull();
            DiskTree context = DiskTree.ofContext(root);
            assertThat(context.children("").get("s")).isInstanceOfSatisfying(Node.RegularFile.class, file -> {
                assertThat(file.size()).isZero();
                assertThat(file.metadata().mode()).isEqualTo(0640);
            });
            try (InputStream content = context.open("s")) {
                assertThat(content.readAllBytes()).isEmpty();
            }
        }
    }
}
