package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.api.ImageBuildStatus.Base;
import dev.strata.api.ImageBuildStatus.StackLayer;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Execution;
import dev.strata.image.ImageConfig;
import dev.strata.image.Json;
import dev.strata.image.Manifest;
import dev.strata.image.MediaTypes;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.registry.MemoryRegistry;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryOptions;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An image is put on another base by documents alone, or it is not. */
@Timeout(300)
class RebaseTest {
    private static final Platform LINUX = Platform.parse("linux/amd64");

    @TempDir
    Path folder;

    private final MemoryRegistry registry = MemoryRegistry.start();
    private final KubernetesClient nobody =
            new KubernetesClientBuilder().withConfig(Config.empty()).build();
    private String base = "";
    private Digest oldBase = Digest.sha256(new byte[0]);

    @BeforeEach
    void aBase() {
        base = registry.host() + "/base:1";
        oldBase = image("base", new TreeMap<>(), Execution.EMPTY, "old");
    }

    @AfterEach
    void close() {
        registry.close();
        nobody.close();
    }

    private Digest image(String repository, Map<String, String> annotations, Execution execution, String... layers) {
        List<byte[]> contents = Arrays.stream(layers)
                .map(text -> text.getBytes(StandardCharsets.UTF_8))
                .toList();
        contents.forEach(bytes -> registry.addBlob(repository, bytes));
        ImageConfig plain = ImageConfig.scratch(LINUX).with(execution);
        for (int i = 0; i < layers.length; i++) {
            plain = plain.plus(
                    new ImageConfig.History(null, "made " + layers[i], null, null, false),
                    Digest.sha256(("tar of " + layers[i]).getBytes(StandardCharsets.UTF_8)));
        }
        byte[] config = Json.bytes(plain);
        registry.addBlob(repository, config);
        return registry.addManifest(
                repository,
                null,
                MediaTypes.MANIFEST,
                Json.bytes(Manifest.of(
                        new Descriptor(MediaTypes.CONFIG, Digest.sha256(config), config.length),
                        contents.stream()
                                .map(bytes -> new Descriptor(MediaTypes.LAYER_GZIP, Digest.sha256(bytes), bytes.length))
                                .toList(),
                        new TreeMap<>(annotations))));
    }

    private Digest shop() {
        return image(
                "shop",
                new TreeMap<>(Map.of(
                        "org.opencontainers.image.base.name",
                        base,
                        "org.opencontainers.image.base.digest",
                        oldBase.toString())),
                Execution.EMPTY,
                "old",
                "own");
    }

    private Optional<Rebase.Result> onto(Digest newBase) {
        Outside outside = new Outside(new Cluster(nobody), folder);
        return new Rebase(outside)
                .onto(
                        Examples.ACCESS,
                        Reference.parse(registry.host() + "/shop").withDigest(shop()),
                        List.of(LINUX),
                        new TreeMap<>(Map.of(base, oldBase.toString())),
                        List.of(new Base(base, newBase.toString())));
    }

    @Test
    void layersAreMountedAndOnlyDocumentsAreWritten() throws Exception {
        Digest newBase = image("base", new TreeMap<>(), Execution.EMPTY, "new", "newer");

        Rebase.Result result = onto(newBase).orElseThrow();

        assertThat(result.stack())
                .extracting(StackLayer::createdBy)
                .containsExactly("made new", "made newer", "made own");
        assertThat(result.stack()).extracting(StackLayer::base).containsExactly(true, true, false);
        Manifest manifest = read(String.valueOf(result.images().get(LINUX)));
        assertThat(manifest.annotations()).containsEntry("org.opencontainers.image.base.digest", newBase.toString());
        assertThat(manifest.layers()).hasSize(3);
        assertThat(registry.mounts()).as("layers of the new base").isEqualTo(2);
        assertThat(folder).as("no credentials and no documents stay").isEmptyDirectory();
    }

    private Manifest read(String digest) throws Exception {
        try (Registry client = new Registry(RegistryOptions.DEFAULT)) {
            Reference name = Reference.parse(registry.host() + "/shop").withDigest(Digest.parse(digest));
            return Json.read(client.resolve(name).bytes(), Manifest.class);
        }
    }

    @Test
    void otherSettingsOfTheBaseAreABuildersWork() {
        Execution.Builder changed = Execution.EMPTY.edit();
        changed.env.put("PATH", "/new");

        assertThat(onto(image("base", new TreeMap<>(), changed.build(), "new"))).isEmpty();
    }

    @Test
    void contentThatWouldHaveToBeCarriedIsABuildersWork() {
        registry.withoutMounts();

        assertThat(onto(image("base", new TreeMap<>(), Execution.EMPTY, "new"))).isEmpty();
    }
}
