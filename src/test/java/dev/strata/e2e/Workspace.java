package dev.strata.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.api.BuildClass;
import dev.strata.api.Condition;
import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import dev.strata.api.Reason;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientTimeoutException;
import io.fabric8.kubernetes.client.dsl.FieldValidateable.Validation;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** A namespace of one test's own with a build class of the same name; both are gone when it is closed. */
final class Workspace implements AutoCloseable {
    /** The ConfigMap that stays as long as what it tells of: the namespace's cache repositories. */
    static final String CACHES = "strata-caches";

    private static final long PATIENCE_SECONDS = 300;
    private static final AtomicInteger COUNT = new AtomicInteger();

    final TestCluster cluster;
    final String name;
    private List<String> plainHttp;

    private Workspace(TestCluster cluster, String name, List<String> plainHttp) {
        this.cluster = cluster;
        this.name = name;
        this.plainHttp = plainHttp;
    }

    /**
     * @param level the pod security level that the namespace enforces: {@code baseline}, where RUN works, or {@code restricted}
     * @param plainHttp registries beside the cluster's own that are spoken to without TLS
     */
    static Workspace open(String level, String... plainHttp) {
        TestCluster cluster = TestCluster.connect();
        String name = "e2e-" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();
        cluster.client
                .namespaces()
                .resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .addToLabels("pod-security.kubernetes.io/enforce", cluster.admitting(level))
                        .endMetadata()
                        .build())
                .create();
        Workspace workspace = new Workspace(cluster, name, List.of(plainHttp));
        workspace.buildClass("");
        // Before it is there, no pod is taken.
        Awaitility.await()
                .until(() -> cluster.client
                                .serviceAccounts()
                                .inNamespace(name)
                                .withName("default")
                                .get()
                        != null);
        return workspace;
    }

    private void buildClass(String furtherSpecLines) {
        apply("""
                apiVersion: strata.dev/v1alpha1
                kind: BuildClass
                metadata: {name: %s}
                spec:
                  registries:
                    mirrors: {docker.io: "http://%s"}
                    plainHttp: [%s]
                %s""".formatted(
                        name,
                        cluster.registry(),
                        Stream.concat(Stream.of(cluster.registry()), plainHttp.stream())
                                .map(host -> '"' + host + '"')
                                .collect(Collectors.joining(", ")),
                        furtherSpecLines.replaceFirst("^---\n", "").indent(2)));
    }

    @Override
    public void close() {
        client().resources(BuildClass.class).withName(name).delete();
        client().namespaces().withName(name).delete();
    }

    KubernetesClient client() {
        return cluster.client;
    }

    /** A repository in the cluster's registry that no other test uses. */
    String repository() {
        return cluster.registry() + "/e2e/" + name;
    }

    /** Creates or replaces what the YAML says, in this namespace, refusing unknown fields as kubectl does. */
    List<HasMetadata> apply(String yaml) {
        return client().load(new ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8))).items().stream()
                .map(item -> client().resource(item)
                        .inNamespace(name)
                        .fieldValidation(Validation.STRICT)
                        .forceConflicts()
                        .serverSideApply())
                .toList();
    }

    /** Asks whether the API server would take this. */
    void dryRun(String yaml) {
        client().load(new ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8)))
                .items()
                .forEach(item ->
                        client().resource(item).inNamespace(name).dryRun().create());
    }

    /** A further registry without TLS. */
    void plainHttp(String host) {
        plainHttp = Stream.concat(plainHttp.stream(), Stream.of(host)).toList();
        buildClass("");
    }

    /** A class for a while. */
    interface AClass extends AutoCloseable {
        @Override
        void close();
    }

    /** Makes a class beside that of this namespace. */
    AClass buildClass(String className, String specLines) {
        apply("""
                apiVersion: strata.dev/v1alpha1
                kind: BuildClass
                metadata: {name: %s}
                spec:
                %s""".formatted(className, specLines.indent(2)));
        return () -> client().resources(BuildClass.class).withName(className).delete();
    }

    /** Gives the class of this namespace these further lines, in place of those of the call before. */
    void rules(String specLines) {
        buildClass(specLines);
    }

    /** Applies an ImageBuild whose spec has these lines, besides its class. */
    Build build(String buildName, String spec) {
        apply("""
                apiVersion: strata.dev/v1alpha1
                kind: ImageBuild
                metadata: {name: %s}
                spec:
                  className: %s
                %s""".formatted(buildName, name, spec.indent(2)));
        return new Build(buildName);
    }

    /** Applies an ImageBuild of a Dockerfile without any further file, pushed to {@link #repository}. */
    Build inline(String buildName, String dockerfile, String... furtherSpecLines) {
        return build(
                buildName,
                "dockerfile:\n  inline: |\n" + dockerfile.indent(4) + "output: {image: \"" + repository() + "\"}\n"
                        + String.join("\n", furtherSpecLines));
    }

    /** An ImageBuild that was applied before. */
    Build existing(String buildName) {
        return new Build(buildName);
    }

    List<Pod> pods() {
        return client().pods().inNamespace(name).list().getItems();
    }

    /** One ImageBuild of this namespace. */
    final class Build {
        private final String buildName;

        Build(String buildName) {
            this.buildName = buildName;
        }

        Resource<ImageBuild> resource() {
            return client().resources(ImageBuild.class).inNamespace(name).withName(buildName);
        }

        ImageBuild get() {
            return resource().require();
        }

        ImageBuildStatus status() {
            return statusOf(get());
        }

        /** Waits for Ready of the spec as it is now; fails with the whole story where the build stalls instead. */
        ImageBuildStatus ready() {
            ImageBuild build = settled("Ready");
            assertThat(isTrue(build, Condition.Type.READY)).as(story(build)).isTrue();
            return statusOf(build);
        }

        /** Waits for Stalled of the spec as it is now and answers that condition. */
        Condition stalled() {
            ImageBuild build = settled("Stalled");
            assertThat(isTrue(build, Condition.Type.STALLED)).as(story(build)).isTrue();
            return condition(build, Condition.Type.STALLED);
        }

        /** Waits until Ready gives this reason and answers the condition. */
        Condition reason(Reason reason) {
            ImageBuild build = await(
                    "reason " + reason.word(),
                    candidate -> has(candidate, Condition.Type.READY)
                            && condition(candidate, Condition.Type.READY).reason() == reason);
            return condition(build, Condition.Type.READY);
        }

        private ImageBuild settled(String wanted) {
            return await(wanted, build -> isTrue(build, Condition.Type.READY) || isTrue(build, Condition.Type.STALLED));
        }

        /** Waits until the resource is as the predicate wants it. */
        ImageBuild await(String wanted, Predicate<ImageBuild> predicate) {
            try {
                return resource()
                        .waitUntilCondition(
                                build -> build != null && predicate.test(build), PATIENCE_SECONDS, TimeUnit.SECONDS);
            } catch (KubernetesClientTimeoutException e) {
                throw new AssertionError("waited in vain for " + wanted + ": " + story(get()), e);
            }
        }

        /** The words of the events about this build. */
        List<String> eventReasons() {
            return client()
                    .v1()
                    .events()
                    .inNamespace(name)
                    .withField("involvedObject.name", buildName)
                    .list()
                    .getItems()
                    .stream()
                    .map(Event::getReason)
                    .toList();
        }

        private String story(ImageBuild build) {
            StringBuilder story = new StringBuilder(String.valueOf(build.getStatus()));
            for (Pod pod : pods()) {
                String podName = pod.getMetadata().getName();
                story.append("\n--- pod ")
                        .append(podName)
                        .append(": ")
                        .append(pod.getStatus().getPhase());
                story.append('\n').append(logOf(podName));
            }
            return story.toString();
        }
    }

    /** A pod's log, or why there is none. */
    String logOf(String pod) {
        try {
            return client().pods().inNamespace(name).withName(pod).getLog();
        } catch (RuntimeException e) {
            return "no log: " + e.getMessage();
        }
    }

    private static ImageBuildStatus statusOf(ImageBuild build) {
        return Objects.requireNonNullElse(build.getStatus(), ImageBuildStatus.NONE);
    }

    static boolean has(ImageBuild build, Condition.Type type) {
        return find(build, type) != null;
    }

    static Condition condition(ImageBuild build, Condition.Type type) {
        return Objects.requireNonNull(find(build, type), () -> "no condition " + type.word());
    }

    /** Whether the condition holds for the generation that the spec has now. */
    static boolean isTrue(ImageBuild build, Condition.Type type) {
        Condition condition = find(build, type);
        return condition != null
                && condition.status() == Condition.Status.TRUE
                && condition.observedGeneration() == build.getMetadata().getGeneration();
    }

    private static @Nullable Condition find(ImageBuild build, Condition.Type type) {
        return statusOf(build).conditions().stream()
                .filter(condition -> condition.type() == type)
                .findFirst()
                .orElse(null);
    }
}
