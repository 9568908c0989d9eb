package dev.strata.operator;

import dev.strata.api.ImageBuild;
import dev.strata.image.Reference;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The last good image where other tools look for values: Kustomize's replacements, Flux' substitutions, a pod's
 * environment. Made only where {@code spec.output.configMap} names it.
 */
final class DigestConfigMap {
    private DigestConfigMap() {}

    /**
     * What shall be there.
     *
     * @param image by digest; null before the first one
     */
    static Optional<ConfigMap> of(ImageBuild build, @org.jspecify.annotations.Nullable String image) {
        if (image == null
                || build.getSpec() == null
                || build.getSpec().output() == null
                || build.getSpec().output().configMap() == null) {
            return Optional.empty();
        }
        Reference reference = Reference.parse(image);
        return Optional.of(new ConfigMapBuilder()
                .withNewMetadata()
                .withName(build.getSpec().output().configMap())
                .withNamespace(build.getMetadata().getNamespace())
                .withLabels(new TreeMap<>(Map.of(
                        PodLabels.MANAGED_BY,
                        PodLabels.STRATA,
                        PodLabels.BUILD,
                        PodLabels.buildLabel(build.getMetadata().getName()))))
                .withOwnerReferences(DesiredPod.owner(build))
                .endMetadata()
                .withData(new TreeMap<>(Map.of(
                        "image", image,
                        "repository", reference.repository(),
                        "digest", String.valueOf(reference.digest()))))
                .build());
    }

    /** Whether both have an owner in common. */
    static boolean isOf(HasMetadata found, HasMetadata wanted) {
        return wanted.getMetadata().getOwnerReferences().stream()
                .map(OwnerReference::getUid)
                .anyMatch(uid -> found.getMetadata().getOwnerReferences().stream()
                        .anyMatch(owner -> owner.getUid().equals(uid)));
    }
}
