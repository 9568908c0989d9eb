package dev.strata.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.JavaProcess;
import dev.strata.Patience;
import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Image;
import dev.strata.image.ImageConfig;
import dev.strata.image.Json;
import dev.strata.image.Layer;
import dev.strata.image.Layout;
import dev.strata.image.Manifest;
import dev.strata.image.MediaTypes;
import dev.strata.image.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Layers that are larger than the memory of the process that sends and fetches them. */
@Timeout(600)
class StreamingTest {
    private static final int SIZE = 160 << 20;

    @TempDir
    Path folder;

    private RegistryProgram server;

    @BeforeEach
    void begin() throws IOException {
        server = RegistryProgram.debian(folder);
    }

    @AfterEach
    void end() {
        server.close();
    }

    private Digest layer(Layout layout) throws IOException {
        try (Blobs.Ingest ingest = layout.blobs().begin()) {
            Random random = new Random(1);
            byte[] buffer = new byte[1 << 20];
            for (int written = 0; written < SIZE; written += buffer.length) {
                random.nextBytes(buffer);
                ingest.write(buffer);
            }
            return ingest.commit(null);
        }
    }

    private Digest image(Layout layout) throws IOException {
        Digest digest = layer(layout);
        Descriptor blob = new Descriptor(MediaTypes.LAYER_TAR, digest, SIZE);
        Image image = Image.scratch(Platform.host())
                .plus(new Layer(blob, digest), new ImageConfig.History(null, "ADD", null, null, false));
        Descriptor config = layout.blobs().put(MediaTypes.CONFIG, Json.bytes(image.config()));
        layout.put(
                "large",
                layout.blobs()
                        .put(
                                MediaTypes.MANIFEST,
                                Json.bytes(Manifest.of(config, List.of(blob), Collections.emptySortedMap()))));
        return digest;
    }

    private void strata(String... arguments) throws IOException, InterruptedException {
        Path output = folder.resolve("output");
        ProcessBuilder builder = new ProcessBuilder(JavaProcess.strata(arguments))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().put("JAVA_TOOL_OPTIONS", "-Xmx32m -XX:MaxDirectMemorySize=32m");
        Process process = builder.start();
        assertThat(process.waitFor(Patience.LONG)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(output)).isZero();
    }

    @Test
    void aLayerOfManyTimesTheMemoryIsPushedAndPulled() throws IOException, InterruptedException {
        Digest layer = image(new Layout(folder.resolve("here")));
        String name = server.host() + "/large:1";
        strata("push", "--layout", folder.resolve("here").toString(), "--from", "large", name);
        strata("pull", "--layout", folder.resolve("there").toString(), name);
        assertThat(new Layout(folder.resolve("there")).blobs().find(layer))
                .hasValueSatisfying(file -> assertThat(file).hasSize(SIZE));
    }
}
