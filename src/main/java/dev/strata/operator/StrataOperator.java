package dev.strata.operator;

import dev.strata.api.ImageBuild;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.Operator;
import io.javaoperatorsdk.operator.api.config.ConfigurationService;
import io.javaoperatorsdk.operator.api.config.ConfigurationServiceOverrider;
import io.javaoperatorsdk.operator.api.config.ControllerConfigurationOverrider;
import io.javaoperatorsdk.operator.api.monitoring.AggregatedMetrics;
import io.javaoperatorsdk.operator.api.monitoring.Metrics;
import io.javaoperatorsdk.operator.monitoring.micrometer.MicrometerMetricsV2;
import io.javaoperatorsdk.operator.processing.retry.GenericRetry;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The running operator: its parts, wired by hand, from start to stop. */
public final class StrataOperator implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StrataOperator.class);
    private static final Duration LONGEST_RETRY = Duration.ofMinutes(1);
    /** How long what was interrupted may take to end. */
    private static final Duration INTERRUPTED = Duration.ofSeconds(1);

    private static final Duration BETWEEN_CLEAN_UPS = Duration.ofSeconds(30);

    /**
     * How this process takes part.
     *
     * @param port of probes and metrics; 0 takes a free one
     * @param hookPort of webhooks; 0 takes a free one
     * @param serverSideApply how statuses are patched; only servers that are no Kubernetes lack it
     * @param betweenConnections the pause before a pod's log that broke off is asked for again
     * @param resync when a build is looked at again though nothing calls: what was lost anywhere is made good then
     * @param secretRound the pause between two looks at the secrets that builds name
     * @param ending how long what is under way may go on when this process is to stop; then it is interrupted
     * @param lease null where there is one replica only
     * @param tracing null where nobody wants traces
     */
    public record Options(
            OperatorSettings settings,
            int port,
            int hookPort,
            boolean serverSideApply,
            Duration betweenConnections,
            Duration resync,
            Duration secretRound,
            Duration ending,
            @Nullable Lease lease,
            @Nullable Tracing tracing) {}

    /**
     * Which replica works is decided by a lease.
     *
     * @param identity of this replica: its pod's name
     * @param lost called when another one has the lease, or it could not be renewed in time: this process has to end
     */
    public record Lease(String namespace, String identity, Runnable lost) {}

    /**
     * Who gets a trace of each build that has ended.
     *
     * @param endpoint the base URL of OTLP over HTTP, as {@code OTEL_EXPORTER_OTLP_ENDPOINT} has it
     * @param headers for each request, such as an authorization
     * @param service the operator's name there
     */
    public record Tracing(URI endpoint, Map<String, String> headers, String service) {
        public Tracing {
            headers = Map.copyOf(headers);
        }
    }

    private final Leadership leadership;
    /** Where builds are reconciled. The framework ends it but does not say whether it has ended. */
    private final ExecutorService reconciliations =
            Executors.newFixedThreadPool(ConfigurationService.DEFAULT_RECONCILIATION_THREADS_NUMBER);

    private final Operator operator;
    private final Followers followers;
    private final LookUps lookUps;
    private final CacheKeeper caches;
    private final SecretVersions secrets;
    private final Traces traces;
    private final ProbeServer server;
    private final HookServer hooks;
    private volatile boolean started;

    /** Makes all parts and listens for probes; nothing is reconciled before {@link #start}. */
    public StrataOperator(KubernetesClient client, Options options) throws IOException {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        this.followers = new Followers(client, options.betweenConnections());
        OperatorMetrics metrics = new OperatorMetrics(registry, followers);
        this.traces = new Traces(options.tracing(), registry);
        this.leadership = new Leadership(client, options.lease(), metrics, Clock.systemUTC());
        Timelines timelines = new Timelines(Clock.systemUTC(), traces::ended);
        this.operator = new Operator(configuration -> configure(
                configuration,
                client,
                options,
                new AggregatedMetrics(
                        List.of(MicrometerMetricsV2.newBuilder(registry).build(), timelines))));
        Wakes wakes = new Wakes();
        Cluster cluster = new Cluster(client);
        Outside outside = new Outside(cluster, Path.of(System.getProperty("java.io.tmpdir"), "strata"));
        this.lookUps = new LookUps(wakes::wake, wakes::exists, Clock.systemUTC());
        Upstream upstream = new Upstream(lookUps, outside);
        EventRecorder events = new EventRecorder(client, Clock.systemUTC());
        this.caches =
                new CacheKeeper(cluster, options.settings(), leadership::leads, events, metrics, Clock.systemUTC());
        this.secrets = new SecretVersions(
                cluster::secret,
                () -> leadership.leads() ? wakes.all() : Stream.empty(),
                build -> {
                    wakes.wake(build);
                    upstream.hastenFailed(build);
                },
                options.secretRound());
        operator.register(
                new ImageBuildReconciler(
                        cluster,
                        new Observer(cluster, followers, upstream, wakes, options.settings(), Clock.systemUTC()),
                        upstream,
                        new Naming(outside),
                        caches,
                        wakes,
                        events,
                        metrics,
                        timelines,
                        options.serverSideApply(),
                        options.resync()),
                controller -> configure(controller, options));
        this.hooks = new HookServer(
                options.hookPort(),
                cluster,
                new Replicas(client, options.lease(), options.hookPort()),
                build -> upstream.hasten(build, LookUps.Kind.SOURCE));
        this.server = new ProbeServer(options.port(), this::isHealthy, () -> started, registry);
    }

    private void configure(
            ConfigurationServiceOverrider configuration, KubernetesClient client, Options options, Metrics told) {
        configuration
                .withKubernetesClient(client)
                .withCloseClientOnStop(false)
                .withUseSSAToPatchPrimaryResource(options.serverSideApply())
                .withExecutorService(reconciliations)
                .withReconciliationTerminationTimeout(options.ending())
                .withMetrics(told);
        leadership.election().ifPresent(configuration::withLeaderElectionConfiguration);
    }

    private static void configure(ControllerConfigurationOverrider<ImageBuild> controller, Options options) {
        controller
                .withReconciliationMaxInterval(options.resync())
                .withOnUpdateFilter(StrataOperator::matters)
                .withRetry(new GenericRetry()
                        .setInitialInterval(Duration.ofSeconds(1))
                        .setIntervalMultiplier(2)
                        .setMaxInterval(LONGEST_RETRY.toMillis())
                        .withoutMaxAttempts());
        if (options.settings().namespace() == null) {
            controller.watchingAllNamespaces();
        } else {
            controller.settingNamespace(options.settings().namespace());
        }
    }

    /** Our own status patches call for nothing; a new spec and new annotations do. */
    private static boolean matters(ImageBuild now, ImageBuild before) {
        return !Objects.equals(
                        now.getMetadata().getGeneration(), before.getMetadata().getGeneration())
                || !Objects.equals(
                        now.getMetadata().getAnnotations(), before.getMetadata().getAnnotations());
    }

    private boolean isHealthy() {
        return !started || operator.getRuntimeInfo().allEventSourcesAreHealthy();
    }

    /** Starts to reconcile, with a lease as soon as this replica has it; returns when the caches are filled. */
    public void start() {
        operator.start();
        caches.start(BETWEEN_CLEAN_UPS);
        secrets.start();
        started = true;
        LOG.info("watching image builds; probes and metrics on port {}", server.port());
    }

    /** Whether a replica holds the lease in this namespace and has renewed it in time. */
    public static boolean isLed(KubernetesClient client, String namespace, Clock clock) {
        return Leadership.isLed(client, namespace, clock);
    }

    /** The port of probes and metrics. */
    public int port() {
        return server.port();
    }

    /** The port of webhooks. */
    int hookPort() {
        return hooks.port();
    }

    /** Ends what is under way and stops; then another replica may work. Builder pods go on without an operator. */
    @Override
    public void close() {
        started = false;
        leadership.end();
        followers.close();
        lookUps.close();
        caches.close();
        secrets.close();
        traces.close();
        operator.stop();
        leadership.release(INTERRUPTED, this::reconciliationsEnd, caches::endsWithin);
        server.close();
        hooks.close();
        LOG.info("stopped");
    }

    private boolean reconciliationsEnd(Duration patience) throws InterruptedException {
        return reconciliations.awaitTermination(patience.toMillis(), TimeUnit.MILLISECONDS);
    }
}
