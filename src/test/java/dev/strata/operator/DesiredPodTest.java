package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.api.BuildClass;
import dev.strata.api.BuildClassSpec.Isolation;
import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import dev.strata.image.Json;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * From what a user applies to what the operator makes of it. A case is a folder: {@code input.yaml} with the resource
 * and what it names, and {@code output.yaml} with the pod and the plan, or with what is wrong. {@code -Dgolden=write}
 * writes the outputs anew.
 */
class DesiredPodTest {
    private static final Path CASES = Path.of("src/test/resources/operator/pods");
    private static final OperatorSettings SETTINGS =
            new OperatorSettings("registry.example/strata:1", "IfNotPresent", null, Duration.ofSeconds(5));

    static Stream<String> cases() throws IOException {
        try (Stream<Path> folders = Files.list(CASES)) {
            return folders.map(folder -> folder.getFileName().toString()).sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void isWhatTheFolderSays(String name) throws IOException {
        String output = output(gathered(Files.readString(CASES.resolve(name).resolve("input.yaml"))));
        Path golden = CASES.resolve(name).resolve("output.yaml");
        if ("write".equals(System.getProperty("golden"))) {
            Files.writeString(golden, output);
        }
        assertThat(golden).hasContent(output);
    }

    static Gathered gathered(String documents) {
        List<HasMetadata> objects = new ArrayList<>();
        for (String document : documents.split("\n---\n")) {
            objects.add(Serialization.unmarshal(document, kind(document)));
        }
        ImageBuild build = only(objects, ImageBuild.class);
        build.getMetadata().setUid("2f6e1f0c-0000-4000-8000-000000000000");
        build.getMetadata().setGeneration(1L);
        Map<String, ConfigMap> configMaps = new TreeMap<>();
        each(objects, ConfigMap.class)
                .forEach(map -> configMaps.put(map.getMetadata().getName(), map));
        Map<String, Secret> secrets = new TreeMap<>();
        each(objects, Secret.class)
                .forEach(secret -> secrets.put(secret.getMetadata().getName(), secret));
        return new Gathered(
                build,
                each(objects, BuildClass.class).findFirst().orElse(null),
                each(objects, ServiceAccount.class).findFirst().orElse(null),
                configMaps,
                secrets);
    }

    private static Class<? extends HasMetadata> kind(String document) {
        return Stream.of(ImageBuild.class, BuildClass.class, ServiceAccount.class, ConfigMap.class, Secret.class)
                .filter(kind -> document.contains("kind: " + kind.getSimpleName() + "\n"))
                .findFirst()
                .orElseThrow();
    }

    private static <T> Stream<T> each(List<HasMetadata> objects, Class<T> kind) {
        return objects.stream().filter(kind::isInstance).map(kind::cast);
    }

    private static <T> T only(List<HasMetadata> objects, Class<T> kind) {
        return each(objects, kind).findFirst().orElseThrow();
    }

    private static String output(Gathered gathered) throws IOException {
        return switch (Planner.plan(gathered, ImageBuildStatus.NONE, Looked.NOWHERE, SETTINGS, Examples.NOW)) {
            case Wanted.Missing missing -> "missing: " + missing.message() + "\n";
            case Wanted.Invalid invalid -> "invalid: " + invalid.message() + "\n";
            case Wanted.Valid valid -> objects(gathered.build(), valid);
        };
    }

    private static String objects(ImageBuild build, Wanted.Valid valid) throws IOException {
        Isolation isolation = valid.pod().isolation() == Isolation.AUTO
                ? Isolation.USER_NAMESPACE
                : valid.pod().isolation();
        DesiredPod desired = new DesiredPod(
                build, valid, new Decision.Order(valid.platforms().getFirst(), 1), isolation);
        ConfigMap plan = desired.planConfigMap();
        String document = plan.getData().put("plan.json", "see below");
        return Serialization.asYaml(desired.pod()) + Serialization.asYaml(plan) + "---\n"
                + Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(Json.MAPPER.readTree(document))
                + "\n";
    }
}
