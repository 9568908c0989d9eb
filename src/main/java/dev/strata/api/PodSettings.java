package dev.strata.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Size;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What may be chosen of a builder pod: by a class for all builds, by a build for itself. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record PodSettings(
        @JsonPropertyDescription("Requests and limits of the builder's container.") @Nullable
        Resources resources,

        @JsonPropertyDescription("Labels that the node must have.")
        Map<String, String> nodeSelector,

        @Size(max = 32) @JsonPropertyDescription("Taints of nodes that do not keep the builder away.")
        List<Toleration> tolerations) {

    public PodSettings {
        nodeSelector = sorted(nodeSelector);
        tolerations = tolerations == null ? List.of() : List.copyOf(tolerations);
    }

    private static <V> Map<String, V> sorted(@Nullable Map<String, V> map) {
        return map == null ? Map.of() : Collections.unmodifiableSortedMap(new TreeMap<>(map));
    }

    public static final PodSettings NONE = new PodSettings(null, Map.of(), List.of());

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Resources(
            @JsonPropertyDescription("What the scheduler sets aside: cpu, memory, ephemeral-storage, as in every pod.")
            Map<String, Quantity> requests,

            @JsonPropertyDescription(
                    "What the builder may never exceed: cpu, memory, ephemeral-storage, as in every pod.")
            Map<String, Quantity> limits) {
        public Resources {
            requests = sorted(requests);
            limits = sorted(limits);
        }
    }

    /** As {@code core/v1} has it. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Toleration(
            @Size(max = 316) @JsonPropertyDescription("The taint's key; every taint where it is left out.") @Nullable
            String key,

            @Pattern("^(Exists|Equal)$")
            @JsonPropertyDescription("Exists, or Equal (the default) to the value.")
            @Nullable
            String operator,

            @Size(max = 63) @JsonPropertyDescription("The taint's value, for the operator Equal.") @Nullable
            String value,

            @Pattern("^(NoSchedule|PreferNoSchedule|NoExecute)$")
            @JsonPropertyDescription(
                    "The taint's effect: NoSchedule, PreferNoSchedule or NoExecute; every effect where it is left out.")
            @Nullable
            String effect,

            @JsonPropertyDescription("How many seconds a NoExecute taint is borne; for ever where it is left out.")
            @Nullable
            Long tolerationSeconds) {}
}
