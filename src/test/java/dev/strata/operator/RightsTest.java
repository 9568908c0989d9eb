package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.operator.Rights.Right;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The manifests give the rights that the operator uses: none is missing, none is too many. */
class RightsTest {
    private static <T extends HasMetadata> List<PolicyRule> rules(String file, Class<T> kind) throws IOException {
        return Stream.of(Files.readString(Path.of("manifests", file)).split("\n---\n"))
                .filter(document -> document.contains("kind: " + kind.getSimpleName() + "\n"))
                .map(document -> Serialization.unmarshal(document, kind))
                .map(role -> role instanceof ClusterRole all ? all.getRules() : ((Role) role).getRules())
                .findFirst()
                .orElseThrow();
    }

    private static List<Right> rights(List<PolicyRule> rules) {
        return rules.stream()
                .flatMap(rule -> rule.getApiGroups().stream()
                        .flatMap(group -> rule.getResources().stream()
                                .flatMap(resource ->
                                        rule.getVerbs().stream().map(verb -> new Right(group, resource, verb)))))
                .toList();
    }

    @Test
    void clusterWideTheyAreTheRightsInNamespacesAndInTheCluster() throws IOException {
        assertThat(rights(rules("cluster-wide/rbac.yaml", ClusterRole.class)))
                .containsExactlyInAnyOrderElementsOf(
                        Stream.concat(Rights.inNamespaces().stream(), Rights.inCluster().stream())
                                .toList());
    }

    @Test
    void forOneNamespaceTheyEndThere() throws IOException {
        assertThat(rights(rules("namespaced/rbac.yaml", ClusterRole.class)))
                .containsExactlyInAnyOrderElementsOf(Rights.inCluster());
        assertThat(rights(rules("namespaced/rbac.yaml", Role.class)))
                .containsExactlyInAnyOrderElementsOf(Rights.inNamespaces());
    }

    @Test
    void atHomeItIsTheLease() throws IOException {
        assertThat(rights(rules("operator/service-account.yaml", Role.class)))
                .containsExactlyInAnyOrderElementsOf(Rights.atHome());
    }
}
