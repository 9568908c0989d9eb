package dev.strata.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ImageJsonTest {
    private static final String CONFIG = """
            {"architecture":"amd64","config":{"Cmd":["sh"],"Entrypoint":[],"Env":["PATH=/bin","A=1=2"],
            "ExposedPorts":{"80/tcp":{}},"Healthcheck":{"Test":["NONE"]},"Labels":{"b":"2","a":"1"},
            "OnBuild":["RUN x"],"Shell":["/bin/ash","-c"],"Volumes":{"/data":{}},"WorkingDir":"/srv"},
            "container":"ignored","created":"2024-05-01T12:00:00.123456789Z",
            "history":[{"created":"2024-05-01T12:00:00Z","created_by":"ADD x /","comment":"buildkit"},
            {"created_by":"CMD","empty_layer":true}],
            "os":"linux","rootfs":{"diff_ids":["sha256:%s"],"type":"layers"}}""".formatted("ab".repeat(32));

    @Test
    void aConfigurationReadsAndWritesWhatDockerWrites() throws IOException {
        ImageConfig config = Json.read(CONFIG.getBytes(StandardCharsets.UTF_8), ImageConfig.class);
        assertThat(config.config().environment()).containsEntry("A", "1=2");
        assertThat(config.config().entrypoint()).isEmpty();
        assertThat(config.history().get(1).emptyLayer()).isTrue();
        assertThat(Json.read(Json.bytes(config), ImageConfig.class)).isEqualTo(config);
        assertThat(Json.text(config))
                .contains("\"created\":\"2024-05-01T12:00:00.123456789Z\"", "\"Entrypoint\":[]", "\"80/tcp\":{}")
                .doesNotContain("ignored", "StopSignal", "null");
    }

    @Test
    void unsetCommandAndEmptyCommandDiffer() {
        Execution.Builder edit = Execution.EMPTY.edit();
        edit.cmd = List.of();
        assertThat(Json.text(edit.build())).isEqualTo("{\"Cmd\":[]}");
        assertThat(Json.text(Execution.EMPTY)).isEqualTo("{}");
    }

    @Test
    void changingOneMemberLeavesTheOthers() throws IOException {
        ImageConfig config = Json.read(CONFIG.getBytes(StandardCharsets.UTF_8), ImageConfig.class);
        assertThat(config.config().edit().build()).isEqualTo(config.config());
    }

    @Test
    void anImageMustHaveTheLayersThatItsConfigurationNames() {
        ImageConfig scratch = ImageConfig.scratch(Platform.parse("linux/amd64"));
        Layer layer = new Layer(
                new Descriptor(MediaTypes.LAYER_GZIP, Digest.sha256(new byte[] {1}), 1), Digest.sha256(new byte[] {2}));
        assertThatThrownBy(() -> new Image(scratch, List.of(layer)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("but the image has");
        Image image = Image.scratch(Platform.parse("linux/amd64"))
                .plus(layer, new ImageConfig.History(null, "COPY", null, null, false));
        assertThat(image.config().rootfs().diffIds()).containsExactly(layer.diffId());
    }

    @Test
    void emptyContentHasItsWellKnownDigest() {
        assertThat(Digest.sha256(new byte[0]))
                .hasToString("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    @Test
    void wrongDigestsAreRefusedWithTheRule() {
        assertThatThrownBy(() -> Digest.parse("sha256:AB")).hasMessageContaining("64 lower-case hexadecimal digits");
        assertThatThrownBy(() -> Digest.parse("md5:00")).hasMessageContaining("\"md5\" is not known");
        assertThatThrownBy(() -> Digest.parse("latest")).hasMessageContaining("must look like sha256:");
    }

    @Test
    void platformsAreNormalisedAsContainerdDoes() {
        assertThat(Platform.parse("linux/x86_64")).hasToString("linux/amd64");
        assertThat(Platform.parse("aarch64")).hasToString("linux/arm64");
        assertThat(Platform.parse("linux/arm64/v8")).hasToString("linux/arm64");
        assertThat(Platform.parse("linux/arm")).hasToString("linux/arm/v7");
        assertThat(Platform.parse("linux/arm64").accepts(new Platform("linux", "arm64", "v8")))
                .isTrue();
        assertThatThrownBy(() -> Platform.parse("linux/amd64/v1/x")).hasMessageContaining("too many parts");
    }
}
