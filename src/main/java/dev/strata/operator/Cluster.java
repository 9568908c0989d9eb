package dev.strata.operator;

import dev.strata.api.BuildClass;
import dev.strata.api.BuildClassSpec;
import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildSpec;
import dev.strata.operator.PodReading.Trouble;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** All that the operator reads from and does to the cluster beside its informers; each call is one request. */
final class Cluster implements HookServer.Builds {
    private static final int MOST_ATTEMPTS = 5;
    private static final int CONFLICT = HttpURLConnection.HTTP_CONFLICT;
    private static final int NOT_FOUND = HttpURLConnection.HTTP_NOT_FOUND;

    private final KubernetesClient client;

    Cluster(KubernetesClient client) {
        this.client = client;
    }

    /** Reads what a spec names, save what {@link Gathered#buildClass} an informer knows already. */
    Gathered gather(ImageBuild build, @Nullable BuildClass buildClass) {
        ImageBuildSpec spec = build.getSpec();
        String namespace = build.getMetadata().getNamespace();
        Map<String, ConfigMap> configMaps = new TreeMap<>();
        Map<String, Secret> secrets = new TreeMap<>();
        if (spec == null) {
            return new Gathered(build, buildClass, null, configMaps, secrets);
        }
        for (String name : Planner.configMaps(spec)) {
            configMap(namespace, name).ifPresent(found -> configMaps.put(name, found));
        }
        if (spec.output() != null && spec.output().configMap() != null) {
            configMap(namespace, spec.output().configMap())
                    .ifPresent(found -> configMaps.put(found.getMetadata().getName(), found));
        }
        Planner.secrets(spec).forEach(name -> secret(namespace, name).ifPresent(found -> secrets.put(name, found)));
        return new Gathered(
                build,
                buildClass,
                client.serviceAccounts()
                        .inNamespace(namespace)
                        .withName(Planner.serviceAccountName(spec))
                        .get(),
                configMaps,
                secrets);
    }

    private Optional<ConfigMap> configMap(String namespace, String name) {
        return Optional.ofNullable(
                client.configMaps().inNamespace(namespace).withName(name).get());
    }

    /** Makes or corrects the ConfigMap that tells a build's image; leaves one alone that is right or of somebody else. */
    void publish(ConfigMap wanted) {
        ConfigMap found = configMap(
                        wanted.getMetadata().getNamespace(),
                        wanted.getMetadata().getName())
                .orElse(null);
        if (found == null) {
            ignoring(CONFLICT, () -> client.resource(wanted).create());
        } else if (DigestConfigMap.isOf(found, wanted) && !wanted.getData().equals(found.getData())) {
            found.setData(wanted.getData());
            client.resource(found).update();
        }
    }

    /** The ConfigMaps with the cache repositories of each namespace. */
    List<ConfigMap> caches(@Nullable String namespace) {
        var all = client.configMaps();
        return (namespace == null ? all.inAnyNamespace() : all.inNamespace(namespace))
                .withLabel(KnownCache.LABEL)
                .list()
                .getItems();
    }

    /** Changes what is known of a namespace's cache repositories; again from the start where somebody else was faster. */
    void keepCaches(String namespace, Consumer<SortedMap<String, KnownCache>> change) {
        for (int attempt = 1; ; attempt++) {
            ConfigMap found = configMap(namespace, KnownCache.CONFIG_MAP).orElse(null);
            SortedMap<String, KnownCache> known = KnownCache.in(found);
            SortedMap<String, KnownCache> before = new TreeMap<>(known);
            change.accept(known);
            KnownCache.bound(known);
            if (known.equals(before)) {
                return;
            }
            ConfigMap wanted = KnownCache.configMap(namespace, known);
            try {
                if (found == null) {
                    client.resource(wanted).create();
                } else {
                    found.setData(wanted.getData());
                    client.resource(found).update();
                }
                return;
            } catch (KubernetesClientException e) {
                if (e.getCode() != CONFLICT || attempt == MOST_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    List<Pod> cleanUpPods(@Nullable String namespace) {
        var all = client.pods();
        return (namespace == null ? all.inAnyNamespace() : all.inNamespace(namespace))
                .withLabel(PodLabels.MANAGED_BY, CleanUpPod.CLEAN_UP)
                .list()
                .getItems();
    }

    /** All classes that say something, by their names. */
    Map<String, BuildClassSpec> classes() {
        Map<String, BuildClassSpec> classes = new TreeMap<>();
        client.resources(BuildClass.class).list().getItems().forEach(each -> {
            if (each.getSpec() != null) {
                classes.put(each.getMetadata().getName(), each.getSpec());
            }
        });
        return classes;
    }

    /** The names of the secrets with which a service account's pods pull; none where there is no such account. */
    List<String> pullSecrets(String namespace, String serviceAccount) {
        ServiceAccount account = client.serviceAccounts()
                .inNamespace(namespace)
                .withName(serviceAccount)
                .get();
        return account == null
                ? List.of()
                : account.getImagePullSecrets().stream()
                        .map(LocalObjectReference::getName)
                        .toList();
    }

    /** Makes the pod that cleans up a repository; does nothing where it is there. */
    void create(CleanUpPod desired) {
        desired.authorities()
                .ifPresent(map -> ignoring(CONFLICT, () -> client.resource(map).create()));
        ignoring(CONFLICT, () -> client.resource(desired.pod()).create());
    }

    @Override
    public Optional<ImageBuild> build(String namespace, String name) {
        return Optional.ofNullable(client.resources(ImageBuild.class)
                .inNamespace(namespace)
                .withName(name)
                .get());
    }

    /** Read when it is needed and never watched: the operator keeps no copy of any secret. */
    @Override
    public Optional<Secret> secret(String namespace, String name) {
        return Optional.ofNullable(
                client.secrets().inNamespace(namespace).withName(name).get());
    }

    /** What went wrong around a pod lately, newest first. */
    List<Trouble> trouble(Pod pod) {
        return client
                .v1()
                .events()
                .inNamespace(pod.getMetadata().getNamespace())
                .withField("involvedObject.uid", pod.getMetadata().getUid())
                .list()
                .getItems()
                .stream()
                .filter(event -> "Warning".equals(event.getType()))
                .sorted(Comparator.comparing(Cluster::lastSeen).reversed())
                .map(event -> new Trouble(text(event.getReason()), text(event.getMessage())))
                .toList();
    }

    private static String lastSeen(Event event) {
        return event.getLastTimestamp() == null
                ? text(event.getMetadata().getCreationTimestamp())
                : event.getLastTimestamp();
    }

    private static String text(@Nullable String text) {
        return text == null ? "" : text;
    }

    Optional<Pod> pod(String namespace, String name) {
        return Optional.ofNullable(
                client.pods().inNamespace(namespace).withName(name).get());
    }

    /** Makes the plan's ConfigMap and the pod; does nothing where this attempt has them already. */
    void create(DesiredPod desired) {
        ignoring(CONFLICT, () -> client.resource(desired.planConfigMap()).create());
        try {
            client.resource(desired.pod()).create();
        } catch (KubernetesClientException e) {
            if (e.getCode() != CONFLICT || !isOurs(desired)) {
                deletePlan(desired.build().getMetadata().getNamespace(), desired.name());
                throw e;
            }
        }
    }

    private boolean isOurs(DesiredPod desired) {
        String owner = desired.build().getMetadata().getUid();
        return pod(desired.build().getMetadata().getNamespace(), desired.name())
                .map(pod -> pod.getMetadata().getOwnerReferences())
                .stream()
                .flatMap(List::stream)
                .map(OwnerReference::getUid)
                .anyMatch(owner::equals);
    }

    /** Asks a pod to end and takes its plan away. */
    void deletePod(String namespace, String name) {
        ignoring(
                NOT_FOUND,
                () -> client.pods()
                        .inNamespace(namespace)
                        .withName(name)
                        .withPropagationPolicy(DeletionPropagation.BACKGROUND)
                        .delete());
        deletePlan(namespace, name);
    }

    /** The plan of a pod that has ended is of no more use. */
    void deletePlan(String namespace, String pod) {
        ignoring(
                NOT_FOUND,
                () -> client.configMaps().inNamespace(namespace).withName(pod).delete());
    }

    private static void ignoring(int code, Runnable call) {
        try {
            call.run();
        } catch (KubernetesClientException e) {
            if (e.getCode() != code) {
                throw e;
            }
        }
    }
}
