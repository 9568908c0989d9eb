package dev.strata.operator;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.net.URI;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where the replica is that works, by the lease that says so. */
final class Replicas implements HookServer.Leader {
    private final KubernetesClient client;
    private final StrataOperator.@Nullable Lease own;
    private final int hookPort;

    /**
     * @param own this replica's part in the lease; null where there is one replica only
     * @param hookPort of webhooks, at every replica
     */
    Replicas(KubernetesClient client, StrataOperator.@Nullable Lease own, int hookPort) {
        this.client = client;
        this.own = own;
        this.hookPort = hookPort;
    }

    @Override
    public Optional<URI> elsewhere() {
        if (own == null) {
            return Optional.empty();
        }
        return Leadership.holder(client, own.namespace())
                .filter(holder -> !holder.equals(own.identity()))
                .map(holder -> client.pods()
                        .inNamespace(own.namespace())
                        .withName(holder)
                        .get())
                .map(Pod::getStatus)
                .map(status -> status.getPodIP())
                .map(address -> URI.create(
                        "http://" + (address.contains(":") ? "[" + address + "]" : address) + ":" + hookPort));
    }
}
