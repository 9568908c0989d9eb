package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What is installed: no more rights than are needed, and a pod that any namespace would take. */
class ManifestsTest {
    private static <T> T manifest(String file, Class<T> kind) throws IOException {
        return Stream.of(Files.readString(Path.of("manifests", file)).split("\n---\n"))
                .filter(document -> document.contains("kind: " + kind.getSimpleName() + "\n"))
                .map(document -> Serialization.unmarshal(document, kind))
                .findFirst()
                .orElseThrow();
    }

    private static List<PolicyRule> rules() throws IOException {
        return manifest("cluster-wide/rbac.yaml", ClusterRole.class).getRules();
    }

    @Test
    void secretsAreReadByNameOnly() throws IOException {
        assertThat(rules())
                .filteredOn(rule -> rule.getResources().contains("secrets"))
                .flatExtracting(PolicyRule::getVerbs)
                .containsExactly("get");
    }

    @Test
    void theOperatorMayNotTouchNodesNorExec() throws IOException {
        assertThat(rules())
                .flatExtracting(PolicyRule::getResources)
                .containsExactlyInAnyOrder(
                        "imagebuilds",
                        "buildclasses",
                        "imagebuilds/status",
                        "pods",
                        "pods/log",
                        "configmaps",
                        "serviceaccounts",
                        "secrets",
                        "events");
    }

    @Test
    void noRightIsGivenWholesale() throws IOException {
        assertThat(rules()).allSatisfy(rule -> {
            assertThat(rule.getVerbs()).doesNotContain("*");
            assertThat(rule.getResources()).doesNotContain("*");
            assertThat(rule.getApiGroups()).doesNotContain("*");
        });
    }

    @Test
    void theOperatorNeverWritesASpec() throws IOException {
        assertThat(rules())
                .filteredOn(rule -> rule.getResources().contains("imagebuilds"))
                .flatExtracting(PolicyRule::getVerbs)
                .containsOnly("get", "list", "watch");
    }

    @Test
    void theOperatorsPodIsRestricted() throws IOException {
        Deployment deployment = manifest("operator/deployment.yaml", Deployment.class);
        var pod = deployment.getSpec().getTemplate().getSpec();
        Container container = pod.getContainers().getFirst();

        assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
        assertThat(pod.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
        assertThat(container.getSecurityContext().getCapabilities().getDrop()).containsExactly("ALL");
        assertThat(container.getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
        assertThat(container.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
        assertThat(container.getImage()).as("where the scripts put a real name").startsWith("strata:");
    }
}
