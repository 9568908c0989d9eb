package dev.strata.registry;

import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Everything that was given to log in with: for a repository, the credentials to try, in order. */
final class Credentials {
    private final List<DockerConfig> configs;
    private final Map<String, List<Credential>> found = new ConcurrentHashMap<>();

    Credentials(List<Path> places, CredentialProgram.Runner runner) {
        this.configs =
                places.stream().map(place -> DockerConfig.read(place, runner)).toList();
    }

    List<Credential> find(String host, String repository) {
        return found.computeIfAbsent(host + "/" + repository, key -> {
            Set<Credential> all = new LinkedHashSet<>();
            configs.forEach(config -> all.addAll(config.find(host, repository)));
            return List.copyOf(all);
        });
    }

    /** Where was looked, for messages. */
    String places() {
        return configs.isEmpty()
                ? "no docker config was given"
                : "looked in "
                        + String.join(
                                ", ",
                                configs.stream().map(DockerConfig::toString).toList());
    }
}
