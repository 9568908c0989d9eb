package dev.strata;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.strata.image.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class LintCommandTest {
    @TempDir
    Path context;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int lint(String... arguments) {
        return new CommandLine(new LintCommand())
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(arguments);
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(context.resolve(name), text);
    }

    @Test
    void aFindingIsShownWithItsLineAndItsRule() throws IOException {
        write("Dockerfile", "FROM alpine:3.22\nMAINTAINER me\n");
        assertThat(lint(context.toString())).isZero();
        assertThat(out.toString())
                .contains("Dockerfile:2: warning: ")
                .contains("[MaintainerDeprecated]")
                .contains("> 2 | MAINTAINER me")
                .endsWith("Dockerfile: 1 warning\n");
    }

    @Test
    void strictFailsOnEveryFindingAndErrorTrueDoesSoForItsFile() throws IOException {
        write("Dockerfile", "FROM alpine:3.22\nMAINTAINER me\n");
        assertThat(lint("--strict", context.toString())).isEqualTo(1);
        write("Dockerfile", "# check=error=true\nFROM alpine:3.22\nMAINTAINER me\n");
        assertThat(lint(context.toString())).isEqualTo(1);
    }

    @Test
    void errorsOfSyntaxFailAndAreShownWithTheirPlaces() throws IOException {
        write("Dockerfile", "FROM alpine:3.22\nRUNN ls\nCOPY --form=a b c\n");
        assertThat(lint(context.toString())).isEqualTo(1);
        assertThat(out.toString())
                .contains("Dockerfile:2: error: unknown instruction: RUNN (did you mean RUN?)")
                .contains("Dockerfile:3: error: COPY: unknown flag: --form (did you mean --from?)")
                .contains("2 errors");
    }

    @Test
    void aTargetThatIsNotThereIsAnError() throws IOException {
        write("Dockerfile", "FROM alpine:3.22 AS runtime\n");
        assertThat(lint("--target", "runtim", context.toString())).isEqualTo(1);
        assertThat(out.toString())
                .contains("target stage \"runtim\" could not be found")
                .contains("did you mean runtime?");
    }

    @Test
    void theIgnoreFileOfTheDockerfileGoesBeforeThatOfTheContext() throws IOException {
        write("Dockerfile", "FROM scratch\nCOPY a b /\n");
        write(".dockerignore", "a\n");
        write("Dockerfile.dockerignore", "b\n");
        lint(context.toString());
        assertThat(out.toString()).contains("b is left out").doesNotContain("a is left out");
    }

    @Test
    void jsonAndSarifHaveTheSameFindings() throws IOException {
        write("Dockerfile", "FROM alpine:3.22\nMAINTAINER me\n");
        lint("--format", "json", context.toString());
        JsonNode finding = Json.MAPPER.readTree(out.toString()).at("/files/0/findings/0");
        assertThat(finding.path("rule").asText()).isEqualTo("MaintainerDeprecated");
        assertThat(finding.path("startLine").asInt()).isEqualTo(2);
        out.getBuffer().setLength(0);
        lint("--format", "sarif", context.toString());
        JsonNode run = Json.MAPPER.readTree(out.toString()).at("/runs/0");
        assertThat(run.at("/results/0/ruleId").asText()).isEqualTo("MaintainerDeprecated");
        assertThat(run.at("/results/0/locations/0/physicalLocation/region/startLine")
                        .asInt())
                .isEqualTo(2);
    }

    /** Source: SARIF 2.1.0, sections 3.13, 3.14, 3.19, 3.27, 3.29: what a reader may count on. */
    @Test
    void sarifHasWhatItsSpecificationRequires() throws IOException {
        write("Docker file", "FROM alpine:3.22\nMAINTAINER me\nRUNN x\n");
        lint("--format", "sarif", "-f", context.resolve("Docker file").toString(), context.toString());
        JsonNode log = Json.MAPPER.readTree(out.toString());
        assertThat(log.path("version").asText()).isEqualTo("2.1.0");
        JsonNode driver = log.at("/runs/0/tool/driver");
        assertThat(driver.path("name").asText()).isEqualTo("strata");
        Set<String> rules = new TreeSet<>();
        for (JsonNode rule : driver.path("rules")) {
            assertThat(rules.add(rule.path("id").asText())).isTrue();
            assertThat(rule.at("/shortDescription/text").asText()).isNotEmpty();
            assertThat(rule.at("/defaultConfiguration/level").asText("error")).isIn("note", "warning", "error");
        }
        JsonNode results = log.at("/runs/0/results");
        assertThat(results).hasSize(1);
        for (JsonNode result : results) {
            assertThat(rules).contains(result.path("ruleId").asText());
            assertThat(result.path("level").asText()).isEqualTo("error");
            assertThat(result.at("/message/text").asText()).contains("RUNN");
            JsonNode place = result.at("/locations/0/physicalLocation");
            assertThat(URI.create(place.at("/artifactLocation/uri").asText()).getPath())
                    .endsWith("/Docker file");
            assertThat(place.at("/region/startLine").asInt()).isEqualTo(3);
        }
    }

    @Test
    void aContextGivenWithTheBuildIsNoImage() throws IOException {
        write("Dockerfile", "FROM Assets\nCOPY a b\n");
        assertThat(lint("--strict", "--build-context", "Assets=../assets", context.toString()))
                .isZero();
        assertThat(lint("--strict", context.toString())).isEqualTo(1);
    }

    @Test
    void aFileThatIsNotThereIsSaid() {
        assertThat(lint("-f", context.resolve("none").toString())).isEqualTo(1);
        assertThat(err.toString()).contains("none").contains("-f");
    }
}
