package dev.strata.operator;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.strata.api.ImageBuildSpec;
import dev.strata.api.ImageBuildStatus.Found;
import dev.strata.image.Digest;
import dev.strata.image.Json;
import dev.strata.image.Platform;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Secret;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The hash of a build's inputs: over everything that can change the image or its place, and nothing else: not the class,
 * not resources, not time-outs, not the cache.
 *
 * <p>The bytes are those of the spec and not of the plan, so that a new version of Strata does not build everything anew.
 */
final class InputsHash {
    private InputsHash() {}

    /**
     * Computes the hash, written {@code sha256:…}.
     *
     * @param args whose values were read
     * @param platform of a build that names none
     * @param configMaps whose files are part of a context
     * @param secrets digests of the secrets that RUN may read, by what the spec calls them
     * @param rebuild the token that asks for a rebuild; null for none
     * @param found what look-ups found beside the spec
     */
    static String of(
            ImageBuildSpec spec,
            SequencedMap<String, @Nullable String> args,
            Platform platform,
            List<ConfigMap> configMaps,
            SortedMap<String, String> secrets,
            @Nullable String rebuild,
            Found found) {
        SortedMap<String, String> digests = new TreeMap<>();
        configMaps.forEach(map -> digests.put(map.getMetadata().getName(), digest(map)));
        Found moved = found.equals(Found.NOTHING) ? null : found;
        return Digest.sha256(Json.bytes(new Hashed(deciding(spec, platform), args, digests, secrets, rebuild, moved)))
                .toString();
    }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    private record Hashed(
            ImageBuildSpec spec,
            SequencedMap<String, @Nullable String> args,
            SortedMap<String, String> configMaps,
            SortedMap<String, String> secrets,
            @Nullable String rebuild,
            @Nullable Found found) {}

    /** Where the digest is told besides is no matter of the image. */
    private static ImageBuildSpec.@Nullable Output deciding(ImageBuildSpec.@Nullable Output output) {
        return output == null
                ? null
                : new ImageBuildSpec.Output(
                        output.image(),
                        output.tags(),
                        output.labels(),
                        output.annotations(),
                        output.compression(),
                        output.compressionLevel(),
                        null);
    }

    /** The part of a spec that decides. */
    private static ImageBuildSpec deciding(ImageBuildSpec spec, Platform platform) {
        return new ImageBuildSpec(
                spec.source(),
                spec.dockerfile(),
                spec.target(),
                List.of(),
                spec.contexts(),
                spec.secrets(),
                spec.ssh(),
                spec.platforms().isEmpty() ? List.of(platform.toString()) : spec.platforms(),
                spec.allowMissing(),
                deciding(spec.output()),
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                spec.reproducible(),
                null);
    }

    /**
     * A digest of one value of a secret. The secret's uid, which only its readers know, is hashed with it, so that nobody
     * who sees a status can try passwords on it.
     */
    static String digest(Secret secret, String key) {
        String value = secret.getData() == null ? null : secret.getData().get(key);
        return Digest.sha256(
                        Json.bytes(List.of(String.valueOf(secret.getMetadata().getUid()), value == null ? "" : value)))
                .toString();
    }

    static String digest(ConfigMap map) {
        Map<String, Map<String, String>> content = new TreeMap<>();
        content.put("data", sorted(map.getData()));
        content.put("binaryData", sorted(map.getBinaryData()));
        return Digest.sha256(Json.bytes(content)).toString();
    }

    private static Map<String, String> sorted(@Nullable Map<String, String> map) {
        return map == null ? Map.of() : new TreeMap<>(map);
    }
}
