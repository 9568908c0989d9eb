package dev.strata;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Execution;
import dev.strata.image.Image;
import dev.strata.image.ImageConfig;
import dev.strata.image.Json;
import dev.strata.image.Layer;
import dev.strata.image.Layout;
import dev.strata.image.Manifest;
import dev.strata.image.MediaTypes;
import dev.strata.image.Platform;
import dev.strata.plan.Plan;
import dev.strata.registry.MemoryRegistry;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code strata layers}, {@code pull} and {@code push} as they are called. */
class ImageCommandsTest {
    @TempDir
    Path folder;

    private final MemoryRegistry server = MemoryRegistry.start();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @AfterEach
    void close() {
        server.close();
    }

    private int run(Object command, String... arguments) {
        CommandLine line = new CommandLine(command);
        line.setOut(new PrintWriter(out));
        line.setErr(new PrintWriter(err));
        return line.execute(arguments);
    }

    private static Layer layer(int size) {
        byte[] bytes = new byte[size];
        Descriptor blob = new Descriptor(MediaTypes.LAYER_TAR, Digest.sha256(bytes), size);
        return new Layer(blob, blob.digest());
    }

    private static ImageConfig.History line(String createdBy, boolean empty) {
        return new ImageConfig.History(null, createdBy, null, null, empty);
    }

    private void serve(String repository, String tag, Image image, Map<String, String> annotations) {
        image.layers()
                .forEach(layer ->
                        server.addBlob(repository, new byte[(int) layer.blob().size()]));
        byte[] config = Json.bytes(image.config());
        server.addBlob(repository, config);
        Descriptor of = new Descriptor(MediaTypes.CONFIG, Digest.sha256(config), config.length);
        Manifest manifest =
                Manifest.of(of, image.layers().stream().map(Layer::blob).toList(), new TreeMap<>(annotations));
        server.addManifest(repository, tag, MediaTypes.MANIFEST, Json.bytes(manifest));
    }

    private Image base() {
        return Image.scratch(Platform.host())
                .plus(layer(40_000), line("/bin/sh -c #(nop) ADD file:1 in / ", false))
                .with(Execution.EMPTY);
    }

    private Image shop() {
        return base().plus(line("/bin/sh -c #(nop)  CMD [\"bash\"]", true))
                .plus(layer(10_000), line("RUN /bin/sh -c apt-get install shop # buildkit", false))
                .plus(layer(5), line("COPY . /app # buildkit", false));
    }

    @Test
    void theStackIsShownBottomFirstWithTheBaseMarked() {
        serve("base", "1", base(), Map.of());
        serve("shop", "1", shop(), Map.of("org.opencontainers.image.base.name", server.host() + "/base:1"));
        assertThat(run(new LayersCommand(), server.host() + "/shop:1")).isEqualTo(Main.OK);
        List<String> lines = out.toString().lines().toList();
        assertThat(lines.getFirst()).isEqualTo(server.host() + "/shop:1  " + Platform.host());
        assertThat(lines.get(2)).isEqualTo("3 layers, 50.0 kB");
        assertThat(lines.subList(3, 6))
                .satisfiesExactly(
                        first ->
                                assertThat(first).matches("  1 base █{20} {3}40\\.0 kB  [0-9a-f]{12}  ADD file:1 in /"),
                        second -> assertThat(second)
                                .matches("  2      █{5} {15} {3}10\\.0 kB  [0-9a-f]{12}  RUN apt-get install shop"),
                        third -> assertThat(third).matches("  3      ▏ {19} {7}5 B  [0-9a-f]{12}  COPY \\. /app"));
        assertThat(server.count("GET .*/blobs/.*"))
                .as("configurations only, no layer")
                .isEqualTo(2);
    }

    @Test
    void aLongLineIsCutToTheWidth() {
        LayerStack stack = LayerStack.of(List.of(layer(7)), List.of(line("RUN " + "x".repeat(500), false)), 0);
        assertThat(stack.lines(80))
                .singleElement()
                .satisfies(text -> assertThat(text).hasSize(80).endsWith("x…"));
    }

    @Test
    void anImageThatIsPulledCanBePushedElsewhere() throws IOException {
        serve("shop", "1", shop(), Map.of());
        String layout = folder.resolve("layout").toString();
        assertThat(run(new PullCommand(), server.host() + "/shop:1", "--layout", layout))
                .isEqualTo(Main.OK);
        assertThat(new Layout(Path.of(layout)).images()).hasSize(1);
        assertThat(run(new PushCommand(), server.host() + "/other:2", "--layout", layout))
                .isEqualTo(Main.OK);
        assertThat(server.manifest("other", "2").orElseThrow())
                .isEqualTo(server.manifest("shop", "1").orElseThrow());
        assertThat(out.toString()).contains("sent        40.0 kB");
    }

    @Test
    void aNameThatTheLayoutLacksIsSaidWithThoseThatItHas() throws IOException {
        new Layout(folder.resolve("layout"))
                .put("shop:1", new Descriptor(MediaTypes.MANIFEST, Digest.sha256(new byte[0]), 0));
        int code = run(
                new PushCommand(),
                server.host() + "/x",
                "--layout",
                folder.resolve("layout").toString(),
                "--from",
                "web");
        assertThat(code).isEqualTo(Main.USAGE);
        assertThat(err.toString()).contains("holds no image named web; it holds shop:1");
    }

    @Test
    void errorsEndWithTheCodeOfThoseWhoseFaultTheyAre() {
        assertThat(run(new LayersCommand(), server.host() + "/missing")).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("MANIFEST_UNKNOWN");
        assertThat(run(new LayersCommand(), "UPPER CASE")).isEqualTo(Main.USAGE);
        server.addManifest("odd", "latest", MediaTypes.MANIFEST, "[1]".getBytes(StandardCharsets.UTF_8));
        assertThat(run(new LayersCommand(), server.host() + "/odd")).isEqualTo(Main.OUTSIDE);
    }

    @Test
    void anotherFolderIsNotTakenForALayout() throws IOException {
        Files.writeString(folder.resolve("mine.txt"), "mine", StandardCharsets.UTF_8);
        serve("shop", "1", shop(), Map.of());
        assertThat(run(new PullCommand(), server.host() + "/shop:1", "--layout", folder.toString()))
                .isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("neither empty nor an OCI image layout");
    }

    private Plan.Registries registries(Map<String, String> environment, String... arguments) {
        RegistryAccess access = new RegistryAccess(environment);
        CommandLine line = new CommandLine(CommandLine.Model.CommandSpec.create());
        line.addMixin("access", access);
        line.parseArgs(arguments);
        return access.registries();
    }

    @Test
    void optionsComeFromTheCommandLineOrTheEnvironment() throws IOException {
        Map<String, String> environment = Map.of(
                "STRATA_REGISTRY_MIRROR", "http://mirror:5000",
                "STRATA_PLAIN_HTTP", "a.example, b.example:80",
                "DOCKER_CONFIG", folder.toString());
        assertThat(registries(environment).dockerConfigs()).isEmpty();
        Files.writeString(folder.resolve("config.json"), "{}");
        assertThat(registries(environment))
                .isEqualTo(new Plan.Registries(
                        new TreeMap<>(Map.of("*", "http://mirror:5000")),
                        List.of("a.example", "b.example:80"),
                        List.of(folder.resolve("config.json").toString()),
                        null));
        assertThat(registries(environment, "--registry-mirror", "docker.io=https://cache.example", "--ca-bundle", "ca"))
                .satisfies(given -> {
                    assertThat(given.mirrors()).containsOnly(Map.entry("docker.io", "https://cache.example"));
                    assertThat(given.caBundle()).isEqualTo("ca");
                });
    }
}
