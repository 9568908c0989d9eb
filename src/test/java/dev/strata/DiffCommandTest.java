package dev.strata;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.strata.image.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Images that were built here are compared, by the folders that they were put into. */
class DiffCommandTest {
    @TempDir
    Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void build() throws IOException {
        Files.createDirectories(folder.resolve("context/tree/sub"));
        write("same", "the same");
        write("changed", "1234");
        write("tree/sub/deep", "x");
        build("before", """
                FROM scratch
                ENV VERSION=1 PATH=/bin
                LABEL team=a
                COPY same changed /
                COPY --chmod=0600 same /secret
                COPY tree /gone/
                CMD ["/app"]
                """);
        write("changed", "5678");
        build("after", """
                FROM scratch
                ENV VERSION=2 PATH=/bin
                EXPOSE 80
                COPY same /
                COPY changed /
                COPY --chmod=0644 same /secret
                COPY same /new/file
                CMD ["/app"]
                """);
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(folder.resolve("context").resolve(name), text);
    }

    private void build(String name, String dockerfile) throws IOException {
        write("Dockerfile", dockerfile);
        int code = new CommandLine(new BuildCommand())
                .execute(
                        "--progress=quiet",
                        "--state=" + folder.resolve("state"),
                        "--output=type=oci,dest=" + folder.resolve(name),
                        folder.resolve("context").toString());
        assertThat(code).isZero();
    }

    private String layout(String name) {
        return "oci-layout://" + folder.resolve(name);
    }

    private int diff(String... arguments) {
        String[] all = java.util.Arrays.copyOf(arguments, arguments.length + 1);
        all[arguments.length] = "--state=" + folder.resolve("state");
        return new CommandLine(new DiffCommand())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(all);
    }

    @Test
    void filesAndSettingsThatDifferAreShownWithTheirLayers() {
        assertThat(diff(layout("before"), layout("after"))).isZero();
        assertThat(out.toString())
                .contains("Env VERSION: 1 -> 2\n")
                .contains("Labels team: a -> (not set)\n")
                .contains("ExposedPorts 80/tcp: (not set) -> \n")
                .contains("~ /changed  file 0644 0:0 4 B  layer 2 COPY changed /; was file 0644 0:0 4 B\n")
                .contains(
                        "~ /secret  file 0644 0:0 8 B  layer 3 COPY --chmod=0644 same /secret; was file 0600 0:0 8 B\n")
                .contains("- /gone/sub/deep  file 0644 0:0 1 B  layer 3 COPY tree /gone/\n")
                .contains("+ /new/file  file 0644 0:0 8 B  layer 4 COPY same /new/file\n")
                .endsWith("2 added, 2 changed, 3 removed; 3 settings differ\n")
                .doesNotContain("/same ")
                .doesNotContain("Cmd");
    }

    @Test
    void programsReadItAsJson() throws IOException {
        assertThat(diff("--format=json", layout("before"), layout("after"))).isZero();
        JsonNode json = Json.MAPPER.readTree(out.toString());
        assertThat(json.at("/before/digest").asText()).startsWith("sha256:");
        JsonNode changed = json.at("/files/0");
        assertThat(changed.path("path").asText()).isEqualTo("/changed");
        assertThat(changed.path("change").asText()).isEqualTo("changed");
        assertThat(changed.at("/after/layer").asInt()).isEqualTo(2);
        assertThat(changed.at("/after/createdBy").asText()).startsWith("COPY changed");
        assertThat(json.at("/settings/0/name").asText()).isEqualTo("Env VERSION");
    }

    @Test
    void anImageIsNotDifferentFromItself() {
        assertThat(diff(layout("before"), layout("before"))).isZero();
        assertThat(out.toString()).endsWith("0 added, 0 changed, 0 removed; 0 settings differ\n");
    }

    @Test
    void whatIsNoImageIsNamed() {
        assertThat(diff(layout("before"), layout("nowhere"))).isEqualTo(1);
        assertThat(err.toString()).contains("nowhere").contains("is no OCI layout");
        assertThat(diff("UPPER:1", layout("before"))).isEqualTo(2);
    }
}
