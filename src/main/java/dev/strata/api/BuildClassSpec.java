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
import java.util.List;
import java.util.Map;
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

        @JsonPropertyDescription("How builders reach registries.") @Nullable
        Registries registries,

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

        @JsonPropertyDescription("Resources and place of builder pods; a build's own pod settings come over these.")
        @Nullable
        PodSettings pod,

        @Min(0)
        @Max(100)
        @Default("10")
        @JsonPropertyDescription("How many finished builds each resource's history keeps.")
        @Nullable
        Integer historyLimit) {

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

    public record RetryDefault(
            @Required
            @Min(0)
            @Max(15)
            @JsonPropertyDescription(
                    "How many further attempts follow a failure of the network, a registry or the cluster.")
            @Nullable
            Integer limit) {}
}
