package dev.strata.operator;

import dev.strata.api.BuildClass;
import dev.strata.api.ImageBuild;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The objects that a build names, as they were read; nothing is judged yet.
 *
 * @param configMaps by name; a name without an object is missing from the map
 * @param secrets those of {@code RUN --mount=type=secret}, likewise
 */
record Gathered(
        ImageBuild build,
        @Nullable BuildClass buildClass,
        @Nullable ServiceAccount serviceAccount,
        Map<String, ConfigMap> configMaps,
        Map<String, Secret> secrets) {}
