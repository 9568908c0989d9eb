package dev.strata.context;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A folder with one secret of Kubernetes, a file a key: {@code username} and {@code password} (type basic-auth),
 * {@code ssh-privatekey} and {@code known_hosts} (type ssh-auth), or {@code token} for a bearer token; {@code ca.crt}
 * for an authority to trust besides the system's.
 *
 * @param folder null for no credentials
 */
record Credentials(@Nullable Path folder) {
    static final Credentials NONE = new Credentials(null);

    static Credentials in(@Nullable String folder) {
        return folder == null ? NONE : new Credentials(Path.of(folder));
    }

    /** The file of a key, where the secret has it. */
    Optional<Path> file(String key) {
        return Optional.ofNullable(folder).map(at -> at.resolve(key)).filter(Files::isRegularFile);
    }

    /** The value of a key without the line feed that editors leave at its end. */
    Optional<String> value(String key) {
        return file(key).map(path -> {
            try {
                return Files.readString(path, StandardCharsets.UTF_8).stripTrailing();
            } catch (IOException e) {
                throw new UncheckedIOException("cannot read " + path, e);
            }
        });
    }

    /** The value of an Authorization header, where the secret is good for one. */
    Optional<String> authorization() {
        Optional<String> token = value("token");
        if (token.isPresent()) {
            return Optional.of("Bearer " + token.get());
        }
        return value("password").map(password -> {
            byte[] pair = (value("username").orElse("") + ":" + password).getBytes(StandardCharsets.UTF_8);
            return "Basic " + Base64.getEncoder().encodeToString(pair);
        });
    }

    /** Text with every secret in it made unreadable. */
    String redact(String text) {
        String result = text;
        for (String secret : secrets()) {
            result = result.replace(secret, "***");
        }
        return result;
    }

    private List<String> secrets() {
        List<String> secrets = new ArrayList<>();
        for (String key : List.of("password", "token")) {
            value(key).filter(secret -> !secret.isEmpty()).ifPresent(secrets::add);
        }
        return secrets;
    }
}
