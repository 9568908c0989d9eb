package dev.strata.registry;

import com.fasterxml.jackson.databind.JsonNode;
import dev.strata.image.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A program {@code docker-credential-<name>} that keeps secrets outside the config file, named by {@code credsStore}
 * and {@code credHelpers}. It reads a server's name and writes {@code {"Username": …, "Secret": …}}.
 *
 * <p>Source: docker-credential-helpers, README.
 */
record CredentialProgram(String name, Runner runner) {
    /** The user that stands for "the secret is an identity token". */
    static final String TOKEN_USER = "<token>";

    private static final int SECONDS = 30;
    private static final int MOST_OUTPUT = 1 << 20;

    /** What a program answered. */
    record Output(int exitCode, String text) {}

    /** How a program is run; tests put their own here. */
    interface Runner {
        Output run(String program, String input) throws IOException, InterruptedException;
    }

    CredentialProgram {
        if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
            throw RegistryException.configuration(
                    "\"" + name + "\" in a docker config cannot be the name of a credentials program",
                    "It stands for a program docker-credential-<name> on the PATH",
                    null);
        }
    }

    private String program() {
        return "docker-credential-" + name;
    }

    Optional<Credential> get(String server) {
        Output output = run(server);
        if (output.exitCode() != 0) {
            if (output.text().contains("credentials not found")) {
                return Optional.empty();
            }
            throw RegistryException.configuration(
                    program() + " ended with exit code " + output.exitCode() + " when asked for " + server + ": "
                            + output.text().strip(),
                    "Log in again with the tool that set it up",
                    null);
        }
        try {
            JsonNode answer = Json.MAPPER.readTree(output.text());
            String user = answer.path("Username").asText("");
            String secret = answer.path("Secret").asText("");
            if (secret.isEmpty()) {
                return Optional.empty();
            }
            return Optional.of(
                    user.equals(TOKEN_USER)
                            ? new Credential.IdentityToken(secret, program())
                            : new Credential.Password(user, secret, program()));
        } catch (IOException e) {
            // The cause would quote the output, which is a secret.
            throw RegistryException.configuration(
                    program() + " answered for " + server + " with something that is no JSON", null, null);
        }
    }

    private Output run(String server) {
        try {
            return runner.run(program(), server);
        } catch (IOException e) {
            throw RegistryException.configuration(
                    "the docker config names the credentials program " + program() + ", which could not be run: "
                            + e.getMessage(),
                    "Install it, or give the credentials in the config itself",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RegistryException(
                    RegistryException.Kind.INTERRUPTED, null, null, "interrupted while " + program() + " ran", null, e);
        }
    }

    /** Runs the real program. */
    static Output runProcess(String program, String input) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(program, "get")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (OutputStream stdin = process.getOutputStream()) {
            stdin.write((input + "\n").getBytes(StandardCharsets.UTF_8));
        }
        try (InputStream stdout = process.getInputStream()) {
            Thread.ofVirtual().start(() -> endLate(process));
            byte[] text = stdout.readNBytes(MOST_OUTPUT);
            return new Output(process.waitFor(), new String(text, StandardCharsets.UTF_8));
        } finally {
            process.destroyForcibly();
        }
    }

    private static void endLate(Process process) {
        try {
            if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
        }
    }
}
