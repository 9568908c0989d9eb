package dev.strata.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** How builds of one class run. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record BuildClassSpec(
        @Default("auto")
        @JsonPropertyDescription(
                "How builder pods are kept apart from the node. auto: userNamespace, and none where the namespace enforces the restricted pod security level. userNamespace: nested user namespaces without any added capability. sysAdmin: SYS_ADMIN inside the pod's user namespace, for nodes with a strict default seccomp profile. privileged: a privileged pod in a user namespace. none: the restricted level; builds with RUN are refused.")
        @Nullable
        Isolation isolation,

        @Size(min = 1, max = 512)
        @JsonPropertyDescription("The image of builder pods. The operator's own where it is left out.")
        @Nullable
        String builderImage,

        @Pattern("^(Always|IfNotPresent|Never)$")
        @JsonPropertyDescription("When nodes pull that image: Always, IfNotPresent or Never.")
        @Nullable
        String builderImagePullPolicy,

        @JsonPropertyDescription(
                "What builds may name. A spec that names anything else is refused, at admission where it can be.")
        @Nullable
        Allowed allowed,

        @JsonPropertyDescription(
                "The most that a build may ask for itself. What the class gives by default is cut to it.")
        @Nullable
        Maximum maximum,

        @JsonPropertyDescription("How builders reach registries.") @Nullable
        Registries registries,

        @JsonPropertyDescription(
                "The proxies that builders and RUN commands use. They are part of no image and of no cache key.")
        @Nullable
        Proxy proxy,

        @JsonPropertyDescription("Where finished steps are kept where the build says nothing itself.") @Nullable
        CacheDefault cache,

        @Size(max = 32)
        @Pattern("^([0-9]+(h|m|s))+$")
        @ValidationRule(
                value = "duration(self) >= duration('1s')",
                message = "a timeout must be at least a second, such as 30m or 1h30m")
        @Default("1h")
        @JsonPropertyDescription("How long one attempt may take where the build says nothing itself.")
        @Nullable
        String timeout,

        @JsonPropertyDescription("How often builds are tried again where they say nothing themselves.") @Nullable
        RetryDefault retry,

        @JsonPropertyDescription(
                "How builder pods look and where they run; a build's own pod settings come over these.")
        @Nullable
        PodTemplate pod,

        @Size(max = 16)
        @JsonPropertyDescription(
                "Which nodes build for which platform, where their labels kubernetes.io/os and kubernetes.io/arch do not say it.")
        List<PlatformNodes> platforms,

        @JsonPropertyDescription("How many builder pods of this class may be there at once; further ones wait.")
        @Nullable
        Concurrency concurrency,

        @Min(-100)
        @Max(100)
        @Default("0")
        @JsonPropertyDescription(
                "Which of a namespace's waiting builds is started first where the build says nothing itself: the higher one.")
        @Nullable
        Integer priority,

        @JsonPropertyDescription("How long the pods of builds that are over stay, for their logs.") @Nullable
        KeepPods keepPods,

        @JsonPropertyDescription("What RUN commands are held to, and what of them outlives the pod.") @Nullable
        Run run,

        @Min(0)
        @Max(100)
        @Default("10")
        @JsonPropertyDescription("How many finished builds each resource's history keeps.")
        @Nullable
        Integer historyLimit) {

    /** A class that decides nothing. */
    public static final BuildClassSpec NONE = new BuildClassSpec(
            null, null, null, null, null, null, null, null, null, null, null, List.of(), null, null, null, null, null);

    public BuildClassSpec {
        platforms = platforms == null ? List.of() : List.copyOf(platforms);
    }

    /** How a builder pod is kept apart from its node. */
    public enum Isolation {
        @JsonProperty("auto")
        AUTO,
        @JsonProperty("userNamespace")
        USER_NAMESPACE,
        @JsonProperty("sysAdmin")
        SYS_ADMIN,
        @JsonProperty("privileged")
        PRIVILEGED,
        @JsonProperty("none")
        NONE;

        /** As users and the builder's environment variable write it. */
        public String word() {
            return switch (this) {
                case AUTO -> "auto";
                case USER_NAMESPACE -> "userNamespace";
                case SYS_ADMIN -> "sysAdmin";
                case PRIVILEGED -> "privileged";
                case NONE -> "none";
            };
        }
    }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Registries(
            @JsonPropertyDescription(
                    "From a registry's host (docker.io, ghcr.io:443) to the base URL that is asked first, such as http://mirror.example:5000. The key * stands for every host and has no fall-back.")
            Map<String, String> mirrors,

            @Size(max = 64) @JsonPropertyDescription("Hosts, with their port, that are spoken to without TLS.")
            List<String> plainHttp,

            @Size(max = 262144)
            @JsonPropertyDescription("Further certificate authorities for registries, in PEM.")
            @Nullable
            String caBundle) {
        public Registries {
            mirrors = mirrors == null ? Map.of() : Map.copyOf(mirrors);
            plainHttp = plainHttp == null ? List.of() : List.copyOf(plainHttp);
        }
    }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Allowed(
            @Size(max = 64)
            @JsonPropertyDescription(
                    "Beginnings of the repositories that images and caches may go to, up to a slash: registry.example/team-a allows registry.example/team-a/shop. {namespace} stands for the build's namespace. Every repository where the list is empty.")
            List<@Size(min = 1, max = 512) String> registries,

            @Size(max = 64)
            @JsonPropertyDescription(
                    "Beginnings of the URLs and image names that sources and contexts may come from, up to a slash or colon: https://git.example/team-a. {namespace} stands for the build's namespace. Every source where the list is empty.")
            List<@Size(min = 1, max = 512) String> sources,

            @Size(max = 3)
            @JsonPropertyDescription(
                    "The pod settings that a build may give itself: resources, nodeSelector, tolerations. All of them where the list is left out.")
            @Nullable
            List<@Pattern("^(resources|nodeSelector|tolerations)$") String> podSettings) {
        public Allowed {
            registries = registries == null ? List.of() : List.copyOf(registries);
            sources = sources == null ? List.of() : List.copyOf(sources);
            podSettings = podSettings == null ? null : List.copyOf(podSettings);
        }
    }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Maximum(
            @ValidationRule(
                    value = "self.all(name, name in ['cpu', 'memory', 'ephemeral-storage'])",
                    message = "only cpu, memory and ephemeral-storage have a maximum")
            @Size(max = 3)
            @JsonPropertyDescription(
                    "The most cpu, memory and ephemeral-storage of a builder. It is the limit where nobody gives one.")
            Map<String, Quantity> resources,

            @Size(max = 32)
            @Pattern("^([0-9]+(h|m|s))+$")
            @JsonPropertyDescription("The longest timeout, such as 2h.")
            @Nullable
            String timeout,

            @Min(0) @Max(15) @JsonPropertyDescription("The highest retry limit.") @Nullable
            Integer retries,

            @JsonPropertyDescription(
                    "How much one source, one archive of ADD or one layer of a base may unpack to, such as 100Gi; 64Gi where it is left out.")
            @Nullable
            Quantity unpackedSize,

            @Min(1)
            @JsonPropertyDescription(
                    "How many files, folders and links one of these may hold; 1000000 where it is left out.")
            @Nullable
            Long unpackedFiles) {
        public Maximum {
            resources = resources == null ? Map.of() : Collections.unmodifiableSortedMap(new TreeMap<>(resources));
        }
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Proxy(
            @Size(max = 2048)
            @JsonPropertyDescription("The URL of the proxy for http, such as http://proxy.example:3128.")
            @Nullable
            String http,

            @Size(max = 2048) @JsonPropertyDescription("The URL of the proxy for https.") @Nullable
            String https,

            @Size(max = 4096)
            @JsonPropertyDescription(
                    "Hosts, domains and networks that are reached without a proxy, with commas between them.")
            @Nullable
            String noProxy) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record CacheDefault(
            @Size(min = 1, max = 512)
            @JsonPropertyDescription(
                    "The repository that keeps the steps; {namespace} and {name} stand for the build's, such as registry.example/cache/{namespace}. Builds with the same repository share their steps.")
            @Nullable
            String image,

            @Size(min = 1, max = 512)
            @JsonPropertyDescription(
                    "A further repository that is read and never written: that of builds which are trusted more than those of this class. {namespace} and {name} stand for the build's.")
            @Nullable
            String trusted,

            @Size(max = 32)
            @Pattern("^([0-9]+(h|m|s))+$")
            @JsonPropertyDescription(
                    "The age from which a kept step is no longer taken, such as 168h; never where it is left out.")
            @Nullable
            String maxAge,

            @JsonPropertyDescription(
                    "What is removed from that repository: by builders after a build, and where nothing is built by a pod that the operator makes; nothing where it is left out.")
            @Nullable
            CleanUp cleanUp,

            @JsonPropertyDescription(
                    "A volume that is asked before the repository, and keeps layers nearer; none where it is left out.")
            @Nullable
            CacheVolume volume) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record CacheVolume(
            @Required
            @Size(min = 1, max = 253)
            @JsonPropertyDescription(
                    "A claim in the build's namespace, which its builds of this class with the same cache repository share. Builds on several nodes need one that many nodes may write to.")
            @Nullable
            String persistentVolumeClaim,

            @Default("20Gi")
            @JsonPropertyDescription(
                    "Bytes that stay there after a build, those of the newest steps and layers. Each cache repository has as many.")
            @Nullable
            Quantity keepBytes) {}

    @ValidationRule(
            value = "has(self.olderThan) || has(self.keepBytes)",
            message = "a clean-up needs olderThan or keepBytes")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record CleanUp(
            @Size(max = 32)
            @Pattern("^([0-9]+(h|m|s))+$")
            @JsonPropertyDescription(
                    "Steps that no build has used for longer are removed, such as 720h, unless something newer needs them.")
            @Nullable
            String olderThan,

            @JsonPropertyDescription("Bytes of layers that stay, those of the newest steps, such as 50Gi.") @Nullable
            Quantity keepBytes,

            @Size(max = 32)
            @Pattern("^([0-9]+(h|m|s))+$")
            @Default("24h")
            @JsonPropertyDescription("The time between two clean-ups of one repository.")
            @Nullable
            String interval) {}

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record PlatformNodes(
            @Required
            @Size(max = 64)
            @Pattern("^[a-z0-9]+/[a-z0-9_]+(/v[0-9]+)?$")
            @JsonPropertyDescription("The platform, such as linux/arm64.")
            @Nullable
            String platform,

            @JsonPropertyDescription(
                    "Labels of the nodes that build for it, in place of kubernetes.io/os and kubernetes.io/arch.")
            Map<String, String> nodeSelector) {
        public PlatformNodes {
            nodeSelector =
                    nodeSelector == null ? Map.of() : Collections.unmodifiableSortedMap(new TreeMap<>(nodeSelector));
        }
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Concurrency(
            @Min(1) @Max(10000) @JsonPropertyDescription("In one namespace. No limit where it is left out.") @Nullable
            Integer perNamespace,

            @Min(1)
            @Max(10000)
            @JsonPropertyDescription("In all namespaces together. No limit where it is left out.")
            @Nullable
            Integer total) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record KeepPods(
            @Size(max = 32)
            @Pattern("^([0-9]+(h|m|s))+$")
            @Default("1h")
            @JsonPropertyDescription("Those that succeeded, such as 1h.")
            @Nullable
            String succeeded,

            @Size(max = 32)
            @Pattern("^([0-9]+(h|m|s))+$")
            @Default("24h")
            @JsonPropertyDescription("Those that failed, such as 24h.")
            @Nullable
            String failed) {}

    public record RetryDefault(
            @Required
            @Min(0)
            @Max(15)
            @JsonPropertyDescription(
                    "How many further attempts follow a failure of the network, a registry or the cluster.")
            @Nullable
            Integer limit) {}

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Run(
            @Min(256)
            @Max(1048576)
            @JsonPropertyDescription(
                    "The most processes and threads that one user of RUN commands may have at once, the builder's own (about a hundred) among those of root; all users together may have twice as many. Left out, there is no bound but the node's.")
            @Nullable
            Integer processes,

            @JsonPropertyDescription(
                    "Where the folders of RUN --mount=type=cache outlive the builder pod. Left out, they end with it.")
            @Nullable
            CacheMounts cacheMounts) {}

    /** Where cache mounts are kept: exactly one of the kinds. */
    @ValidationRule(
            value = "has(self.persistentVolumeClaim) != has(self.registry)",
            message = "exactly one of persistentVolumeClaim and registry must be given")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record CacheMounts(
            @Size(min = 1, max = 253)
            @JsonPropertyDescription(
                    "A claim in the build's namespace, which all of its builds share. Builds on several nodes need one that many nodes may write to.")
            @Nullable
            String persistentVolumeClaim,

            @JsonPropertyDescription(
                    "The build's cache repository: each folder is taken from there before its first use, and brought there after the build if it has changed. Builds of one namespace with the same repository share folders.")
            @Nullable
            CacheMountsRegistry registry) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record CacheMountsRegistry(
            @Default("2Gi")
            @JsonPropertyDescription("The most that the files of one folder may take. A larger one is not kept.")
            @Nullable
            Quantity maxSize) {}
}
