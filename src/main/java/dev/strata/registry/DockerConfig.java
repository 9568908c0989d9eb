package dev.strata.registry;

import com.fasterxml.jackson.databind.JsonNode;
import dev.strata.image.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One file of credentials in docker's {@code config.json} form, which Kubernetes' pull secrets have, too.
 *
 * <p>Keys of {@code auths} are hosts, with or without scheme, {@code /v1/} or {@code /v2/}; a path behind the host
 * narrows the entry to repositories below it; {@code *} stands for one label of a host name, as the kubelet has it.
 * Docker Hub's key is {@code https://index.docker.io/v1/}.
 */
final class DockerConfig {
    private static final String HUB_KEY = "https://index.docker.io/v1/";
    private static final List<String> NAMES = List.of("config.json", ".dockerconfigjson", ".dockercfg");

    private final Path file;
    private final List<Entry> entries;
    private final Map<String, String> programs;
    private final @Nullable String store;
    private final CredentialProgram.Runner runner;

    private record Entry(String host, String path, Credential credential) {}

    private DockerConfig(Path file, JsonNode root, CredentialProgram.Runner runner) {
        this.file = file;
        this.runner = runner;
        this.store = text(root, "credsStore");
        this.programs = new LinkedHashMap<>();
        root.path("credHelpers")
                .properties()
                .forEach(p -> programs.put(host(p.getKey()), p.getValue().asText()));
        this.entries = new ArrayList<>();
        boolean old = !root.has("auths") && !root.has("credHelpers") && !root.has("credsStore");
        (old ? root : root.path("auths")).properties().forEach(p -> read(p.getKey(), p.getValue()));
        // The longest path is the nearest; among equals a whole name goes before a pattern.
        entries.sort(Comparator.comparingInt((Entry entry) -> -entry.path.length())
                .thenComparing(entry -> entry.host.contains("*")));
    }

    /** Reads a file, or what a folder holds under one of the usual names. */
    static DockerConfig read(Path place, CredentialProgram.Runner runner) {
        Path file = find(place);
        try {
            JsonNode root = Json.MAPPER.readTree(Files.readAllBytes(file));
            if (root == null || !root.isObject()) {
                throw new IOException("it holds no JSON object");
            }
            return new DockerConfig(file, root, runner);
        } catch (IOException | IllegalArgumentException e) {
            // Jackson's messages quote the text, which may be a secret: only the place is told.
            String where =
                    e instanceof com.fasterxml.jackson.core.JsonProcessingException json && json.getLocation() != null
                            ? "not JSON at line " + json.getLocation().getLineNr()
                            : String.valueOf(e.getMessage());
            throw RegistryException.configuration(
                    "the docker config " + file + " cannot be read: " + where,
                    "It must look like {\"auths\": {\"registry.example\": {\"auth\": \"<base64 of user:password>\"}}}",
                    e instanceof com.fasterxml.jackson.core.JsonProcessingException ? null : e);
        }
    }

    private static Path find(Path place) {
        if (!Files.isDirectory(place)) {
            return place;
        }
        return NAMES.stream()
                .map(place::resolve)
                .filter(Files::isRegularFile)
                .findFirst()
                .orElseThrow(() -> RegistryException.configuration(
                        "the folder " + place + " holds no docker config",
                        "One of " + String.join(", ", NAMES) + " was looked for",
                        null));
    }

    private void read(String key, JsonNode value) {
        String name = key.equals(HUB_KEY) ? "docker.io" : strip(key);
        int slash = name.indexOf('/');
        String host = canonical(slash < 0 ? name : name.substring(0, slash));
        String path = slash < 0 ? "" : name.substring(slash + 1);
        Credential credential = credential(key, value);
        if (credential != null) {
            entries.add(new Entry(host, path, credential));
        }
    }

    private @Nullable Credential credential(String key, JsonNode value) {
        String source = file + " (" + key + ")";
        String registryToken = text(value, "registrytoken");
        String identityToken = text(value, "identitytoken");
        String user = text(value, "username");
        String password = text(value, "password");
        String auth = text(value, "auth");
        if (registryToken != null) {
            return new Credential.RegistryToken(registryToken, source);
        }
        if (identityToken != null) {
            return new Credential.IdentityToken(identityToken, source);
        }
        if (auth != null) {
            String pair = decode(auth, key);
            int colon = pair.indexOf(':'); // a password may hold colons, a user's name may not
            if (colon <= 0) {
                throw new IllegalArgumentException(
                        "\"auth\" of " + key + " is not the base64 of user:password, for it holds no colon");
            }
            user = pair.substring(0, colon);
            password = pair.substring(colon + 1).replaceFirst("\0+$", "");
        }
        if (user == null || password == null) {
            return null; // an empty entry: docker leaves it where a credentials program keeps the secret
        }
        return CredentialProgram.TOKEN_USER.equals(user)
                ? new Credential.IdentityToken(password, source)
                : new Credential.Password(user, password, source);
    }

    private static String decode(String auth, String key) {
        try {
            return new String(Base64.getMimeDecoder().decode(auth.strip()), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("\"auth\" of " + key + " is no base64", e);
        }
    }

    /** All credentials for a repository, the nearest first. */
    List<Credential> find(String host, String repository) {
        List<Credential> found = new ArrayList<>();
        program(host).ifPresent(found::add);
        for (Entry entry : entries) {
            if (matchesHost(entry.host, host) && matchesPath(entry.path, repository)) {
                found.add(entry.credential);
            }
        }
        return found;
    }

    private Optional<Credential> program(String host) {
        String name = programs.getOrDefault(host, store);
        if (name == null || name.isEmpty()) {
            return Optional.empty();
        }
        return new CredentialProgram(name, runner).get(host.equals("docker.io") ? HUB_KEY : host);
    }

    private static boolean matchesHost(String pattern, String host) {
        if (!pattern.contains("*")) {
            return pattern.equals(host);
        }
        StringBuilder regex = new StringBuilder();
        for (String literal : pattern.split("\\*", -1)) {
            regex.append(regex.isEmpty() ? "" : "[^.:]*").append(java.util.regex.Pattern.quote(literal));
        }
        return host.matches(regex.toString());
    }

    private static boolean matchesPath(String path, String repository) {
        return path.isEmpty() || repository.equals(path) || repository.startsWith(path + "/");
    }

    private static String strip(String key) {
        return key.replaceFirst("^https?://", "").replaceFirst("/v[12]/?$", "").replaceFirst("/+$", "");
    }

    private static String host(String key) {
        return canonical(strip(key).replaceFirst("/.*", ""));
    }

    private static String canonical(String host) {
        return switch (host.toLowerCase(Locale.ROOT)) {
            case "index.docker.io", "registry-1.docker.io", "docker.io" -> "docker.io";
            default -> host;
        };
    }

    private static @Nullable String text(JsonNode node, String member) {
        String text = node.path(member).asText("");
        return text.isEmpty() ? null : text;
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
