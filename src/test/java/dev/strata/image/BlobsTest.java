package dev.strata.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlobsTest {
    private static final byte[] HELLO = "hello".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path folder;

    @Test
    void aBlobIsFoundByItsDigest() throws IOException {
        Blobs blobs = new Blobs(folder);
        Descriptor descriptor = blobs.put("text/plain", HELLO);
        assertThat(descriptor.size()).isEqualTo(5);
        try (InputStream in = blobs.open(descriptor.digest())) {
            assertThat(in.readAllBytes()).isEqualTo(HELLO);
        }
        assertThat(blobs.put("text/plain", HELLO)).isEqualTo(descriptor);
    }

    @Test
    void whatIsNotCommittedIsNotThereAndLeavesNothing() throws IOException {
        Blobs blobs = new Blobs(folder);
        try (Blobs.Ingest ingest = blobs.begin()) {
            ingest.write(HELLO);
            assertThat(blobs.find(Digest.sha256(HELLO))).isEmpty();
        }
        assertThat(files()).isEmpty();
    }

    @Test
    void damagedContentIsRefusedAndLeavesNothing() throws IOException {
        Blobs blobs = new Blobs(folder);
        Digest expected = Digest.sha256(HELLO);
        try (Blobs.Ingest ingest = blobs.begin(expected)) {
            ingest.write("hellO".getBytes(StandardCharsets.UTF_8));
            assertThatThrownBy(() -> ingest.commit(expected))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("damaged or cut");
        }
        assertThat(blobs.find(expected)).isEmpty();
        assertThat(files()).isEmpty();
    }

    private Stream<Path> files() throws IOException {
        try (Stream<Path> paths = Files.walk(folder)) {
            return paths.filter(Files::isRegularFile).toList().stream();
        }
    }
}
