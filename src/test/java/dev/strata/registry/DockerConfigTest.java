package dev.strata.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DockerConfigTest {
    @TempDir
    Path folder;

    private final CredentialProgram.Runner programs = (program, input) -> switch (program + " " + input) {
        case "docker-credential-cloud cloud.example" ->
            new CredentialProgram.Output(0, "{\"Username\":\"ann\",\"Secret\":\"from the cloud\"}");
        case "docker-credential-store https://index.docker.io/v1/" ->
            new CredentialProgram.Output(0, "{\"Username\":\"<token>\",\"Secret\":\"identity\"}");
        case "docker-credential-broken registry.example" -> new CredentialProgram.Output(2, "it is locked\n");
        default -> new CredentialProgram.Output(1, "credentials not found in native keychain\n");
    };

    private List<Credential> find(String json, String host, String repository) throws IOException {
        Path file = folder.resolve("config.json");
        Files.writeString(file, json);
        return DockerConfig.read(folder, programs).find(host, repository);
    }

    private String password(String json, String host, String repository) throws IOException {
        return ((Credential.Password) find(json, host, repository).getFirst()).password();
    }

    private static String auth(String pair) {
        return Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aPasswordMayHoldColons() throws IOException {
        String json = "{\"auths\":{\"registry.example\":{\"auth\":\"" + auth("ann:a:b:c") + "\"}}}";
        assertThat(password(json, "registry.example", "shop")).isEqualTo("a:b:c");
        assertThat(find(json, "registry.example:5000", "shop")).isEmpty();
        assertThat(find(json, "other.example", "shop")).isEmpty();
    }

    @Test
    void userAndPasswordMayStandByThemselves() throws IOException {
        String json = "{\"auths\":{\"https://registry.example/v2/\":{\"username\":\"ann\",\"password\":\"p\"}}}";
        assertThat(password(json, "registry.example", "shop")).isEqualTo("p");
    }

    @Test
    void dockerHubHasAnOddKey() throws IOException {
        String json = "{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"" + auth("ann:hub") + "\"}}}";
        assertThat(password(json, "docker.io", "library/ubuntu")).isEqualTo("hub");
        assertThat(password(json.replace("https://index.docker.io/v1/", "docker.io"), "docker.io", "a/b"))
                .isEqualTo("hub");
    }

    @Test
    void theLongestPathIsTriedFirst() throws IOException {
        String json = """
                {"auths": {
                  "registry.example": {"username": "u", "password": "all"},
                  "registry.example/team": {"username": "u", "password": "team"},
                  "registry.example/team/shop": {"username": "u", "password": "shop"}}}
                """;
        assertThat(password(json, "registry.example", "team/shop")).isEqualTo("shop");
        assertThat(password(json, "registry.example", "team/shop/web")).isEqualTo("shop");
        assertThat(password(json, "registry.example", "team/shopping")).isEqualTo("team");
        assertThat(password(json, "registry.example", "teams")).isEqualTo("all");
        assertThat(find(json, "registry.example", "team/shop")).hasSize(3);
    }

    @Test
    void aStarStandsForOneLabel() throws IOException {
        String json = "{\"auths\":{\"*.registry.example:5000\":{\"username\":\"u\",\"password\":\"star\"}}}";
        assertThat(password(json, "a.registry.example:5000", "x")).isEqualTo("star");
        assertThat(find(json, "a.b.registry.example:5000", "x")).isEmpty();
        assertThat(find(json, "a.registry.example", "x")).isEmpty();
    }

    @Test
    void tokensAreTold() throws IOException {
        String json = """
                {"auths": {
                  "one.example": {"auth": "", "identitytoken": "refresh"},
                  "two.example": {"registrytoken": "as it is"}}}
                """;
        assertThat(find(json, "one.example", "x").getFirst())
                .isInstanceOfSatisfying(
                        Credential.IdentityToken.class,
                        found -> assertThat(found.token()).isEqualTo("refresh"));
        assertThat(find(json, "two.example", "x").getFirst())
                .isInstanceOfSatisfying(
                        Credential.RegistryToken.class,
                        found -> assertThat(found.token()).isEqualTo("as it is"));
    }

    @Test
    void programsAreAskedForTheirHosts() throws IOException {
        String json = """
                {"auths": {"cloud.example": {}}, "credHelpers": {"cloud.example": "cloud"}, "credsStore": "store"}
                """;
        assertThat(password(json, "cloud.example", "x")).isEqualTo("from the cloud");
        assertThat(find(json, "docker.io", "x").getFirst()).isInstanceOf(Credential.IdentityToken.class);
        assertThat(find(json, "unknown.example", "x")).isEmpty();
    }

    @Test
    void aProgramThatFailsIsNamed() {
        assertThatThrownBy(() -> find("{\"credsStore\":\"broken\"}", "registry.example", "x"))
                .isInstanceOf(RegistryException.class)
                .hasMessageContaining("docker-credential-broken ended with exit code 2")
                .hasMessageContaining("it is locked");
    }

    @Test
    void aProgramsNameCannotLeadElsewhere() {
        assertThatThrownBy(() -> find("{\"credsStore\":\"../../bin/sh\"}", "registry.example", "x"))
                .isInstanceOf(RegistryException.class)
                .hasMessageContaining("cannot be the name of a credentials program");
    }

    @Test
    void kubernetesSecretsAreFolders() throws IOException {
        Files.writeString(
                folder.resolve(".dockerconfigjson"),
                "{\"auths\":{\"registry.example\":{\"username\":\"u\",\"password\":\"pull\"}}}");
        assertThat(DockerConfig.read(folder, programs).find("registry.example", "x"))
                .hasSize(1);
        Files.move(folder.resolve(".dockerconfigjson"), folder.resolve(".dockercfg"));
        Files.writeString(
                folder.resolve(".dockercfg"), "{\"registry.example\":{\"username\":\"u\",\"password\":\"old\"}}");
        assertThat(DockerConfig.read(folder, programs).find("registry.example", "x"))
                .hasSize(1);
    }

    @Test
    void whatCannotBeReadIsSaidWithoutItsText() throws IOException {
        assertThatThrownBy(() -> find("{\"auths\": {\"secret\" oops", "registry.example", "x"))
                .isInstanceOf(RegistryException.class)
                .hasMessageContaining("config.json cannot be read: not JSON at line 1")
                .hasMessageNotContaining("secret");
        assertThatThrownBy(() -> find("{\"auths\":{\"r.example\":{\"auth\":\"%%%\"}}}", "r.example", "x"))
                .hasMessageContaining("\"auth\" of r.example");
        assertThatThrownBy(() -> DockerConfig.read(Files.createDirectory(folder.resolve("empty")), programs))
                .hasMessageContaining("holds no docker config");
    }

    @Test
    void aRealProgramIsRun() throws IOException, InterruptedException {
        Path program = folder.resolve("docker-credential-echo");
        Files.writeString(
                program,
                "#!/bin/sh\nread server\necho \"{\\\"Username\\\":\\\"u\\\",\\\"Secret\\\":\\\"$server $1\\\"}\"\n");
        assertThat(program.toFile().setExecutable(true)).isTrue();
        assertThat(CredentialProgram.runProcess(program.toString(), "registry.example"))
                .isEqualTo(
                        new CredentialProgram.Output(0, "{\"Username\":\"u\",\"Secret\":\"registry.example get\"}\n"));
    }
}
