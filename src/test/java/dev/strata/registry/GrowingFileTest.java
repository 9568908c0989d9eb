package dev.strata.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GrowingFileTest {
    @TempDir
    Path folder;

    private Path path;

    @BeforeEach
    void write() throws IOException {
        path = Files.writeString(folder.resolve("layer"), "first");
    }

    private void append(String text) throws IOException {
        Files.writeString(path, text, StandardOpenOption.APPEND);
    }

    private static CompletableFuture<String> reading(Body body) {
        return CompletableFuture.supplyAsync(() -> {
            try (InputStream in = body.open()) {
                return new String(in.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new CompletionException(e);
            }
        });
    }

    @Test
    void isReadAsFarAsItHasGrownUntilItsEnd() throws IOException {
        try (GrowingFile file = new GrowingFile(path)) {
            Body body = file.body();
            file.grown(3);
            CompletableFuture<String> read = reading(body);
            await().until(body::idle);
            append(" second");
            Path moved = Files.move(path, folder.resolve("moved"));
            file.grown(Files.size(moved));
            file.end();
            assertThat(read.join()).isEqualTo("first second");
            assertThat(body.idle()).as("there is nothing to wait for").isFalse();
            assertThat(body.repeatable()).isFalse();
        }
    }

    @Test
    void whoWaitsForMoreIsToldThatNoneWillBeRead() throws IOException {
        try (GrowingFile file = new GrowingFile(path)) {
            Body body = file.body();
            file.grown(5);
            CompletableFuture<String> read = reading(body);
            await().until(body::idle);
            file.breakOff();
            assertThatThrownBy(read::join).hasRootCauseMessage("the upload was broken off");
        }
    }

    @Test
    void aFileThatHasLessThanWasSaidIsAnError() throws IOException {
        try (GrowingFile file = new GrowingFile(path)) {
            file.grown(6);
            file.end();
            assertThatThrownBy(reading(file.body())::join)
                    .hasRootCauseMessage("a file is shorter than what was written to it");
        }
    }
}
