package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.ImageConfig;
import dev.strata.image.Index;
import dev.strata.image.Json;
import dev.strata.image.Layout;
import dev.strata.image.Manifest;
import dev.strata.image.MediaTypes;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.plan.Plan;
import dev.strata.registry.MemoryRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One Dockerfile for several platforms, brought to all places that can hold several. */
class PlatformImagesTest {
    private static final List<String> PLATFORMS = List.of("linux/amd64", "linux/arm64");

    @TempDir
    Path folder;

    private final MemoryRegistry registry = MemoryRegistry.start();

    @AfterEach
    void end() {
        registry.close();
    }

    private static Plan.Output output(List<Reference> names, List<Plan.Export> exports) {
        return new Plan.Output(names, exports, new TreeMap<>(), new TreeMap<>(Map.of("who", "us")), "gzip", null);
    }

    private Descriptor joined(Plan.Output wanted) throws IOException {
        Workbench bench = new Workbench(folder);
        bench.file("Dockerfile", """
                        FROM scratch
                        ARG TARGETARCH
                        COPY $TARGETARCH /which
                        COPY same /same
                        """)
                .file("amd64", "amd64")
                .file("arm64", "arm64")
                .file("same", "same");
        PlatformImages images = new PlatformImages(Files.createDirectory(folder.resolve("images")), wanted);
        for (String platform : PLATFORMS) {
            bench.platform = platform;
            bench.exports.clear();
            bench.exports.addAll(images.output(Platform.parse(platform)).exports());
            bench.digest();
        }
        return images.join(Plan.Registries.NONE);
    }

    /** Follows the index to its images, whose blobs must all be there. */
    private static List<String> architectures(Descriptor index, Blobs blobs) throws IOException {
        List<String> found = new ArrayList<>();
        byte[] text = Files.readAllBytes(blobs.path(index.digest()));
        for (Descriptor image : Json.read(text, Index.class).manifests()) {
            Manifest manifest = Json.read(Files.readAllBytes(blobs.path(image.digest())), Manifest.class);
            Descriptor described = Objects.requireNonNull(manifest.config());
            ImageConfig config = Json.read(Files.readAllBytes(blobs.path(described.digest())), ImageConfig.class);
            assertThat(image.platform()).isEqualTo(config.platform());
            assertThat(manifest.layers())
                    .hasSize(2)
                    .allSatisfy(layer -> assertThat(blobs.find(layer.digest())).isPresent());
            found.add(config.platform().architecture());
        }
        return found;
    }

    @Test
    void aLayoutHoldsAnIndexOfAllOfThem() throws IOException {
        Path place = folder.resolve("layout");
        Descriptor index = joined(output(List.of(), List.of(new Plan.Export("oci", place.toString()))));
        Layout layout = new Layout(place);
        assertThat(layout.images()).singleElement().satisfies(only -> {
            assertThat(only.mediaType()).isEqualTo(MediaTypes.INDEX);
            assertThat(only.digest()).isEqualTo(index.digest());
        });
        assertThat(architectures(index, layout.blobs())).containsExactly("amd64", "arm64");
        assertThat(Json.read(Files.readAllBytes(layout.blobs().path(index.digest())), Index.class)
                        .annotations())
                .containsEntry("who", "us");
    }

    @Test
    void aTarHoldsTheSame() throws Exception {
        Path file = folder.resolve("images.tar");
        Descriptor index = joined(output(List.of(), List.of(new Plan.Export("oci", file.toString()))));
        Path unpacked = Files.createDirectory(folder.resolve("unpacked"));
        Process tar = new ProcessBuilder("tar", "-xf", file.toString(), "-C", unpacked.toString()).start();
        assertThat(tar.waitFor()).isZero();
        Layout layout = new Layout(unpacked);
        assertThat(layout.images().getFirst().digest()).isEqualTo(index.digest());
        assertThat(architectures(index, layout.blobs())).containsExactly("amd64", "arm64");
    }

    @Test
    void filesGoToAFolderForEach() throws IOException {
        Path place = folder.resolve("files");
        joined(output(List.of(), List.of(new Plan.Export("local", place.toString()))));
        assertThat(place.resolve("linux_amd64/which")).hasContent("amd64");
        assertThat(place.resolve("linux_arm64/which")).hasContent("arm64");
    }

    @Test
    void everyTagInEveryRepositoryIsTheIndex() throws IOException {
        List<Reference> names = List.of(
                Reference.parse(registry.host() + "/shop:1"),
                Reference.parse(registry.host() + "/shop:latest"),
                Reference.parse(registry.host() + "/other:1"));
        Descriptor index = joined(output(names, List.of()));
        for (String tag : List.of("1", "latest")) {
            Index pushed = Json.read(registry.manifest("shop", tag).orElseThrow(), Index.class);
            assertThat(pushed.manifests())
                    .extracting(
                            image -> Objects.requireNonNull(image.platform()).architecture())
                    .containsExactly("amd64", "arm64");
        }
        assertThat(registry.manifest("other", "1")).isPresent();
        assertThat(dev.strata.image.Digest.sha256(registry.manifest("shop", "1").orElseThrow()))
                .isEqualTo(index.digest());
    }

    @Test
    void anArchiveOfDockerAndATarOfFilesHoldOnePlatformOnly() {
        for (String type : List.of("docker", "tar")) {
            Plan.Output wanted = output(List.of(), List.of(new Plan.Export(type, "somewhere")));
            assertThatThrownBy(() -> new PlatformImages(folder, wanted))
                    .hasMessageContaining("an output of type " + type + " holds one platform");
        }
    }
}
