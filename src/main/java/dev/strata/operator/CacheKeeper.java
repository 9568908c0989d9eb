package dev.strata.operator;

import dev.strata.api.BuildClassSpec;
import dev.strata.api.BuildClassSpec.CleanUp;
import dev.strata.api.Reason;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has cache repositories cleaned up that nobody builds into any more: a builder cleans up after its own build, and where
 * none comes, a pod does. Few at a time, and none while another replica works.
 *
 * <p>Which repositories there are is kept in each namespace by {@link KnownCache}; what was noted since is in memory, and
 * noted anew by the next look at each build.
 */
final class CacheKeeper implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CacheKeeper.class);

    /** In the whole cluster; in a namespace there is one at a time. */
    private static final int MOST_PODS = 4;

    /** Twice as long as a pod may work. */
    private static final Duration STUCK = Duration.ofHours(1);

    /** A repository that no look at a build has named for so long is nobody's. */
    private static final Duration ABANDONED = Duration.ofHours(2);

    private final Cluster cluster;
    private final OperatorSettings settings;
    private final BooleanSupplier leads;
    private final EventRecorder events;
    private final OperatorMetrics metrics;
    private final Clock clock;
    private final Instant begun;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("cache-keeper").factory());
    /** By namespace and key: what the ConfigMaps do not say yet. */
    private final Map<Place, KnownCache> noted = new ConcurrentHashMap<>();

    private final Map<Place, Instant> seen = new ConcurrentHashMap<>();

    private record Place(String namespace, String key) {}

    /** @param leads whether this replica works */
    CacheKeeper(
            Cluster cluster,
            OperatorSettings settings,
            BooleanSupplier leads,
            EventRecorder events,
            OperatorMetrics metrics,
            Clock clock) {
        this.cluster = cluster;
        this.settings = settings;
        this.leads = leads;
        this.events = events;
        this.metrics = metrics;
        this.clock = clock;
        this.begun = clock.instant();
    }

    void start(Duration interval) {
        var _ = thread.scheduleWithFixedDelay(
                this::look, interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * Notes the repository of a build.
     *
     * @param starts whether a builder starts now, which will write there
     */
    void note(String namespace, Wanted.Valid wanted, boolean starts) {
        if (wanted.pod().plan().cache().repository() == null) {
            return;
        }
        KnownCache use = new KnownCache(
                wanted.pod().plan().cache().repository().repository(),
                wanted.course().className(),
                wanted.pod().serviceAccount(),
                starts ? clock.instant() : Instant.EPOCH,
                null);
        Place place = new Place(namespace, use.key());
        noted.merge(place, use, KnownCache::with);
        seen.put(place, clock.instant());
    }

    private void look() {
        try {
            if (leads.getAsBoolean()) {
                turn();
            }
        } catch (RuntimeException e) {
            LOG.warn("caches could not be looked after, which is tried again: {}", e.toString());
        }
    }

    /** One look at everything: what was noted is written, what has ended is told, what is due begins. */
    void turn() {
        write();
        List<ConfigMap> maps = cluster.caches(settings.namespace());
        Set<String> busy = new HashSet<>();
        boolean changed = false;
        for (Pod pod : cluster.cleanUpPods(settings.namespace())) {
            if (CleanUpPod.hasEnded(pod) || isStuck(pod)) {
                end(pod, maps);
                changed = true;
            } else {
                busy.add(pod.getMetadata().getNamespace());
            }
        }
        begin(changed ? cluster.caches(settings.namespace()) : maps, busy);
    }

    /** No node takes it, or none can start it: it makes room for others. */
    private boolean isStuck(Pod pod) {
        return Instant.parse(pod.getMetadata().getCreationTimestamp())
                .plus(STUCK)
                .isBefore(clock.instant());
    }

    private void write() {
        Map<String, List<Place>> byNamespace = new HashMap<>();
        noted.keySet()
                .forEach(place -> byNamespace
                        .computeIfAbsent(place.namespace(), name -> new ArrayList<>())
                        .add(place));
        byNamespace.forEach((namespace, places) -> {
            Map<Place, KnownCache> uses = new HashMap<>();
            places.forEach(place -> Optional.ofNullable(noted.remove(place)).ifPresent(use -> uses.put(place, use)));
            try {
                cluster.keepCaches(
                        namespace,
                        known -> uses.forEach(
                                (place, use) -> known.merge(place.key(), use, (before, now) -> before.with(now))));
            } catch (KubernetesClientException e) {
                // A namespace that is going away takes nothing; of all others the next look at a build notes it again.
                LOG.debug("the caches of {} were not noted: {}", namespace, e.toString());
            }
        });
    }

    private void end(Pod pod, List<ConfigMap> maps) {
        String namespace = pod.getMetadata().getNamespace();
        String name = pod.getMetadata().getName();
        for (ConfigMap map : maps) {
            if (map.getMetadata().getNamespace().equals(namespace)) {
                KnownCache.in(map).values().stream()
                        .filter(cache -> CleanUpPod.name(cache).equals(name))
                        .forEach(cache -> end(pod, map, cache));
            }
        }
        cluster.deletePod(namespace, name);
    }

    private void end(Pod pod, ConfigMap map, KnownCache cache) {
        String namespace = pod.getMetadata().getNamespace();
        Optional<CleanUpPod.Report> report = CleanUpPod.report(pod);
        metrics.cleanedUp(report);
        report.filter(done -> done.removed() > 0)
                .ifPresent(done -> events.about(
                        map,
                        "Normal",
                        Reason.CACHE_CLEANED,
                        done.removed() + " records were removed from " + cache.repository() + ", which frees "
                                + done.bytes() + " bytes; " + done.stays() + " stay"));
        if (report.isEmpty()) {
            events.about(
                    map,
                    "Warning",
                    Reason.CACHE_NOT_CLEANED,
                    cache.repository() + " could not be cleaned up: " + CleanUpPod.failure(pod));
        }
        boolean forget = report.isPresent() && report.get().stays() == 0 && isAbandoned(namespace, cache);
        cluster.keepCaches(namespace, known -> {
            if (forget) {
                known.remove(cache.key());
            } else {
                known.computeIfPresent(cache.key(), (key, same) -> same.cleanedAt(clock.instant()));
            }
        });
    }

    private boolean isAbandoned(String namespace, KnownCache cache) {
        Instant last = seen.getOrDefault(new Place(namespace, cache.key()), begun);
        return last.plus(ABANDONED).isBefore(clock.instant());
    }

    /** @param busy namespaces in which a pod is at work */
    private void begin(List<ConfigMap> maps, Set<String> busy) {
        if (maps.isEmpty() || busy.size() >= MOST_PODS) {
            return;
        }
        Map<String, BuildClassSpec> classes = cluster.classes();
        record Due(ConfigMap map, KnownCache cache, BuildClassSpec rules, Instant since) {}
        List<Due> due = new ArrayList<>();
        for (ConfigMap map : maps) {
            for (KnownCache cache : KnownCache.in(map).values()) {
                BuildClassSpec rules = classes.get(cache.className());
                CleanUp wanted = cleanUp(rules);
                if (wanted != null
                        && rules != null
                        && permits(rules, map.getMetadata().getNamespace(), cache)) {
                    next(cache, wanted)
                            .filter(time -> !time.isAfter(clock.instant()))
                            .ifPresent(time -> due.add(new Due(map, cache, rules, time)));
                }
            }
        }
        due.sort(Comparator.comparing(Due::since)
                .thenComparing(each -> each.cache().key()));
        for (Due each : due) {
            if (busy.size() < MOST_PODS && busy.add(each.map().getMetadata().getNamespace())) {
                begin(each.map(), each.cache(), each.rules());
            }
        }
    }

    private static @Nullable CleanUp cleanUp(@Nullable BuildClassSpec rules) {
        return rules == null || rules.cache() == null ? null : rules.cache().cleanUp();
    }

    /** The ConfigMap can be written by others: what the class allows to no build is not touched for them either. */
    private static boolean permits(BuildClassSpec rules, String namespace, KnownCache cache) {
        String template = rules.cache() == null ? null : rules.cache().image();
        return ClassRules.permits(rules, namespace, cache.repository())
                || (template != null
                        && cache.repository()
                                .startsWith(template.replace("{namespace}", namespace)
                                        .replaceFirst("\\{name}.*", "")));
    }

    /**
     * When a repository is cleaned up next: an interval after its last build, whose builder cleaned up, or its last
     * clean-up. Where only bytes are bounded, nothing becomes too much without a build.
     */
    static Optional<Instant> next(KnownCache cache, CleanUp wanted) {
        Instant cleaned = cache.cleaned();
        boolean since = cleaned == null || cache.used().isAfter(cleaned);
        if (!since && wanted.olderThan() == null) {
            return Optional.empty();
        }
        Duration interval = ClassDefaults.duration(wanted.interval() == null ? "24h" : wanted.interval());
        Instant last = cleaned == null || since ? cache.used() : cleaned;
        return Optional.of(last.plus(interval));
    }

    private void begin(ConfigMap map, KnownCache cache, BuildClassSpec rules) {
        String namespace = map.getMetadata().getNamespace();
        CleanUp wanted = cleanUp(rules);
        if (wanted == null) {
            return;
        }
        try {
            cluster.create(new CleanUpPod(
                    namespace, cache, rules, wanted, cluster.pullSecrets(namespace, cache.serviceAccount()), settings));
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_FORBIDDEN) {
                throw e;
            }
            events.about(
                    map,
                    "Warning",
                    Reason.CACHE_NOT_CLEANED,
                    cache.repository() + " could not be cleaned up: " + e.getMessage());
            cluster.keepCaches(
                    namespace,
                    known -> known.computeIfPresent(cache.key(), (key, same) -> same.cleanedAt(clock.instant())));
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }

    /** After {@link #close}: whether the look that was under way ends within this time. */
    boolean endsWithin(Duration patience) throws InterruptedException {
        return thread.awaitTermination(patience.toMillis(), TimeUnit.MILLISECONDS);
    }
}
