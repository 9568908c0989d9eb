package dev.strata.operator;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfiguration;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfigurationBuilder;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether this replica is the one that works. The framework takes the lease and renews it, but gives it away in no case, and
 * goes on working when it has lost it: both is seen to here. Whoever has lost it ends, and its next start waits for it like
 * any other replica.
 */
final class Leadership {
    private static final Logger LOG = LoggerFactory.getLogger(Leadership.class);
    /** The name of the lease. */
    static final String LEASE = "strata-operator";

    private static final Duration DURATION = Duration.ofSeconds(12);
    private static final Duration RENEWAL = Duration.ofSeconds(8);
    private static final Duration RETRY = Duration.ofMillis(1500);
    /** What client-go writes into a lease that it gives away; zero is refused. */
    private static final int RELEASED_SECONDS = 1;

    private final KubernetesClient client;
    private final StrataOperator.@Nullable Lease own;
    private final OperatorMetrics metrics;
    private final Clock clock;
    private volatile boolean leads;
    /** Whether this replica has held the lease at any time. */
    private volatile boolean led;

    private volatile boolean ending;

    /** @param own this replica's part in the lease; null where there is one replica only, which always leads */
    Leadership(KubernetesClient client, StrataOperator.@Nullable Lease own, OperatorMetrics metrics, Clock clock) {
        this.client = client;
        this.own = own;
        this.metrics = metrics;
        this.clock = clock;
        leads(own == null);
    }

    /** Whether this replica works. */
    boolean leads() {
        return leads;
    }

    private void leads(boolean yes) {
        leads = yes;
        metrics.leads(yes);
    }

    /** How the framework takes part for this replica; nothing where there is no lease. */
    Optional<LeaderElectionConfiguration> election() {
        if (own == null) {
            return Optional.empty();
        }
        return Optional.of(LeaderElectionConfigurationBuilder.aLeaderElectionConfiguration(LEASE)
                .withLeaseNamespace(own.namespace())
                .withIdentity(own.identity())
                .withLeaseDuration(DURATION)
                .withRenewDeadline(RENEWAL)
                .withRetryPeriod(RETRY)
                .withLeaderCallbacks(new LeaderCallbacks(this::taken, () -> stopped(own), Leadership::tell))
                .build());
    }

    /** @param holder nobody where the lease was given away */
    private static void tell(@Nullable String holder) {
        if (holder != null && !holder.isEmpty()) {
            LOG.info("the replica {} works", holder);
        }
    }

    private void taken() {
        led = true;
        leads(true);
    }

    /** In a thread of its own: that of the election is waited for when this replica ends. */
    private void stopped(StrataOperator.Lease lease) {
        leads(false);
        if (!ending) {
            LOG.error("the lease {}/{} is lost; this replica ends", lease.namespace(), LEASE);
            Thread.ofPlatform().name("lease-lost").start(lease.lost());
        }
    }

    /** From here on it is no mishap that this replica stops leading. */
    void end() {
        ending = true;
    }

    /** What writes into the cluster and was told to stop. */
    interface Work {
        boolean endsWithin(Duration patience) throws InterruptedException;
    }

    /**
     * Gives the lease away, if it is still this replica's, so that the next one need not wait for its end. Not where
     * something still works here: then two would.
     */
    void release(Duration patience, Work... works) {
        if (own == null || !led) {
            return;
        }
        try {
            for (Work work : works) {
                if (!work.endsWithin(patience)) {
                    kept(own, "not everything has stopped");
                    return;
                }
            }
            release(own);
        } catch (KubernetesClientException e) {
            kept(own, e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            kept(own, "the end was cut short");
        }
    }

    private void release(StrataOperator.Lease lease) {
        Lease held =
                client.leases().inNamespace(lease.namespace()).withName(LEASE).get();
        if (held != null && holder(held.getSpec()).equals(Optional.of(lease.identity()))) {
            // With the version that was read: whoever took it since keeps it.
            client.resource(released(held)).update();
            LOG.info("the lease {}/{} is given away", lease.namespace(), LEASE);
        }
    }

    private static void kept(StrataOperator.Lease lease, String why) {
        LOG.warn(
                "the lease {}/{} is not given away, so another replica works only when it has ended, in {} s: {}",
                lease.namespace(),
                LEASE,
                DURATION.toSeconds(),
                why);
    }

    private Lease released(Lease held) {
        ZonedDateTime now = clock.instant().atZone(ZoneOffset.UTC);
        return new LeaseBuilder(held)
                .editSpec()
                .withHolderIdentity("")
                .withLeaseDurationSeconds(RELEASED_SECONDS)
                .withAcquireTime(now)
                .withRenewTime(now)
                .endSpec()
                .build();
    }

    /** Who holds the lease in this namespace, in time or not. */
    static Optional<String> holder(KubernetesClient client, String namespace) {
        return lease(client, namespace).flatMap(Leadership::holder);
    }

    private static Optional<String> holder(LeaseSpec lease) {
        return Optional.ofNullable(lease.getHolderIdentity()).filter(holder -> !holder.isEmpty());
    }

    /** Whether a replica holds the lease in this namespace and has renewed it in time. */
    static boolean isLed(KubernetesClient client, String namespace, Clock clock) {
        return lease(client, namespace)
                .filter(lease -> holder(lease).isPresent())
                .map(LeaseSpec::getRenewTime)
                .filter(renewed -> renewed.toInstant().plus(DURATION).isAfter(clock.instant()))
                .isPresent();
    }

    private static Optional<LeaseSpec> lease(KubernetesClient client, String namespace) {
        return Optional.ofNullable(
                        client.leases().inNamespace(namespace).withName(LEASE).get())
                .map(Lease::getSpec);
    }
}
