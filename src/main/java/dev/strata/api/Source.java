package dev.strata.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import org.jspecify.annotations.Nullable;

/** Where a build context comes from: exactly one of the kinds. */
@ValidationRule(
        value = "[has(self.git), has(self.http), has(self.oci), has(self.configMap)].exists_one(x, x)",
        message = "exactly one of git, http, oci and configMap must be given")
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Source(
        @JsonPropertyDescription("A git repository.") @Nullable
        Git git,

        @JsonPropertyDescription("A tar archive behind a URL, perhaps compressed.") @Nullable
        Http http,

        @JsonPropertyDescription("The files of an image or artifact in a registry.") @Nullable
        Oci oci,

        @JsonPropertyDescription("A ConfigMap in the build's namespace; every key is a file in the context's root.")
        @Nullable
        ConfigMapSource configMap) {

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Git(
            @Required
            @Size(max = 2048)
            @Pattern("^(https?|ssh)://[^\\s]+$")
            @JsonPropertyDescription("The repository, such as https://git.example/team/shop.git.")
            @Nullable
            String url,

            @Size(min = 1, max = 256)
            @Pattern("^[^-\\s][^\\s]*$")
            @JsonPropertyDescription("A branch, a tag or a commit. The remote's default branch where it is left out.")
            @Nullable
            String revision,

            @Size(max = 1024)
            @JsonPropertyDescription(
                    "The folder inside the repository that is the build context. The root where it is left out.")
            @Nullable
            String subPath,

            @JsonPropertyDescription("Whether submodules are fetched, too.") @Nullable
            Boolean submodules,

            @JsonPropertyDescription(
                    "A secret in the build's namespace with the keys username and password (type kubernetes.io/basic-auth), or ssh-privatekey and known_hosts.")
            @Nullable
            SecretName secretRef) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Http(
            @Required
            @Size(max = 2048)
            @Pattern("^https?://[^\\s]+$")
            @JsonPropertyDescription("Where the archive is, such as https://files.example/shop-1.2.tar.gz.")
            @Nullable
            String url,

            @Pattern("^[a-f0-9]{64}$")
            @JsonPropertyDescription(
                    "The SHA-256 that the bytes must have, in 64 hexadecimal digits. Not checked where it is left out.")
            @Nullable
            String sha256,

            @JsonPropertyDescription("A secret in the build's namespace with the keys username and password.") @Nullable
            SecretName secretRef) {}

    public record Oci(
            @Required
            @Size(min = 1, max = 512)
            @JsonPropertyDescription(
                    "The image or artifact, such as registry.example/team/files:1 or one pinned by @sha256:….")
            @Nullable
            String image) {}

    public record ConfigMapSource(
            @Required @Size(min = 1, max = 253) @JsonPropertyDescription("The ConfigMap's name.") @Nullable
            String name) {}

    public record SecretName(
            @Required @Size(min = 1, max = 253) @JsonPropertyDescription("The secret's name.") @Nullable
            String name) {}

    /** One value in a secret or a ConfigMap. */
    public record Key(
            @Required
            @Size(min = 1, max = 253)
            @JsonPropertyDescription("The name of the object, in the build's namespace.")
            @Nullable
            String name,

            @Required @Size(min = 1, max = 253) @JsonPropertyDescription("The key of the value in it.") @Nullable
            String key) {}
}
