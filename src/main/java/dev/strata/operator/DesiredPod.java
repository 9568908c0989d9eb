package dev.strata.operator;

import dev.strata.api.BuildClassSpec.Isolation;
import dev.strata.api.BuildClassSpec.Proxy;
import dev.strata.api.ImageBuild;
import dev.strata.api.PodSettings;
import dev.strata.api.PodTemplate;
import dev.strata.image.Json;
import dev.strata.image.Platform;
import dev.strata.operator.Wanted.Mount;
import dev.strata.plan.Plan;
import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.PodSecurityContextBuilder;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.SecurityContextBuilder;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The pod and the ConfigMap of one attempt. Pure: the same attempt gives the same objects, under the same name.
 *
 * @param isolation never {@code auto}: one of those that the builder knows
 */
record DesiredPod(ImageBuild build, Wanted.Valid wanted, Decision.Order order, Isolation isolation) {
    static final String CONTAINER = "builder";

    /** By which service meshes leave a pod alone: Istio (sidecar and ambient), Kuma. */
    static final Map<String, String> NO_MESH_LABELS = Map.of(
            "sidecar.istio.io/inject", "false",
            "istio.io/dataplane-mode", "none",
            "kuma.io/sidecar-injection", "disabled");

    /** Linkerd, Consul. */
    static final Map<String, String> NO_MESH_ANNOTATIONS =
            Map.of("linkerd.io/inject", "disabled", "consul.hashicorp.com/connect-inject", "false");

    /** Any id that is not root's; the builder's files belong to it where the pod may not be root. */
    private static final long NOBODY = 65_532;

    /** All users of commands together may have so many times as many processes as one of them. */
    private static final int ALL_USERS = 2;

    private static final long GRACE_SECONDS = 10;
    private static final long SECONDS_WITHOUT_NODE = 60;
    private static final int READ_ALL = 0444;

    String name() {
        return name(build, wanted.hash(), order);
    }

    static String name(ImageBuild build, String hash, Decision.Order order) {
        return PodLabels.podName(
                build.getMetadata().getName(),
                build.getMetadata().getUid(),
                hash,
                order.platform().toString(),
                order.attempt());
    }

    /** The plan, for the volume of the same name. */
    ConfigMap planConfigMap() {
        Map<String, String> data = new TreeMap<>();
        data.put("plan.json", Json.text(plan(wanted.pod().plan(), order.platform())));
        if (wanted.pod().caBundle() != null) {
            data.put(Planner.CA_BUNDLE, wanted.pod().caBundle());
        }
        return new ConfigMapBuilder()
                .withMetadata(metadata())
                .withData(data)
                .withImmutable(true)
                .build();
    }

    private static Plan plan(Plan plan, Platform platform) {
        return new Plan(
                plan.name(),
                plan.source(),
                plan.dockerfile(),
                plan.target(),
                plan.args(),
                platform,
                plan.secrets(),
                plan.ssh(),
                plan.contexts(),
                plan.addHosts(),
                plan.network(),
                plan.allowInsecure(),
                plan.output(),
                plan.cache(),
                plan.noCache(),
                plan.noCacheStages(),
                plan.reproducible(),
                plan.sourceDateEpoch(),
                plan.registries(),
                plan.cacheMounts(),
                plan.processes(),
                plan.limits());
    }

    Pod pod() {
        return new PodBuilder().withMetadata(podMetadata()).withSpec(podSpec()).build();
    }

    private ObjectMeta metadata() {
        return metadata(Map.of(), Map.of());
    }

    /** What Strata reads from its pods is never what a class says. */
    private ObjectMeta metadata(Map<String, String> furtherLabels, Map<String, String> furtherAnnotations) {
        Map<String, String> labels = new TreeMap<>(furtherLabels);
        labels.put(PodLabels.MANAGED_BY, PodLabels.STRATA);
        labels.put(PodLabels.BUILD, PodLabels.buildLabel(build.getMetadata().getName()));
        Map<String, String> annotations = new TreeMap<>(furtherAnnotations);
        annotations.put(PodLabels.INPUTS, wanted.hash());
        annotations.put(PodLabels.SETTINGS, wanted.pod().fingerprint());
        annotations.put(PodLabels.PLATFORM, order.platform().toString());
        annotations.put(PodLabels.ATTEMPT, Integer.toString(order.attempt()));
        annotations.put(PodLabels.GENERATION, Long.toString(build.getMetadata().getGeneration()));
        annotations.put(PodLabels.ISOLATION, isolation.word());
        annotations.put(PodLabels.CLASS, wanted.course().className());
        return new ObjectMetaBuilder()
                .withName(name())
                .withNamespace(build.getMetadata().getNamespace())
                .withLabels(labels)
                .withAnnotations(annotations)
                .withOwnerReferences(owner(build))
                .build();
    }

    private ObjectMeta podMetadata() {
        PodTemplate template = wanted.pod().template();
        Map<String, String> labels = new TreeMap<>(template.labels());
        Map<String, String> annotations = new TreeMap<>(template.annotations());
        if (!Boolean.TRUE.equals(template.serviceMesh())) {
            labels.putAll(NO_MESH_LABELS);
            annotations.putAll(NO_MESH_ANNOTATIONS);
        }
        return metadata(labels, annotations);
    }

    static OwnerReference owner(ImageBuild build) {
        return new OwnerReferenceBuilder()
                .withApiVersion(build.getApiVersion())
                .withKind(build.getKind())
                .withName(build.getMetadata().getName())
                .withUid(build.getMetadata().getUid())
                .withController(true)
                .withBlockOwnerDeletion(false)
                .build();
    }

    private PodSpec podSpec() {
        return new PodSpecBuilder()
                .withRestartPolicy("Never")
                .withServiceAccountName(wanted.pod().serviceAccount())
                .withAutomountServiceAccountToken(false)
                .withEnableServiceLinks(false)
                .withHostUsers(hostUsers())
                .withSecurityContext(podSecurityContext())
                .withActiveDeadlineSeconds(
                        wanted.pod().timeout().plus(wanted.course().hold()).toSeconds())
                .withTerminationGracePeriodSeconds(GRACE_SECONDS)
                .withNodeSelector(nodeSelector())
                .withTolerations(tolerations(wanted.pod().settings().tolerations()))
                .withAffinity(affinity())
                .withRuntimeClassName(wanted.pod().template().runtimeClassName())
                .withSchedulerName(wanted.pod().template().schedulerName())
                .withPriorityClassName(wanted.pod().template().priorityClassName())
                .withContainers(container())
                .withVolumes(volumes())
                .build();
    }

    /** Not the node's user ids, save where nothing needs root in the first place. */
    private @Nullable Boolean hostUsers() {
        return isolation == Isolation.NONE ? null : Boolean.FALSE;
    }

    private PodSecurityContext podSecurityContext() {
        PodSecurityContextBuilder context = new PodSecurityContextBuilder();
        return switch (isolation) {
            case NONE ->
                context.withRunAsNonRoot(true)
                        .withRunAsUser(NOBODY)
                        .withRunAsGroup(NOBODY)
                        .withNewSeccompProfile()
                        .withType("RuntimeDefault")
                        .endSeccompProfile()
                        .build();
            case SYS_ADMIN ->
                context.withNewSeccompProfile()
                        .withType("RuntimeDefault")
                        .endSeccompProfile()
                        .build();
            case USER_NAMESPACE, PRIVILEGED -> context.build();
            case AUTO -> throw new IllegalStateException("a pod is made for an isolation that was chosen");
        };
    }

    private SecurityContext securityContext() {
        SecurityContextBuilder context = new SecurityContextBuilder();
        return switch (isolation) {
            case NONE ->
                context.withAllowPrivilegeEscalation(false)
                        .withReadOnlyRootFilesystem(true)
                        .withNewCapabilities()
                        .withDrop("ALL")
                        .endCapabilities()
                        .build();
            case USER_NAMESPACE -> context.withProcMount("Unmasked").build();
            case SYS_ADMIN ->
                context.withAllowPrivilegeEscalation(true)
                        .withNewCapabilities()
                        .withDrop("ALL")
                        .withAdd(
                                "SYS_ADMIN",
                                "NET_ADMIN",
                                "SETPCAP",
                                "SETUID",
                                "SETGID",
                                "CHOWN",
                                "DAC_OVERRIDE",
                                "FOWNER",
                                "FSETID",
                                "SETFCAP",
                                "SYS_CHROOT")
                        .endCapabilities()
                        .build();
            case PRIVILEGED -> context.withPrivileged(true).build();
            case AUTO -> throw new IllegalStateException("a pod is made for an isolation that was chosen");
        };
    }

    private Map<String, String> nodeSelector() {
        Map<String, String> labels = new TreeMap<>(wanted.pod().settings().nodeSelector());
        labels.putAll(wanted.pod()
                .nodes()
                .getOrDefault(
                        order.platform(),
                        Map.of(
                                "kubernetes.io/os",
                                order.platform().os(),
                                "kubernetes.io/arch",
                                order.platform().architecture())));
        return labels;
    }

    /** Field by field as {@code core/v1} has it, so their JSON is the same. */
    private @Nullable Affinity affinity() {
        dev.strata.api.Affinity affinity = wanted.pod().template().affinity();
        return affinity == null ? null : Serialization.unmarshal(Json.text(affinity), Affinity.class);
    }

    /** A node that does not answer is given up sooner than by Kubernetes' five minutes: the work is in the cache. */
    static List<Toleration> tolerations(List<PodSettings.Toleration> asked) {
        List<Toleration> tolerations = new ArrayList<>();
        for (PodSettings.Toleration toleration : asked) {
            tolerations.add(new TolerationBuilder()
                    .withKey(toleration.key())
                    .withOperator(toleration.operator())
                    .withValue(toleration.value())
                    .withEffect(toleration.effect())
                    .withTolerationSeconds(toleration.tolerationSeconds())
                    .build());
        }
        for (String taint : List.of("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")) {
            tolerations.add(new TolerationBuilder()
                    .withKey(taint)
                    .withOperator("Exists")
                    .withEffect("NoExecute")
                    .withTolerationSeconds(SECONDS_WITHOUT_NODE)
                    .build());
        }
        return tolerations;
    }

    private Container container() {
        return new ContainerBuilder()
                .withName(CONTAINER)
                .withImage(wanted.pod().image())
                .withImagePullPolicy(wanted.pod().imagePullPolicy())
                .withArgs("builder")
                .withEnv(environment())
                .withResources(resources())
                .withSecurityContext(securityContext())
                .withTerminationMessagePath("/dev/termination-log")
                .withTerminationMessagePolicy("FallbackToLogsOnError")
                .withVolumeMounts(volumeMounts())
                .build();
    }

    private List<EnvVar> environment() {
        Map<String, String> variables = new TreeMap<>(proxies(wanted.pod().proxy()));
        // Programs disagree on the case; curl and git read http_proxy in small letters only.
        Map.copyOf(variables).forEach((name, value) -> variables.put(name.toLowerCase(Locale.ROOT), value));
        variables.put("STRATA_ISOLATION", isolation.word());
        if (wanted.pod().plan().processes() != null) {
            variables.put("STRATA_PROCESSES", Long.toString(wanted.pod().plan().processes() * ALL_USERS));
        }
        if (!wanted.course().hold().isZero()) {
            variables.put(
                    "STRATA_HOLD_SECONDS", Long.toString(wanted.course().hold().toSeconds()));
        }
        return variables.entrySet().stream()
                .map(each -> new EnvVar(each.getKey(), each.getValue(), null))
                .toList();
    }

    /** A class's proxies by the names of the variables that programs read. */
    static Map<String, String> proxies(@Nullable Proxy proxy) {
        Map<String, String> variables = new TreeMap<>();
        if (proxy != null) {
            putIfGiven(variables, "HTTP_PROXY", proxy.http());
            putIfGiven(variables, "HTTPS_PROXY", proxy.https());
            putIfGiven(variables, "NO_PROXY", proxy.noProxy());
        }
        return variables;
    }

    private static void putIfGiven(Map<String, String> variables, String name, @Nullable String value) {
        if (value != null) {
            variables.put(name, value);
        }
    }

    private ResourceRequirements resources() {
        PodSettings.Resources asked = wanted.pod().settings().resources();
        Map<String, Quantity> limits = new TreeMap<>(asked == null ? Map.of() : asked.limits());
        if (order.memory() != null) {
            limits.put("memory", new Quantity(order.memory()));
        }
        return new ResourceRequirementsBuilder()
                .withRequests(asked == null || asked.requests().isEmpty() ? null : asked.requests())
                .withLimits(limits.isEmpty() ? null : limits)
                .build();
    }

    private List<VolumeMount> volumeMounts() {
        List<VolumeMount> mounts = new ArrayList<>();
        mounts.add(mount("plan", Planner.PLAN, true));
        mounts.add(mount("work", Planner.ROOT + "/work", false));
        mounts.add(mount("tmp", "/tmp", false));
        wanted.pod().mounts().forEach(mount -> mounts.add(mount(mount.volume(), mount.path(), mount.readOnly())));
        return mounts;
    }

    static VolumeMount mount(String volume, String path, boolean readOnly) {
        return new VolumeMountBuilder()
                .withName(volume)
                .withMountPath(path)
                .withReadOnly(readOnly ? true : null)
                .build();
    }

    private List<Volume> volumes() {
        List<Volume> volumes = new ArrayList<>();
        volumes.add(new VolumeBuilder()
                .withName("plan")
                .withNewConfigMap()
                .withName(name())
                .endConfigMap()
                .build());
        volumes.add(emptyDir("work"));
        volumes.add(emptyDir("tmp"));
        wanted.pod().mounts().forEach(mount -> volumes.add(volume(mount)));
        return volumes;
    }

    static Volume emptyDir(String name) {
        return new VolumeBuilder()
                .withName(name)
                .withNewEmptyDir()
                .endEmptyDir()
                .build();
    }

    private static Volume volume(Mount mount) {
        return switch (mount) {
            case Mount.ConfigMap(String volume, String path, String name) ->
                new VolumeBuilder()
                        .withName(volume)
                        .withNewConfigMap()
                        .withName(name)
                        .endConfigMap()
                        .build();
            case Mount.Claim(String volume, String path, String name) ->
                new VolumeBuilder()
                        .withName(volume)
                        .withNewPersistentVolumeClaim()
                        .withClaimName(name)
                        .endPersistentVolumeClaim()
                        .build();
            case Mount.Secret secret -> secretVolume(secret);
        };
    }

    private static Volume secretVolume(Mount.Secret secret) {
        var volume = new VolumeBuilder()
                .withName(secret.volume())
                .withNewSecret()
                .withSecretName(secret.name())
                .withDefaultMode(READ_ALL)
                .withOptional(secret.optional() ? true : null);
        if (secret.key() != null) {
            volume.addNewItem().withKey(secret.key()).withPath(secret.key()).endItem();
        }
        return volume.endSecret().build();
    }
}
