package dev.strata.e2e;

import io.fabric8.kubernetes.api.model.NodeAddress;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import org.junit.jupiter.api.Assumptions;

/**
 * The cluster of {@code KUBECONFIG} with its operator installed, and this machine as its pods see it. The registry is the
 * one at port 5000 of the node's address, as {@code cluster/up.sh} lays it out.
 */
final class TestCluster {
    /** Where the operator lives. */
    static final String OPERATOR_NAMESPACE = "strata-system";

    private static final String KUBECONFIG = System.getenv().getOrDefault("KUBECONFIG", "");

    final KubernetesClient client;

    /** An address of this machine that pods reach, too. */
    final String address;

    private TestCluster(KubernetesClient client) {
        this.client = client;
        this.address = client.nodes().list().getItems().getFirst().getStatus().getAddresses().stream()
                .filter(address -> address.getType().equals("InternalIP"))
                .map(NodeAddress::getAddress)
                .findFirst()
                .orElseThrow();
    }

    private static final class Shared {
        /**
         * After a start, and when a definition has changed, the API server asks for patience for some seconds (429, storage is
         * (re)initializing). What it refuses for good, which some tests are about, is not asked for again anyway.
         */
        static final TestCluster INSTANCE = new TestCluster(new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder(Config.autoConfigure(null))
                        .withRequestRetryBackoffLimit(8)
                        .build())
                .build());
    }

    /** One client for all tests; skips the calling test where no cluster was given. */
    static TestCluster connect() {
        Assumptions.assumeFalse(
                KUBECONFIG.isEmpty(), "KUBECONFIG is not set; make cluster-test brings a cluster up and sets it");
        return Shared.INSTANCE;
    }

    /** Host and port of the real registry. */
    String registry() {
        return address + ":5000";
    }

    /** Before 1.35 only {@code privileged} admits what {@code baseline} does since: a pod that masks nothing of its own /proc. */
    String admitting(String level) {
        int minor = Integer.parseInt(client.getKubernetesVersion().getMinor().replaceAll("\\D", ""));
        return level.equals("baseline") && minor < 35 ? "privileged" : level;
    }

    /** The image of the operator that works here, which is that of builders, too. */
    static String operatorImage(KubernetesClient client) {
        return client.apps()
                .deployments()
                .inNamespace(OPERATOR_NAMESPACE)
                .withName("strata")
                .require()
                .getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .getFirst()
                .getImage();
    }
}
