package dev.strata.operator;

import dev.strata.api.ImageBuild;
import io.fabric8.kubernetes.api.model.Secret;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices that a secret has changed which a build names. The operator may neither list nor watch secrets, so each one is
 * asked for by its name, round after round, and no more of it is kept than its version. However many there are, the API
 * server is asked some twenty times a second at most; a round over more of them takes longer.
 */
final class SecretVersions implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SecretVersions.class);
    private static final Duration BETWEEN_REQUESTS = Duration.ofMillis(50);
    private static final String GONE = "gone";

    /** Reads one secret. */
    interface Secrets {
        Optional<Secret> secret(String namespace, String name);
    }

    private final Secrets secrets;
    private final Supplier<Stream<ImageBuild>> builds;
    private final Consumer<ResourceID> changed;
    private final Duration round;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Map<ResourceID, String> versions = new HashMap<>();

    /**
     * @param builds all that there are; none while this replica does not lead
     * @param changed told of each build that names a secret which is new, gone, or another than a round before
     * @param round the pause between two rounds
     */
    SecretVersions(Secrets secrets, Supplier<Stream<ImageBuild>> builds, Consumer<ResourceID> changed, Duration round) {
        this.secrets = secrets;
        this.builds = builds;
        this.changed = changed;
        this.round = round;
    }

    void start() {
        Thread.ofVirtual().name("secret-versions").start(this::run);
    }

    private void run() {
        try {
            while (!closed.await(round.toMillis(), TimeUnit.MILLISECONDS)) {
                look();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void look() throws InterruptedException {
        SequencedMap<ResourceID, List<ResourceID>> named = named();
        versions.keySet().retainAll(named.keySet());
        for (Map.Entry<ResourceID, List<ResourceID>> each : named.entrySet()) {
            if (look(each.getKey())) {
                each.getValue().forEach(changed);
            }
            if (closed.await(BETWEEN_REQUESTS.toMillis(), TimeUnit.MILLISECONDS)) {
                return;
            }
        }
    }

    /** By secret, the builds that name it. */
    private SequencedMap<ResourceID, List<ResourceID>> named() {
        SequencedMap<ResourceID, List<ResourceID>> named = new TreeMap<>(Turnstile.BY_NAME);
        builds.get()
                .filter(build -> build.getSpec() != null)
                .forEach(build -> Planner.namedSecrets(build.getSpec())
                        .forEach(name -> named.computeIfAbsent(
                                        new ResourceID(name, build.getMetadata().getNamespace()),
                                        unknown -> new ArrayList<>())
                                .add(ResourceID.fromResource(build))));
        return named;
    }

    /**
     * Whether a secret is another than it was. The first look counts as well: whoever has read the secret before it may
     * have read an older version.
     */
    private boolean look(ResourceID secret) {
        try {
            String version = secrets.secret(secret.getNamespace().orElse(""), secret.getName())
                    .map(SecretVersions::version)
                    .orElse(GONE);
            return !version.equals(versions.put(secret, version));
        } catch (RuntimeException e) { // the next round asks again, whatever it was
            LOG.debug("the secret {} cannot be looked at: {}", secret, e.getMessage());
            return false;
        }
    }

    private static String version(Secret secret) {
        return secret.getMetadata().getUid() + " " + secret.getMetadata().getResourceVersion();
    }

    @Override
    public void close() {
        closed.countDown();
    }
}
