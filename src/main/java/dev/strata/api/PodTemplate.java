package dev.strata.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Size;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a class decides of builder pods: what a build may choose too, and what only the platform chooses. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record PodTemplate(
        @JsonPropertyDescription("Requests and limits of the builder's container.")
        PodSettings.@Nullable Resources resources,

        @JsonPropertyDescription("Labels that the node must have.")
        Map<String, String> nodeSelector,

        @Size(max = 32) @JsonPropertyDescription("Taints of nodes that do not keep the builder away.")
        List<PodSettings.Toleration> tolerations,

        @JsonPropertyDescription("Which nodes are wanted or preferred, and near which pods.") @Nullable
        Affinity affinity,

        @Size(max = 253) @JsonPropertyDescription("The RuntimeClass of builder pods.") @Nullable
        String runtimeClassName,

        @Size(max = 253) @JsonPropertyDescription("The scheduler that places builder pods.") @Nullable
        String schedulerName,

        @Size(max = 253)
        @JsonPropertyDescription("The PriorityClass of builder pods, which decides who is preempted for whom.")
        @Nullable
        String priorityClassName,

        @JsonPropertyDescription("Further labels of builder pods.")
        Map<String, String> labels,

        @JsonPropertyDescription("Further annotations of builder pods.")
        Map<String, String> annotations,

        @Default("false")
        @JsonPropertyDescription(
                "Whether a service mesh may take part in builder pods. Where not, they carry the labels and annotations by which Istio, Linkerd, Kuma and Consul leave a pod alone.")
        @Nullable
        Boolean serviceMesh) {

    public PodTemplate {
        nodeSelector = sorted(nodeSelector);
        tolerations = tolerations == null ? List.of() : List.copyOf(tolerations);
        labels = sorted(labels);
        annotations = sorted(annotations);
    }

    private static Map<String, String> sorted(@Nullable Map<String, String> map) {
        return map == null ? Map.of() : Collections.unmodifiableSortedMap(new TreeMap<>(map));
    }

    public static final PodTemplate NONE =
            new PodTemplate(null, Map.of(), List.of(), null, null, null, null, Map.of(), Map.of(), null);

    /** The part that a build may choose, too. */
    public PodSettings settings() {
        return new PodSettings(resources, nodeSelector, tolerations);
    }
}
