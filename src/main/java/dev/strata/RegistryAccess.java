package dev.strata;

import dev.strata.plan.Plan;
import dev.strata.registry.RegistryOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say how to reach registries; every command that does has them by {@code @Mixin}. */
final class RegistryAccess {
    private static final Path SYSTEM_CERTIFICATES = Path.of("/etc/docker/certs.d");

    private final Map<String, String> environment;

    @Option(
            names = "--registry-mirror",
            paramLabel = "[HOST=]URL",
            description = "Read from there first: a host's images, or without a host all images and then only from"
                    + " there; may be repeated; default: $STRATA_REGISTRY_MIRROR (several by commas).")
    private List<String> mirrors = new ArrayList<>();

    @Option(
            names = "--plain-http",
            paramLabel = "HOST[:PORT]",
            description = "A registry without TLS; may be repeated; loopback addresses need not be named;"
                    + " default: $STRATA_PLAIN_HTTP (several by commas).")
    private List<String> plainHttp = new ArrayList<>();

    @Option(
            names = "--docker-config",
            paramLabel = "PATH",
            description = "Folder or file with docker's config.json, for logging in; may be repeated; default:"
                    + " $DOCKER_CONFIG, $REGISTRY_AUTH_FILE, or ~/.docker.")
    private List<Path> dockerConfigs = new ArrayList<>();

    @Option(
            names = "--ca-bundle",
            paramLabel = "FILE",
            description = "Further authorities for TLS, in PEM form; default: $SSL_CERT_FILE.")
    private @Nullable Path caBundle;

    @Option(
            names = "--certs-dir",
            paramLabel = "FOLDER",
            description = "Certificates by registry, as docker has them in /etc/docker/certs.d, which is the default.")
    private @Nullable Path certificates;

    RegistryAccess() {
        this(System.getenv());
    }

    RegistryAccess(Map<String, String> environment) {
        this.environment = environment;
    }

    /** The options as a plan has them. */
    Plan.Registries registries() {
        Path authorities = authorities();
        return new Plan.Registries(
                mirrors(),
                given(plainHttp, "STRATA_PLAIN_HTTP"),
                dockerConfigs().stream().map(Path::toString).toList(),
                authorities == null ? null : authorities.toString());
    }

    /** The options as the client has them. */
    RegistryOptions options() {
        Path own = certificates != null
                ? certificates
                : Files.isDirectory(SYSTEM_CERTIFICATES) ? SYSTEM_CERTIFICATES : null;
        return new RegistryOptions(mirrors(), given(plainHttp, "STRATA_PLAIN_HTTP"), dockerConfigs(), authorities())
                .withCertificates(own);
    }

    private SortedMap<String, String> mirrors() {
        SortedMap<String, String> map = new TreeMap<>();
        for (String mirror : given(mirrors, "STRATA_REGISTRY_MIRROR")) {
            int equals = mirror.indexOf('=');
            map.put(equals < 0 ? "*" : mirror.substring(0, equals), mirror.substring(equals + 1));
        }
        return map;
    }

    private List<String> given(List<String> options, String variable) {
        if (!options.isEmpty()) {
            return options;
        }
        return Arrays.stream(environment.getOrDefault(variable, "").split(","))
                .map(String::strip)
                .filter(text -> !text.isEmpty())
                .toList();
    }

    private List<Path> dockerConfigs() {
        if (!dockerConfigs.isEmpty()) {
            return dockerConfigs;
        }
        String folder = environment.getOrDefault("DOCKER_CONFIG", "");
        Path home = Path.of(environment.getOrDefault("HOME", "/"), ".docker");
        Path docker = (folder.isEmpty() ? home : Path.of(folder)).resolve("config.json");
        return Stream.of(docker, path("REGISTRY_AUTH_FILE"))
                .filter(Objects::nonNull)
                .filter(Files::isRegularFile)
                .toList();
    }

    private @Nullable Path authorities() {
        return caBundle != null ? caBundle : path("SSL_CERT_FILE");
    }

    private @Nullable Path path(String variable) {
        String text = environment.getOrDefault(variable, "");
        return text.isEmpty() ? null : Path.of(text);
    }
}
