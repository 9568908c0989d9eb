package dev.strata;

import dev.strata.operator.OperatorSettings;
import dev.strata.operator.Rights;
import dev.strata.operator.StrataOperator;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code strata operator}: watches ImageBuilds and keeps their images in their registries, until it is stopped. */
@Command(
        name = "operator",
        mixinStandardHelpOptions = true,
        description = "Watches ImageBuilds in a cluster and runs their builds in pods.",
        footer = {
            "",
            "The cluster is that of KUBECONFIG, or the one that this process runs in.",
            "Logs are lines of text; STRATA_LOG_FORMAT=json writes them as JSON."
        })
final class OperatorCommand implements Callable<Integer> {
    /** Longer than {@link #ENDING}, so that the lease can be given away after it; a pod is given 20 s. */
    private static final Duration STOPPING = Duration.ofSeconds(12);

    private static final Duration ENDING = Duration.ofSeconds(8);
    private static final Duration RESYNC = Duration.ofMinutes(30);
    private static final Duration SECRET_ROUND = Duration.ofSeconds(30);
    private static final Duration BETWEEN_CONNECTIONS = Duration.ofSeconds(1);

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--builder-image",
            paramLabel = "IMAGE",
            defaultValue = "${env:STRATA_BUILDER_IMAGE}",
            description = "Image of builder pods where a build's class names none;"
                    + " default: $STRATA_BUILDER_IMAGE, or the image of this very pod ($POD_NAMESPACE, $POD_NAME).")
    private @Nullable String builderImage;

    @Option(
            names = "--builder-image-pull-policy",
            paramLabel = "POLICY",
            defaultValue = "IfNotPresent",
            description = "Always, IfNotPresent or Never; default: ${DEFAULT-VALUE}.")
    private String builderImagePullPolicy = "IfNotPresent";

    @Option(
            names = "--namespace",
            paramLabel = "NAMESPACE",
            description = "The only namespace whose builds are served; default: all.")
    private @Nullable String namespace;

    @Option(
            names = "--port",
            defaultValue = "8080",
            description = "Where /healthz, /readyz and /metrics are; default: ${DEFAULT-VALUE}.")
    private int port = 8080;

    @Option(
            names = "--hook-port",
            defaultValue = "8081",
            description = "Where git servers POST /hooks/<namespace>/<name> to; default: ${DEFAULT-VALUE}.")
    private int hookPort = 8081;

    @Option(
            names = "--trace-endpoint",
            paramLabel = "URL",
            defaultValue = "${env:OTEL_EXPORTER_OTLP_ENDPOINT}",
            description = "Base URL of an OpenTelemetry receiver (OTLP over HTTP) that gets a trace of each build;"
                    + " default: $OTEL_EXPORTER_OTLP_ENDPOINT, or none.")
    private @Nullable String traceEndpoint;

    @Option(
            names = "--retry-delay",
            paramLabel = "DURATION",
            defaultValue = "PT5S",
            description = "Pause after a first failure of the outside, as ISO 8601 has it; default: ${DEFAULT-VALUE}.")
    private Duration retryDelay = Duration.ofSeconds(5);

    @Option(
            names = "--lease-namespace",
            paramLabel = "NAMESPACE",
            description = "Several replicas agree by a lease in this namespace which of them works; default: no lease.")
    private @Nullable String leaseNamespace;

    @Option(
            names = "--identity",
            paramLabel = "NAME",
            defaultValue = "${env:POD_NAME}",
            description = "This replica's name in the lease; default: $POD_NAME.")
    private @Nullable String identity;

    @Option(
            names = "--check",
            description = "Only say whether this service account has every right that the operator uses, and whether"
                    + " a replica holds the lease; exit code 1 where not.")
    private boolean check;

    @Override
    public Integer call() throws InterruptedException {
        CountDownLatch stopped = new CountDownLatch(1);
        try (KubernetesClient client = client()) {
            if (check) {
                return check(client);
            }
            StrataOperator operator = new StrataOperator(client, options(client));
            Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(operator, stopped)));
            operator.start();
            stopped.await();
            return Main.OK;
        } catch (IOException e) {
            System.err.println("strata operator: port " + port + " or " + hookPort + ": " + e.getMessage()
                    + "; name others by --port and --hook-port");
            return Main.OUTSIDE;
        } catch (KubernetesClientException e) {
            System.err.println("strata operator: the cluster does not answer: " + e.getMessage()
                    + "; look at KUBECONFIG and at the operator's service account");
            return Main.OUTSIDE;
        }
    }

    /**
     * By HTTP/1.1: a log that is followed is a request that lasts as long as its builder, and one connection of HTTP/2 takes
     * about a hundred; then every other request would fail.
     */
    private static KubernetesClient client() {
        return new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder(Config.autoConfigure(null))
                        .withHttp2Disable(true)
                        .build())
                .build();
    }

    private int check(KubernetesClient client) {
        List<String> missing = new ArrayList<>(Rights.missing(client, namespace, leaseNamespace));
        if (leaseNamespace != null && !StrataOperator.isLed(client, leaseNamespace, Clock.systemUTC())) {
            missing.add(
                    "no replica in " + leaseNamespace + " holds the lease; look at the operator's pods and their logs");
        }
        missing.forEach(System.out::println);
        if (missing.isEmpty()) {
            System.out.println("nothing is missing");
        }
        return missing.isEmpty() ? Main.OK : Main.FAILED;
    }

    /** The end is not left to chance: what does not stop in time is left behind, since the next operator goes on with it. */
    private static void stop(StrataOperator operator, CountDownLatch stopped) {
        Thread closing = Thread.ofPlatform().daemon().start(operator::close);
        try {
            closing.join(STOPPING);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        stopped.countDown();
    }

    private StrataOperator.Options options(KubernetesClient client) {
        String image = builderImage == null || builderImage.isBlank() ? ownImage(client) : builderImage;
        StrataOperator.Lease lease = leaseNamespace == null
                ? null
                : new StrataOperator.Lease(
                        leaseNamespace, identity == null ? "strata" : identity, () -> System.exit(Main.FAILED));
        return new StrataOperator.Options(
                new OperatorSettings(image, builderImagePullPolicy, namespace, retryDelay),
                port,
                hookPort,
                true,
                BETWEEN_CONNECTIONS,
                RESYNC,
                SECRET_ROUND,
                ENDING,
                lease,
                tracing());
    }

    private StrataOperator.@Nullable Tracing tracing() {
        if (traceEndpoint == null || traceEndpoint.isBlank()) {
            return null;
        }
        return new StrataOperator.Tracing(
                endpoint(traceEndpoint),
                headers(Objects.requireNonNullElse(System.getenv("OTEL_EXPORTER_OTLP_HEADERS"), "")),
                Objects.requireNonNullElse(System.getenv("OTEL_SERVICE_NAME"), "strata"));
    }

    private URI endpoint(String text) {
        try {
            URI endpoint = URI.create(text);
            if (endpoint.getHost() != null && endpoint.getScheme().startsWith("http")) {
                return endpoint;
            }
        } catch (IllegalArgumentException e) {
            // told below, as any other text that is no such URL
        }
        throw new ParameterException(
                Objects.requireNonNull(spec).commandLine(),
                "--trace-endpoint: \"" + text + "\" is no http or https URL, such as http://collector.example:4318");
    }

    /** As OpenTelemetry writes them: {@code name=value} with commas between, both URL-encoded. */
    static Map<String, String> headers(String text) {
        Map<String, String> headers = new TreeMap<>();
        for (String pair : text.split(",")) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                headers.put(
                        URLDecoder.decode(pair.substring(0, equals).strip(), StandardCharsets.UTF_8),
                        URLDecoder.decode(pair.substring(equals + 1).strip(), StandardCharsets.UTF_8));
            }
        }
        return headers;
    }

    /** The image of the pod that this process runs in, so that it is named in one place only. */
    private String ownImage(KubernetesClient client) {
        String podNamespace = System.getenv("POD_NAMESPACE");
        String podName = System.getenv("POD_NAME");
        if (podNamespace == null || podName == null) {
            throw new ParameterException(
                    Objects.requireNonNull(spec).commandLine(),
                    "--builder-image is missing, and so is the environment variable STRATA_BUILDER_IMAGE");
        }
        Pod pod = client.pods().inNamespace(podNamespace).withName(podName).get();
        if (pod == null) {
            throw new ParameterException(
                    Objects.requireNonNull(spec).commandLine(),
                    "there is no pod " + podNamespace + "/" + podName + ", so name an image by --builder-image");
        }
        return pod.getSpec().getContainers().getFirst().getImage();
    }
}
