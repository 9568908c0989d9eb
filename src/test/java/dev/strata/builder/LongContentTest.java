package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.graph.Contents;
import dev.strata.image.Digest;
import dev.strata.layer.DiskTree;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LongContentTest {
    private static final int PIECE = LongContent.PIECE;

    @ParameterizedTest
    @ValueSource(ints = {0, 1, PIECE - 1, PIECE, PIECE + 1, 9 * PIECE, 9 * PIECE + 7})
    void itsDigestIsThatOfTheDigestsOfItsPieces(int size) throws IOException {
        byte[] content = content(size);
        ByteArrayOutputStream digests = new ByteArrayOutputStream();
        for (int at = 0; at < size; at += PIECE) {
            digests.writeBytes(sha256(Arrays.copyOfRange(content, at, Math.min(size, at + PIECE))));
        }
        assertThat(LongContent.digest(new ByteArrayInputStream(content))).isEqualTo(sha256(digests.toByteArray()));
    }

    @Test
    void whereItsReadsEndDoesNotCount() throws IOException {
        byte[] content = content(3 * PIECE);
        InputStream parts = new SequenceInputStream(
                new ByteArrayInputStream(content, 0, PIECE + 10),
                new ByteArrayInputStream(content, PIECE + 10, content.length));
        assertThat(LongContent.digest(parts)).isEqualTo(LongContent.digest(new ByteArrayInputStream(content)));
    }

    @Test
    void whatCannotBeReadIsTold() throws IOException {
        InputStream broken = InputStream.nullInputStream();
        broken.close();
        InputStream in = new SequenceInputStream(new ByteArrayInputStream(content(5 * PIECE)), broken);
        assertThatThrownBy(() -> LongContent.digest(in))
                .isInstanceOf(IOException.class)
                .hasMessage("Stream closed");
    }

    @Test
    void aLargeFileIsToldByEveryByte(@TempDir Path folder) throws IOException {
        byte[] content = content((int) LongContent.LEAST + PIECE + 1);
        Contents before = contents(folder, content);
        assertThat(contents(folder, content)).isEqualTo(before);
        content[content.length - 1]++;
        assertThat(contents(folder, content)).isNotEqualTo(before);
    }

    private static Contents contents(Path folder, byte[] content) throws IOException {
        Files.write(folder.resolve("file"), content);
        ContentDigest digest = new ContentDigest();
        digest.add(new DiskTree(folder), "file", false);
        return digest.contents();
    }

    private static byte[] content(int size) {
        byte[] content = new byte[size];
        new Random(size).nextBytes(content);
        return content;
    }

    private static byte[] sha256(byte[] content) {
        MessageDigest hash = Digest.sha256();
        return hash.digest(content);
    }
}
