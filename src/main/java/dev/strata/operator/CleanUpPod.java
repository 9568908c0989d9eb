package dev.strata.operator;

import dev.strata.api.BuildClassSpec;
import dev.strata.api.BuildClassSpec.CleanUp;
import dev.strata.api.PodTemplate;
import dev.strata.image.Json;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The pod that cleans up one cache repository: {@code strata cache prune} with the credentials of the builds that use it, in
 * their namespace. It needs no root, no token, and holds to the restricted pod security level.
 */
record CleanUpPod(
        String namespace,
        KnownCache cache,
        BuildClassSpec settings,
        CleanUp wanted,
        List<String> pullSecrets,
        OperatorSettings operator) {
    /** Builders' pods are told from these by the other value of this label. */
    static final String CLEAN_UP = "strata-clean-up";

    static final String SELECTOR = PodLabels.MANAGED_BY + "=" + CLEAN_UP;

    private static final String REPORT = "/dev/termination-log";
    private static final String AUTHORITIES = "/strata/authorities";
    private static final Duration TIMEOUT = Duration.ofMinutes(30);
    private static final long NOBODY = 65_532;
    private static final int READ_ALL = 0444;

    /**
     * How a clean-up ended.
     *
     * @param removed records
     * @param bytes that the registry can free
     * @param stays records
     */
    record Report(int removed, long bytes, int stays) {}

    String name() {
        return name(cache);
    }

    static String name(KnownCache cache) {
        return "strata-clean-up-" + cache.key();
    }

    Optional<ConfigMap> authorities() {
        String bundle =
                settings.registries() == null ? null : settings.registries().caBundle();
        return Optional.ofNullable(bundle)
                .map(text -> new ConfigMapBuilder()
                        .withMetadata(metadata())
                        .withData(Map.of(Planner.CA_BUNDLE, text))
                        .build());
    }

    private ObjectMeta metadata() {
        PodTemplate template = settings.pod() == null ? PodTemplate.NONE : settings.pod();
        Map<String, String> labels = new TreeMap<>(template.labels());
        Map<String, String> annotations = new TreeMap<>(template.annotations());
        if (!Boolean.TRUE.equals(template.serviceMesh())) {
            labels.putAll(DesiredPod.NO_MESH_LABELS);
            annotations.putAll(DesiredPod.NO_MESH_ANNOTATIONS);
        }
        labels.put(PodLabels.MANAGED_BY, CLEAN_UP);
        return new ObjectMetaBuilder()
                .withName(name())
                .withNamespace(namespace)
                .withLabels(labels)
                .withAnnotations(annotations)
                .build();
    }

    Pod pod() {
        PodTemplate template = settings.pod() == null ? PodTemplate.NONE : settings.pod();
        return new PodBuilder()
                .withMetadata(metadata())
                .withNewSpec()
                .withRestartPolicy("Never")
                .withServiceAccountName(cache.serviceAccount())
                .withAutomountServiceAccountToken(false)
                .withEnableServiceLinks(false)
                .withActiveDeadlineSeconds(TIMEOUT.toSeconds())
                .withNodeSelector(template.nodeSelector())
                .withTolerations(DesiredPod.tolerations(template.tolerations()))
                .withNewSecurityContext()
                .withRunAsNonRoot(true)
                .withRunAsUser(NOBODY)
                .withRunAsGroup(NOBODY)
                .withNewSeccompProfile()
                .withType("RuntimeDefault")
                .endSeccompProfile()
                .endSecurityContext()
                .addNewContainer()
                .withName("clean-up")
                .withImage(settings.builderImage() == null ? operator.builderImage() : settings.builderImage())
                .withImagePullPolicy(
                        settings.builderImagePullPolicy() == null
                                ? operator.builderImagePullPolicy()
                                : settings.builderImagePullPolicy())
                .withArgs(arguments())
                .withEnv(environment())
                .withNewResources()
                .withRequests(Map.of("cpu", new Quantity("50m"), "memory", new Quantity("128Mi")))
                .withLimits(Map.of("memory", new Quantity("512Mi")))
                .endResources()
                .withNewSecurityContext()
                .withAllowPrivilegeEscalation(false)
                .withReadOnlyRootFilesystem(true)
                .withNewCapabilities()
                .withDrop("ALL")
                .endCapabilities()
                .endSecurityContext()
                .withTerminationMessagePath(REPORT)
                .withTerminationMessagePolicy("FallbackToLogsOnError")
                .withVolumeMounts(mounts())
                .endContainer()
                .withVolumes(volumes())
                .endSpec()
                .build();
    }

    private List<String> arguments() {
        List<String> words =
                new ArrayList<>(List.of("cache", "prune", "--cache-repo", cache.repository(), "--report", REPORT));
        if (wanted.olderThan() != null) {
            words.add("--older-than");
            words.add(ClassDefaults.duration(wanted.olderThan()).toSeconds() + "s");
        }
        if (wanted.keepBytes() != null) {
            words.add("--keep-bytes");
            words.add(wanted.keepBytes().getNumericalAmount().toBigInteger().toString());
        }
        if (settings.registries() != null) {
            new TreeMap<>(settings.registries().mirrors()).forEach((host, url) -> {
                words.add("--registry-mirror");
                words.add(host + "=" + url);
            });
            settings.registries().plainHttp().forEach(host -> {
                words.add("--plain-http");
                words.add(host);
            });
        }
        for (int number = 0; number < pullSecrets.size(); number++) {
            words.add("--docker-config");
            words.add(config(number));
        }
        if (authorities().isPresent()) {
            words.add("--ca-bundle");
            words.add(AUTHORITIES + "/" + Planner.CA_BUNDLE);
        }
        return words;
    }

    private static String config(int number) {
        return "/strata/registry/" + number;
    }

    private List<EnvVar> environment() {
        Map<String, String> variables = new TreeMap<>(DesiredPod.proxies(settings.proxy()));
        Map.copyOf(variables).forEach((name, value) -> variables.put(name.toLowerCase(Locale.ROOT), value));
        return variables.entrySet().stream()
                .map(each -> new EnvVar(each.getKey(), each.getValue(), null))
                .toList();
    }

    private List<VolumeMount> mounts() {
        List<VolumeMount> mounts = new ArrayList<>();
        mounts.add(DesiredPod.mount("tmp", "/tmp", false));
        for (int number = 0; number < pullSecrets.size(); number++) {
            mounts.add(DesiredPod.mount("registry-" + number, config(number), true));
        }
        if (authorities().isPresent()) {
            mounts.add(DesiredPod.mount("authorities", AUTHORITIES, true));
        }
        return mounts;
    }

    /** A pull secret need not exist, as with builders. */
    private List<Volume> volumes() {
        List<Volume> volumes = new ArrayList<>();
        volumes.add(DesiredPod.emptyDir("tmp"));
        for (int number = 0; number < pullSecrets.size(); number++) {
            volumes.add(new VolumeBuilder()
                    .withName("registry-" + number)
                    .withNewSecret()
                    .withSecretName(pullSecrets.get(number))
                    .withDefaultMode(READ_ALL)
                    .withOptional(true)
                    .endSecret()
                    .build());
        }
        if (authorities().isPresent()) {
            volumes.add(new VolumeBuilder()
                    .withName("authorities")
                    .withNewConfigMap()
                    .withName(name())
                    .endConfigMap()
                    .build());
        }
        return volumes;
    }

    /** Whether the pod is over, one way or the other. */
    static boolean hasEnded(Pod pod) {
        String phase = pod.getStatus() == null ? null : pod.getStatus().getPhase();
        return "Succeeded".equals(phase) || "Failed".equals(phase);
    }

    /** What a pod that succeeded has done; empty where it failed. */
    static Optional<Report> report(Pod pod) {
        if (pod.getStatus() == null || !"Succeeded".equals(pod.getStatus().getPhase())) {
            return Optional.empty();
        }
        return message(pod).flatMap(text -> {
            try {
                return Optional.of(Json.read(text.getBytes(StandardCharsets.UTF_8), Report.class));
            } catch (IOException e) {
                return Optional.empty();
            }
        });
    }

    /** Why a pod failed, in words. */
    static String failure(Pod pod) {
        return message(pod)
                .map(String::strip)
                .filter(text -> !text.isEmpty())
                .orElseGet(() -> pod.getStatus() == null || pod.getStatus().getMessage() == null
                        ? "its pod did not start, or ended without a word"
                        : pod.getStatus().getMessage());
    }

    private static Optional<String> message(Pod pod) {
        return pod.getStatus() == null
                ? Optional.empty()
                : pod.getStatus().getContainerStatuses().stream()
                        .map(ContainerStatus::getState)
                        .filter(state -> state != null && state.getTerminated() != null)
                        .map(state -> state.getTerminated())
                        .map(ContainerStateTerminated::getMessage)
                        .filter(text -> text != null)
                        .findFirst();
    }
}
