package dev.strata.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.api.Condition;
import dev.strata.api.ImageBuildStatus;
import dev.strata.image.Descriptor;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** RUN --mount=type=ssh in a builder pod: the key of a secret signs for the command, which never sees it. */
@Tag("cluster")
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class SshAgentTest {
    private static final Path KEYGEN = Path.of("/usr/bin/ssh-keygen");

    /** Speaks the agent's protocol by hand (RFC draft-miller-ssh-agent: 11 lists keys, 13 signs), since the base has no ssh. */
    private static final String DOCKERFILE = """
            FROM debian:bookworm
            RUN --mount=type=ssh,required perl <<'EOF'
            use IO::Socket::UNIX;
            my $agent = IO::Socket::UNIX->new(Peer => $ENV{SSH_AUTH_SOCK}) or die "no agent: $!";
            sub ask {
              print $agent pack("N/a*", $_[0]);
              $agent->flush;
              read($agent, my $length, 4);
              read($agent, my $answer, unpack("N", $length));
              return $answer;
            }
            my ($kind, $count, $key, $comment) = unpack("C N N/a* N/a*", ask(pack("C", 11)));
            print "listed $kind $count ", unpack("H*", $key), " $comment\\n";
            print "signed ", unpack("C", ask(pack("C N/a* N/a* N", 13, $key, "a text", 0))), "\\n";
            EOF
            RUN --mount=type=ssh,required { grep -rsl 'BEGIN OPENSSH PRIVATE' / --exclude-dir=proc --exclude-dir=sys; ls -d /strata; cat /proc/[0-9]*/environ | grep -a PRIVATE; grep /strata /proc/self/mountinfo | grep -v ssh_agent; } 2>/dev/null || echo no key is to be seen
            RUN test -z "$SSH_AUTH_SOCK" && ls -A /run/buildkit 2>/dev/null || echo no agent is left
            """;

    private static void secret(Workspace workspace, String name, String key) {
        workspace
                .client()
                .secrets()
                .inNamespace(workspace.name)
                .resource(new SecretBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .endMetadata()
                        .withType("kubernetes.io/ssh-auth")
                        .addToStringData("ssh-privatekey", key)
                        .build())
                .serverSideApply();
    }

    private static String key(Path file) throws IOException, InterruptedException {
        Process made = new ProcessBuilder(
                        KEYGEN.toString(), "-q", "-t", "ed25519", "-N", "", "-C", "of-the-test", "-f", file.toString())
                .inheritIO()
                .start();
        assertThat(made.waitFor()).isZero();
        return Files.readString(file);
    }

    @Test
    void run_has_an_agent_sign_with_the_key_of_a_secret_that_it_cannot_see(@TempDir Path folder)
            throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(KEYGEN), "there is no ssh-keygen: apt-get install openssh-client");
        String privateKey = key(folder.resolve("key"));
        String publicKey = Files.readString(folder.resolve("key.pub")).split(" ")[1];
        try (Workspace workspace = Workspace.open("baseline")) {
            secret(workspace, "deploy", privateKey);

            ImageBuildStatus status = workspace
                    .build(
                            "fetches",
                            "ssh: [{id: default, secretRef: {name: deploy, key: ssh-privatekey}}]\n"
                                    + "dockerfile:\n  inline: |\n" + DOCKERFILE.indent(4)
                                    + "output: {image: \"" + workspace.repository()
                                    + "\", compression: uncompressed}\n")
                    .ready();

            String log = workspace.pods().stream()
                    .map(pod -> workspace.logOf(pod.getMetadata().getName()))
                    .collect(Collectors.joining());
            String hex = HexFormat.of().formatHex(Base64.getDecoder().decode(publicKey));
            assertThat(log)
                    .contains("listed 12 1 " + hex + " of-the-test")
                    .contains("signed 14")
                    .contains("no key is to be seen")
                    .contains("no agent is left");
            assertIsNowhere(privateKey, log, PushedImage.of(Objects.requireNonNull(status.image())));
        }
    }

    /** Whoever has any line of the key's body has a part of the key. */
    private static void assertIsNowhere(String privateKey, String log, PushedImage image) {
        List<String> secret = privateKey
                .lines()
                .filter(line -> !line.startsWith("-----") && line.length() > 16)
                .toList();
        assertThat(secret).hasSizeGreaterThan(2);
        for (String line : secret) {
            assertThat(log).doesNotContain(line);
            for (Descriptor layer : image.manifest()
                    .layers()
                    .subList(1, image.manifest().layers().size())) {
                assertThat(new String(image.blob(layer.digest()), StandardCharsets.ISO_8859_1))
                        .doesNotContain(line);
            }
        }
    }

    @Test
    void a_key_that_is_none_is_the_users_to_mend_and_then_the_build_goes_on(@TempDir Path folder)
            throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(KEYGEN), "there is no ssh-keygen: apt-get install openssh-client");
        try (Workspace workspace = Workspace.open("baseline")) {
            secret(workspace, "deploy", "no key at all");
            Workspace.Build build = workspace.inline(
                    "broken",
                    "FROM debian:bookworm\nRUN --mount=type=ssh,id=github test -S $SSH_AUTH_SOCK",
                    "ssh: [{id: github, secretRef: {name: deploy, key: ssh-privatekey}}]");
            assertThat(build.stalled().message())
                    .contains("the key of the ssh agent \"github\" cannot be used")
                    .doesNotContain("no key at all");

            secret(workspace, "deploy", key(folder.resolve("key")));
            build.await("Ready with the right key", each -> Workspace.isTrue(each, Condition.Type.READY));
        }
    }
}
