package dev.strata.operator;

import dev.strata.api.BuildClass;
import dev.strata.api.BuildClassSpec.Isolation;
import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.Attempt;
import dev.strata.api.Reason;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.registry.RegistryException;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.cache.ReducedStateItemStore;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.Mappers;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Observe, decide, act, tell: the same four steps whatever woke it.
 *
 * <p>Everything it knows can be read again from the cluster: the resource, its pods and their logs. So an operator may
 * end at any moment and the next one goes on.
 */
@ControllerConfiguration(name = "imagebuild", generationAwareEventProcessing = false)
final class ImageBuildReconciler implements Reconciler<ImageBuild> {
    private static final Logger LOG = LoggerFactory.getLogger(ImageBuildReconciler.class);
    private static final Duration BETWEEN_PATCHES = Duration.ofSeconds(1);
    private static final Duration WATCHFUL = Duration.ofSeconds(30);
    private static final Duration FOLLOW_UP = Duration.ofMillis(200);
    private static final Duration REFUSED_AGAIN = Duration.ofSeconds(20);
    private static final String BY_CONFIG_MAP = "configMap";
    private static final int LOG_LINE = 500;
    private static final int UNPROCESSABLE = 422;

    private final Cluster cluster;
    private final Observer observer;
    private final Upstream upstream;
    private final Turnstile turnstile;
    private final Naming naming;
    private final CacheKeeper caches;
    private final Wakes wakes;
    private final EventRecorder events;
    private final OperatorMetrics metrics;
    private final Timelines timelines;
    private final boolean serverSideApply;
    private final Duration resync;
    private volatile @Nullable InformerEventSource<Pod, ImageBuild> podsSeen;
    /** When a running build's status was patched last, by the build's uid; cleared when its pods are gone. */
    private final Map<String, Instant> patched = new ConcurrentHashMap<>();

    /**
     * Wires it.
     *
     * @param serverSideApply how the status is patched; tests against servers that lack it say false
     * @param resync when a build is looked at again at the latest
     */
    ImageBuildReconciler(
            Cluster cluster,
            Observer observer,
            Upstream upstream,
            Naming naming,
            CacheKeeper caches,
            Wakes wakes,
            EventRecorder events,
            OperatorMetrics metrics,
            Timelines timelines,
            boolean serverSideApply,
            Duration resync) {
        this.cluster = cluster;
        this.observer = observer;
        this.upstream = upstream;
        this.naming = naming;
        this.caches = caches;
        this.wakes = wakes;
        this.turnstile = new Turnstile(this::pods, wakes, wakes::wake);
        metrics.queue(turnstile);
        this.events = events;
        this.metrics = metrics;
        this.timelines = timelines;
        this.serverSideApply = serverSideApply;
        this.resync = resync;
    }

    @Override
    public List<EventSource<?, ImageBuild>> prepareEventSources(EventSourceContext<ImageBuild> context) {
        wakes.over(context.getPrimaryCache());
        var pods = InformerEventSourceConfiguration.from(Pod.class, ImageBuild.class)
                .withLabelSelector(PodLabels.SELECTOR)
                .withSecondaryToPrimaryMapper(Mappers.fromOwnerReferences(ImageBuild.class))
                .withOnAddFilter(this::note)
                .withOnUpdateFilter((pod, before) -> note(pod))
                .withOnDeleteFilter((pod, stateUnknown) -> forget(pod))
                .withNamespacesInheritedFromController()
                .build();
        InformerEventSource<Pod, ImageBuild> builders = new InformerEventSource<>(pods, context);
        podsSeen = builders;
        context.getPrimaryCache().addIndexer(Wakes.BEGUN, Wakes::begun);
        return List.of(
                builders,
                new InformerEventSource<>(classes(context), context),
                new InformerEventSource<>(configMaps(context), context),
                wakes);
    }

    private Stream<Pod> pods() {
        InformerEventSource<Pod, ImageBuild> seen = podsSeen;
        return seen == null ? Stream.empty() : seen.list(pod -> true);
    }

    private static InformerEventSourceConfiguration<BuildClass> classes(EventSourceContext<ImageBuild> context) {
        return InformerEventSourceConfiguration.from(BuildClass.class, ImageBuild.class)
                .withWatchAllNamespaces()
                .withPrimaryToSecondaryMapper((ImageBuild build) -> Set.of(new ResourceID(className(build))))
                .withSecondaryToPrimaryMapper(changed -> context.getPrimaryCache()
                        .list(build ->
                                className(build).equals(changed.getMetadata().getName()))
                        .map(ResourceID::fromResource)
                        .collect(Collectors.toSet()))
                .build();
    }

    /** Only that a ConfigMap changed is of interest; of all that there are in a cluster no more than names is kept. */
    private static InformerEventSourceConfiguration<ConfigMap> configMaps(EventSourceContext<ImageBuild> context) {
        context.getPrimaryCache()
                .addIndexer(
                        BY_CONFIG_MAP,
                        build -> configMaps(build).map(ResourceID::toString).toList());
        return InformerEventSourceConfiguration.from(ConfigMap.class, ImageBuild.class)
                .withLabelSelector(PodLabels.NOT_OURS)
                .withItemStore(new ReducedStateItemStore<>(
                        ReducedStateItemStore.NAME_KEY_STATE,
                        ConfigMap.class,
                        context.getClient().getKubernetesSerialization()))
                .withPrimaryToSecondaryMapper(
                        (ImageBuild build) -> configMaps(build).collect(Collectors.toSet()))
                .withSecondaryToPrimaryMapper(changed ->
                        context
                                .getPrimaryCache()
                                .byIndex(
                                        BY_CONFIG_MAP,
                                        ResourceID.fromResource(changed).toString())
                                .stream()
                                .map(ResourceID::fromResource)
                                .collect(Collectors.toSet()))
                .withNamespacesInheritedFromController()
                .build();
    }

    private static Stream<ResourceID> configMaps(ImageBuild build) {
        return build.getSpec() == null
                ? Stream.empty()
                : Planner.configMaps(build.getSpec()).stream()
                        .map(name -> new ResourceID(name, build.getMetadata().getNamespace()));
    }

    /** That the watch tells of a pod is of interest in any case; when it does so is noted. */
    private boolean note(Pod pod) {
        timelines.seen(pod);
        return true;
    }

    /** What is kept about a pod goes with it, also where its build is gone and nothing is reconciled any more. */
    private boolean forget(Pod pod) {
        observer.forget(pod);
        pod.getMetadata().getOwnerReferences().forEach(owner -> patched.remove(owner.getUid()));
        return true;
    }

    private static String className(ImageBuild build) {
        return build.getSpec() == null ? BuildClass.DEFAULT : Planner.className(build.getSpec());
    }

    @Override
    public UpdateControl<ImageBuild> reconcile(ImageBuild build, Context<ImageBuild> context) {
        try (var _ = MDC.putCloseable("build", build.namespacedName())) {
            return decided(build, context);
        }
    }

    private UpdateControl<ImageBuild> decided(ImageBuild build, Context<ImageBuild> context) {
        if (build.getMetadata().getDeletionTimestamp() != null) {
            return UpdateControl.noUpdate(); // its pods go with it, since it owns them
        }
        Observer.Observation observation = observer.observe(build, context);
        Observed seen = observation.seen();
        Decision decided = rebased(build, seen, Decision.decide(seen));
        Decision admitted = admitted(build, seen, decided);
        timelines.decided(ResourceID.fromResource(build), observation, admitted);
        Decision decision = act(build, seen, admitted);
        if (seen.wanted() instanceof Wanted.Valid valid) {
            caches.note(build.getMetadata().getNamespace(), valid, decision instanceof Decision.Start);
        }
        Map<String, Progress.Seen> told = observation.told();
        ImageBuildStatus next = Statuses.next(
                seen, decision, told, observation.historyLimit(), order -> podName(build, seen.wanted(), order));
        tidy(build, seen, next);
        turnstile.turn(seen.now());
        publish(build, decision, next);
        if (next.equals(seen.status())) {
            if (decision instanceof Decision.Stall) {
                timelines.rests(ResourceID.fromResource(build)); // its end was recorded before
            }
            return rescheduled(UpdateControl.noUpdate(), sooner(again(seen, decision), sweep(build, seen)));
        }
        Optional<Duration> pause = pause(build, seen, decision, next);
        if (pause.isPresent()) {
            return rescheduled(UpdateControl.noUpdate(), pause);
        }
        tell(build, seen, decision, next);
        return rescheduled(UpdateControl.patchStatus(withStatus(build, next)), afterwards(seen, decision));
    }

    /** After an end is recorded it is seen once more: only then is it known what to look up, and what to keep how long. */
    private static Optional<Duration> afterwards(Observed seen, Decision decision) {
        boolean ended = decision instanceof Decision.Succeed
                || decision instanceof Decision.Stall
                || decision instanceof Decision.Rebase;
        return ended ? Optional.of(FOLLOW_UP) : again(seen, decision);
    }

    private static Optional<Duration> sooner(Optional<Duration> one, Optional<Duration> other) {
        return Stream.concat(one.stream(), other.stream()).min(Comparator.naturalOrder());
    }

    /** Takes away the pods of recorded ends that have stayed long enough; answers when the next has. */
    private Optional<Duration> sweep(ImageBuild build, Observed seen) {
        if (!(seen.wanted() instanceof Wanted.Valid valid)) {
            return Optional.empty();
        }
        Leftovers leftovers = Leftovers.of(seen, valid);
        leftovers.expired().forEach(pod -> cluster.deletePod(build.getMetadata().getNamespace(), pod));
        return leftovers.next();
    }

    /** Done here where it can be, so that no pod is needed; otherwise it is a builder's work after all. */
    private Decision rebased(ImageBuild build, Observed seen, Decision decision) {
        if (!(decision instanceof Decision.Rebase rebase) || !(seen.wanted() instanceof Wanted.Valid valid)) {
            return decision;
        }
        Reference image = Reference.parse(Objects.requireNonNull(seen.status().image()));
        try {
            Optional<Rebase.Result> result =
                    naming.rebase(valid, image, Triggers.latestBases(seen.status()), rebase.moved());
            if (result.isPresent()) {
                String digest = naming.name(valid, result.get().images());
                return new Decision.Rebase(rebase.moved(), result.get(), digest);
            }
        } catch (RegistryException e) {
            LOG.info(
                    "{}: the image is built, since it cannot be put on a moved base: {}",
                    build.namespacedName(),
                    e.getMessage());
        }
        return Decision.decide(seen.withoutRebase());
    }

    private Decision admitted(ImageBuild build, Observed seen, Decision decision) {
        return seen.wanted() instanceof Wanted.Valid valid ? turnstile.admit(build, seen, valid, decision) : decision;
    }

    /** What is looked at again in a day, for another reason, is looked at in time for what was lost, too. */
    private UpdateControl<ImageBuild> rescheduled(UpdateControl<ImageBuild> control, Optional<Duration> after) {
        after.map(time -> time.compareTo(resync) > 0 ? resync : time).ifPresent(control::rescheduleAfter);
        return control;
    }

    private void tell(ImageBuild build, Observed seen, Decision decision, ImageBuildStatus next) {
        if (decision instanceof Decision.Wait) {
            patched.put(build.getMetadata().getUid(), seen.now());
            LOG.debug("{}: {}", build.namespacedName(), decision);
        } else {
            patched.remove(build.getMetadata().getUid());
            LOG.info("{}: {}", build.namespacedName(), oneLine(decision));
        }
        boolean ends = (decision instanceof Decision.Succeed || decision instanceof Decision.Stall)
                && EventRecorder.isNews(seen.status().conditions(), next.conditions());
        metrics.decided(build, decision, next, ends);
        if (ends && isOf(seen.wanted(), next)) {
            timelines.ends(ResourceID.fromResource(build), next);
        }
        events.record(build, seen.status().conditions(), next.conditions());
        events.warned(build, EventRecorder.warnings(seen.status(), decision, next));
    }

    /** Whether the status tells of attempts at what is wanted: of a spec that cannot be built it keeps those at another one. */
    private static boolean isOf(Wanted wanted, ImageBuildStatus status) {
        return wanted instanceof Wanted.Valid valid
                && status.attempts().stream().anyMatch(attempt -> valid.hash().equals(attempt.inputs()));
    }

    /** How long a running build's next patch has to wait, which tells of steps only; a new reason never waits. */
    private Optional<Duration> pause(ImageBuild build, Observed seen, Decision decision, ImageBuildStatus next) {
        Instant last = patched.get(build.getMetadata().getUid());
        if (last == null
                || !(decision instanceof Decision.Wait)
                || !next.conditions().equals(seen.status().conditions())) {
            return Optional.empty();
        }
        Duration since = Duration.between(last, seen.now());
        return since.compareTo(BETWEEN_PATCHES) < 0 ? Optional.of(BETWEEN_PATCHES.minus(since)) : Optional.empty();
    }

    private static String oneLine(Decision decision) {
        return Text.cut(decision.toString().replaceAll("\\s+", " "), LOG_LINE);
    }

    private static String podName(ImageBuild build, Wanted wanted, Decision.Order order) {
        return wanted instanceof Wanted.Valid valid ? DesiredPod.name(build, valid.hash(), order) : "";
    }

    /** What is sent as the new status: nothing else, where the server merges; all of it, where it does not. */
    private ImageBuild withStatus(ImageBuild build, ImageBuildStatus status) {
        ImageBuild patch = new ImageBuild();
        if (serverSideApply) {
            patch.setMetadata(new ObjectMetaBuilder()
                    .withName(build.getMetadata().getName())
                    .withNamespace(build.getMetadata().getNamespace())
                    .build());
        } else {
            patch.setMetadata(build.getMetadata());
            patch.setSpec(build.getSpec());
        }
        patch.setStatus(status);
        return patch;
    }

    /** Carries a decision out and says what came of it: the decision itself, or what the API server made of it. */
    private Decision act(ImageBuild build, Observed seen, Decision decision) {
        String namespace = build.getMetadata().getNamespace();
        return switch (decision) {
            case Decision.Start start when seen.wanted() instanceof Wanted.Valid valid -> start(build, valid, start);
            case Decision.Retag retag
            when seen.wanted() instanceof Wanted.Valid valid -> retag(build, valid, seen, retag);
            case Decision.Join join
            when seen.wanted() instanceof Wanted.Valid valid -> join(namespace, valid, seen, join);
            case Decision.Clean clean -> {
                clean.pods().forEach(pod -> cluster.deletePod(namespace, pod));
                yield clean;
            }
            case Decision.Start start -> start;
            case Decision.Retag retag -> retag;
            case Decision.Join join -> join;
            case Decision.Queued queued -> queued;
            case Decision.Adopt adopt -> adopt;
            case Decision.Rebase rebase -> rebase;
            case Decision.Wait wait -> wait;
            case Decision.Hold hold -> hold;
            case Decision.Retry retry -> retry;
            case Decision.Succeed succeed -> succeed;
            case Decision.Settled settled -> settled;
            case Decision.Stall stall -> stall;
        };
    }

    /** The images are there under their digests; they get their names, and what is missing is not waited for any more. */
    private Decision join(String namespace, Wanted.Valid valid, Observed seen, Decision.Join join) {
        try {
            String digest = naming.name(valid, join.images());
            List<String> missing =
                    join.missing().stream().map(Platform::toString).toList();
            seen.pods().stream()
                    .filter(pod -> pod.active() && missing.contains(pod.platform()))
                    .forEach(pod -> cluster.deletePod(namespace, pod.name()));
            return new Decision.Succeed(digest, join.missing());
        } catch (RegistryException e) {
            return new Decision.Hold(Reason.NAMING_FAILED, String.valueOf(e.getMessage()), REFUSED_AGAIN);
        }
    }

    /** The image is there, so no builder is needed to give it its names back. */
    private Decision retag(ImageBuild build, Wanted.Valid valid, Observed seen, Decision.Retag retag) {
        try {
            String image = Objects.requireNonNull(seen.status().image());
            naming.tag(valid.access(), Reference.parse(image), retag.tags());
            upstream.hasten(ResourceID.fromResource(build), LookUps.Kind.IMAGE);
            events.restored(build, retag.tags(), image);
            return retag;
        } catch (RegistryException e) {
            return new Decision.Hold(Reason.NAMING_FAILED, String.valueOf(e.getMessage()), REFUSED_AGAIN);
        }
    }

    private Decision start(ImageBuild build, Wanted.Valid valid, Decision.Start start) {
        try {
            start.orders().forEach(order -> start(build, valid, order));
            return start;
        } catch (KubernetesClientException e) {
            start.orders().forEach(order -> turnstile.release(DesiredPod.name(build, valid.hash(), order)));
            return switch (e.getCode()) {
                case HttpURLConnection.HTTP_BAD_REQUEST, UNPROCESSABLE ->
                    new Decision.Stall(
                            Reason.INVALID_SPEC, "the API server does not take the builder pod: " + message(e));
                case HttpURLConnection.HTTP_FORBIDDEN, HttpURLConnection.HTTP_CONFLICT ->
                    new Decision.Hold(
                            Reason.POD_REFUSED, "the API server refused the builder pod: " + message(e), REFUSED_AGAIN);
                default -> throw e;
            };
        }
    }

    private void start(ImageBuild build, Wanted.Valid valid, Decision.Order order) {
        ResourceID id = ResourceID.fromResource(build);
        String pod = DesiredPod.name(build, valid.hash(), order);
        timelines.ordered(id, pod);
        create(build, valid, order);
        timelines.written(id, pod);
    }

    /** Where the class leaves the choice: user namespaces, or none at all where the namespace forbids them. */
    private void create(ImageBuild build, Wanted.Valid valid, Decision.Order order) {
        Isolation isolation = valid.pod().isolation();
        if (isolation != Isolation.AUTO) {
            cluster.create(new DesiredPod(build, valid, order, isolation));
            return;
        }
        try {
            cluster.create(new DesiredPod(build, valid, order, Isolation.USER_NAMESPACE));
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_FORBIDDEN || !message(e).contains("violates PodSecurity")) {
                throw e;
            }
            cluster.create(new DesiredPod(build, valid, order, Isolation.NONE));
        }
    }

    private static String message(KubernetesClientException e) {
        return e.getStatus() != null && e.getStatus().getMessage() != null
                ? e.getStatus().getMessage()
                : String.valueOf(e.getMessage());
    }

    /** Takes away what an attempt that has just ended leaves: its plan. Its pod stays, for its log. */
    private void tidy(ImageBuild build, Observed seen, ImageBuildStatus next) {
        for (Attempt attempt : next.attempts()) {
            if (attempt.state() != Attempt.State.RUNNING
                    && !seen.status().attempts().contains(attempt)) {
                cluster.deletePlan(build.getMetadata().getNamespace(), attempt.pod());
                took(seen, attempt);
            }
        }
    }

    private void took(Observed seen, Attempt attempt) {
        if (seen.wanted() instanceof Wanted.Valid valid && attempt.started() != null && attempt.finished() != null) {
            turnstile.took(
                    valid.course().className(),
                    Duration.between(Instant.parse(attempt.started()), Instant.parse(attempt.finished())));
        }
    }

    private void publish(ImageBuild build, Decision decision, ImageBuildStatus next) {
        if (decision instanceof Decision.Succeed || decision instanceof Decision.Settled) {
            DigestConfigMap.of(build, next.image()).ifPresent(cluster::publish);
        }
    }

    /** When to look again though nothing calls. */
    private static Optional<Duration> again(Observed seen, Decision decision) {
        return switch (decision) {
            case Decision.Wait wait ->
                Optional.of(
                        seen.pods().stream().anyMatch(pod -> pod.state() instanceof BuilderPod.State.Waiting)
                                ? Observer.SLOW_START
                                : WATCHFUL);
            case Decision.Hold hold -> Optional.of(hold.again());
            case Decision.Retry retry -> Optional.of(retry.after());
            case Decision.Start start -> Optional.of(Observer.SLOW_START);
            case Decision.Clean clean -> Optional.of(Observer.SLOW_START);
            case Decision.Succeed succeed -> untilDue(seen);
            case Decision.Settled settled -> untilDue(seen);
            case Decision.Adopt adopt -> untilDue(seen);
            case Decision.Rebase rebase -> untilDue(seen);
            case Decision.Queued queued -> Optional.of(queued.again());
            case Decision.Join join -> Optional.of(WATCHFUL);
            case Decision.Retag retag -> untilDue(seen);
            case Decision.Stall stall -> untilDue(seen);
        };
    }

    private static Optional<Duration> untilDue(Observed seen) {
        return Optional.ofNullable(seen.due())
                .map(due -> Duration.between(seen.now(), due).plusSeconds(1));
    }
}
