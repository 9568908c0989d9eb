package dev.strata.operator;

import dev.strata.api.ImageBuild;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rights that the operator uses, and no other. {@code manifests/} and the chart give exactly these, which a test holds
 * them to; {@code strata operator --check} asks the cluster for each.
 */
public final class Rights {
    /** @param group the empty text is the core's */
    record Right(String group, String resource, String verb) {
        @Override
        public String toString() {
            return verb + " " + resource + (group.isEmpty() ? "" : "." + group);
        }
    }

    private Rights() {}

    /** In the namespaces that are served. */
    static List<Right> inNamespaces() {
        List<Right> rights = new ArrayList<>();
        add(rights, ImageBuild.GROUP, "imagebuilds", "get", "list", "watch");
        add(rights, ImageBuild.GROUP, "imagebuilds/status", "get", "patch", "update");
        add(rights, "", "pods", "get", "list", "watch", "create", "delete");
        add(rights, "", "pods/log", "get");
        add(rights, "", "configmaps", "get", "list", "watch", "create", "update", "delete");
        add(rights, "", "serviceaccounts", "get");
        add(rights, "", "secrets", "get");
        add(rights, "", "events", "list", "create");
        return rights;
    }

    /** In the whole cluster, whatever is served. */
    static List<Right> inCluster() {
        List<Right> rights = new ArrayList<>();
        add(rights, ImageBuild.GROUP, "buildclasses", "get", "list", "watch");
        return rights;
    }

    /** In the operator's own namespace. */
    static List<Right> atHome() {
        List<Right> rights = new ArrayList<>();
        add(rights, "", "pods", "get"); // its own, whose image is the builders' too
        add(rights, "coordination.k8s.io", "leases", "get", "create", "update", "patch");
        return rights;
    }

    private static void add(List<Right> rights, String group, String resource, String... verbs) {
        for (String verb : verbs) {
            rights.add(new Right(group, resource, verb));
        }
    }

    /**
     * Asks the cluster whether whoever asks has all rights.
     *
     * @param served the only namespace that is served; null for all
     * @param home of the lease; null where there is none
     * @return a sentence for each right that is missing
     */
    public static List<String> missing(KubernetesClient client, @Nullable String served, @Nullable String home) {
        List<String> missing = new ArrayList<>();
        ask(client, missing, inCluster(), null);
        ask(client, missing, inNamespaces(), served);
        if (home != null) {
            ask(client, missing, atHome(), home);
        }
        return missing;
    }

    private static void ask(
            KubernetesClient client, List<String> missing, List<Right> rights, @Nullable String namespace) {
        for (Right right : rights) {
            String[] resource = right.resource().split("/", 2);
            boolean allowed = client.authorization()
                    .v1()
                    .selfSubjectAccessReview()
                    .create(new SelfSubjectAccessReviewBuilder()
                            .withNewSpec()
                            .withNewResourceAttributes()
                            .withGroup(right.group())
                            .withResource(resource[0])
                            .withSubresource(resource.length == 2 ? resource[1] : null)
                            .withVerb(right.verb())
                            .withNamespace(namespace)
                            .endResourceAttributes()
                            .endSpec()
                            .build())
                    .getStatus()
                    .getAllowed();
            if (!allowed) {
                missing.add("the right to " + right + (namespace == null ? " in all namespaces" : " in " + namespace)
                        + " is missing; apply the roles of this version");
            }
        }
    }
}
