package dev.strata.operator;

import dev.strata.api.BuildClassSpec;
import dev.strata.api.Source;
import dev.strata.context.Git;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryOptions;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.Secret;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Registries and git servers, as a build's own credentials and its class's settings open them: to look, and to give a
 * pushed image its names. Content is never fetched here. Credentials are read when they are needed, lie in a folder of
 * this process alone while a call goes on, and are kept nowhere.
 */
final class Outside {
    private final Cluster cluster;
    private final Path scratch;

    /** @param scratch a folder for credentials while they are used; made when absent */
    Outside(Cluster cluster, Path scratch) {
        this.cluster = cluster;
        this.scratch = scratch;
    }

    /**
     * What a build may use.
     *
     * @param pullSecrets names of secrets in the namespace; those that do not exist are passed over, as pods do
     * @param caBundle PEM text; null where there is none
     */
    record Access(
            String namespace,
            SortedMap<String, String> mirrors,
            List<String> plainHttp,
            @Nullable String caBundle,
            List<String> pullSecrets) {
        static Access of(Gathered gathered) {
            BuildClassSpec settings =
                    gathered.buildClass() == null ? null : gathered.buildClass().getSpec();
            BuildClassSpec.Registries registries = settings == null ? null : settings.registries();
            return new Access(
                    gathered.build().getMetadata().getNamespace(),
                    new TreeMap<>(registries == null ? Map.of() : registries.mirrors()),
                    registries == null ? List.of() : registries.plainHttp(),
                    registries == null ? null : registries.caBundle(),
                    gathered.serviceAccount() == null
                            ? List.of()
                            : gathered.serviceAccount().getImagePullSecrets().stream()
                                    .map(LocalObjectReference::getName)
                                    .toList());
        }
    }

    /** Speaks to registries; whatever they refuse is a {@link dev.strata.registry.RegistryException}. */
    <T> T registries(Access access, Function<Registry, T> call) {
        return registries(access, (registry, folder) -> call.apply(registry));
    }

    /** The same, with a folder for small documents on their way. */
    <T> T registries(Access access, BiFunction<Registry, Path, T> call) {
        return inScratch(folder -> {
            List<Path> configs = new ArrayList<>();
            for (String name : access.pullSecrets()) {
                cluster.secret(access.namespace(), name)
                        .ifPresent(secret -> configs.add(write(secret, folder.resolve("config" + configs.size()))));
            }
            RegistryOptions options = new RegistryOptions(
                    access.mirrors(), access.plainHttp(), configs, caBundle(access.caBundle(), folder));
            try (Registry registry = new Registry(options)) {
                return call.apply(registry, folder);
            }
        });
    }

    /** What a repository's names stand for; {@link dev.strata.context.ContextException} says why that cannot be had. */
    SortedMap<String, String> references(Access access, String url, Source.@Nullable SecretName secret) {
        return inScratch(folder -> {
            Path credentials = null;
            if (secret != null && secret.name() != null) {
                Secret found = cluster.secret(access.namespace(), secret.name())
                        .orElseThrow(() -> new IllegalStateException("there is no secret \"" + secret.name()
                                + "\" in the namespace, which the source's secretRef names"));
                credentials = write(found, folder.resolve("git"));
            }
            return new Git(folder.resolve("scratch"), caBundle(access.caBundle(), folder)).references(url, credentials);
        });
    }

    private <T> T inScratch(Function<Path, T> work) {
        Path folder = null;
        try {
            Files.createDirectories(scratch);
            folder = Files.createTempDirectory(scratch, "outside"); // for this user only
            return work.apply(folder);
        } catch (IOException e) {
            throw new UncheckedIOException("the operator's own disk cannot be written", e);
        } finally {
            if (folder != null) {
                delete(folder);
            }
        }
    }

    private static Path write(Secret secret, Path folder) {
        try {
            Files.createDirectory(folder);
            Map<String, String> data = Optional.ofNullable(secret.getData()).orElse(Map.of());
            for (Map.Entry<String, String> entry : data.entrySet()) {
                if (entry.getKey().matches("[-._a-zA-Z0-9]+") && !entry.getKey().startsWith("..")) {
                    Files.write(
                            folder.resolve(entry.getKey()), Base64.getDecoder().decode(entry.getValue()));
                }
            }
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException("the operator's own disk cannot be written", e);
        }
    }

    private static @Nullable Path caBundle(@Nullable String text, Path folder) {
        if (text == null) {
            return null;
        }
        try {
            return Files.writeString(folder.resolve("ca.crt"), text, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("the operator's own disk cannot be written", e);
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("credentials were left in " + folder, e);
        }
    }
}
