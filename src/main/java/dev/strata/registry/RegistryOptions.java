package dev.strata.registry;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How to reach registries.
 *
 * @param mirrors host to the base URL that is asked first when something is read; {@code *} stands for every host that
 *     has no entry of its own, and then there is no fall-back. A path of the URL is put before the repository.
 * @param plainHttp hosts ({@code host} or {@code host:port}) that are spoken to without TLS; loopback addresses need
 *     not be named
 * @param dockerConfigs files with docker's {@code config.json}, or folders that hold {@code config.json},
 *     {@code .dockerconfigjson} or {@code .dockercfg}; all that fit a host are tried, in this order
 * @param caBundle PEM file with further authorities; null is the system's only
 * @param certificates folder with a folder for each {@code host} or {@code host:port}, holding {@code *.crt}
 *     (authorities) and pairs of {@code *.cert} and {@code *.key}, as docker's {@code certs.d} has them; null for none
 * @param requestsPerHost how many requests to one host may be in flight at once
 * @param patience how long to wait while no byte moves before a connection is given up
 */
public record RegistryOptions(
        SortedMap<String, String> mirrors,
        List<String> plainHttp,
        List<Path> dockerConfigs,
        @Nullable Path caBundle,
        @Nullable Path certificates,
        int requestsPerHost,
        Duration patience) {
    public static final RegistryOptions DEFAULT =
            new RegistryOptions(Collections.emptySortedMap(), List.of(), List.of(), null);

    public RegistryOptions {
        mirrors = Collections.unmodifiableSortedMap(new TreeMap<>(mirrors));
        plainHttp = List.copyOf(plainHttp);
        dockerConfigs = List.copyOf(dockerConfigs);
        if (requestsPerHost < 1) {
            throw new IllegalArgumentException("at least one request per host must be allowed, not " + requestsPerHost);
        }
    }

    public RegistryOptions(
            SortedMap<String, String> mirrors,
            List<String> plainHttp,
            List<Path> dockerConfigs,
            @Nullable Path caBundle) {
        this(mirrors, plainHttp, dockerConfigs, caBundle, null, 8, Duration.ofSeconds(60));
    }

    public RegistryOptions withDockerConfigs(List<Path> newConfigs) {
        return new RegistryOptions(mirrors, plainHttp, newConfigs, caBundle, certificates, requestsPerHost, patience);
    }

    public RegistryOptions withMirrors(SortedMap<String, String> newMirrors) {
        return new RegistryOptions(
                newMirrors, plainHttp, dockerConfigs, caBundle, certificates, requestsPerHost, patience);
    }

    public RegistryOptions withCertificates(@Nullable Path newCertificates) {
        return new RegistryOptions(
                mirrors, plainHttp, dockerConfigs, caBundle, newCertificates, requestsPerHost, patience);
    }

    public RegistryOptions withRequestsPerHost(int newLimit) {
        return new RegistryOptions(mirrors, plainHttp, dockerConfigs, caBundle, certificates, newLimit, patience);
    }

    public RegistryOptions withPatience(Duration newPatience) {
        return new RegistryOptions(
                mirrors, plainHttp, dockerConfigs, caBundle, certificates, requestsPerHost, newPatience);
    }
}
