package dev.strata.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** As {@code core/v1} has it, less what a builder has no use for: fields, namespaces of other pods, and what is in beta. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Affinity(
        @JsonPropertyDescription("Which nodes are wanted or preferred.") @Nullable
        Nodes nodeAffinity,

        @JsonPropertyDescription("Near which pods of the build's namespace builders run.") @Nullable
        Pods podAffinity,

        @JsonPropertyDescription("Away from which pods of the build's namespace builders run.") @Nullable
        Pods podAntiAffinity) {

    private static final String REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
    private static final String PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Nodes(
            @JsonProperty(REQUIRED) @JsonPropertyDescription("What a node must have.") @Nullable
            Terms required,

            @Size(max = 32) @JsonProperty(PREFERRED) @JsonPropertyDescription("What is better for a node to have.")
            List<PreferredNode> preferred) {
        public Nodes {
            preferred = preferred == null ? List.of() : List.copyOf(preferred);
        }
    }

    public record Terms(
            @Required @Size(min = 1, max = 32) @JsonPropertyDescription("One of these must hold.")
            List<NodeTerm> nodeSelectorTerms) {
        public Terms {
            nodeSelectorTerms = nodeSelectorTerms == null ? List.of() : List.copyOf(nodeSelectorTerms);
        }
    }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record NodeTerm(
            @Size(max = 32) @JsonPropertyDescription("All of these must hold for the node's labels.")
            List<Requirement> matchExpressions) {
        public NodeTerm {
            matchExpressions = matchExpressions == null ? List.of() : List.copyOf(matchExpressions);
        }
    }

    public record PreferredNode(
            @Required @Min(1) @Max(100) @JsonPropertyDescription("How much it weighs, from 1 to 100.") @Nullable
            Integer weight,

            @Required @JsonPropertyDescription("What the node's labels are to be.") @Nullable
            NodeTerm preference) {}

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Pods(
            @Size(max = 32) @JsonProperty(REQUIRED) @JsonPropertyDescription("What must hold.")
            List<PodTerm> required,

            @Size(max = 32) @JsonProperty(PREFERRED) @JsonPropertyDescription("What is better where it holds.")
            List<PreferredPods> preferred) {
        public Pods {
            required = required == null ? List.of() : List.copyOf(required);
            preferred = preferred == null ? List.of() : List.copyOf(preferred);
        }
    }

    public record PreferredPods(
            @Required @Min(1) @Max(100) @JsonPropertyDescription("How much it weighs, from 1 to 100.") @Nullable
            Integer weight,

            @Required @JsonPropertyDescription("The pods, and how near.") @Nullable
            PodTerm podAffinityTerm) {}

    public record PodTerm(
            @Required @JsonPropertyDescription("The pods, by their labels.") @Nullable
            Selector labelSelector,

            @Required
            @Size(min = 1, max = 316)
            @JsonPropertyDescription("The label of nodes whose value is the same for those that count as one place.")
            @Nullable
            String topologyKey) {}

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Selector(
            @JsonPropertyDescription("Labels with exactly these values.")
            Map<String, String> matchLabels,

            @Size(max = 32) @JsonPropertyDescription("Further requirements on labels.")
            List<Requirement> matchExpressions) {
        public Selector {
            matchLabels = matchLabels == null ? Map.of() : Map.copyOf(matchLabels);
            matchExpressions = matchExpressions == null ? List.of() : List.copyOf(matchExpressions);
        }
    }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Requirement(
            @Required @Size(min = 1, max = 316) @JsonPropertyDescription("The label's key.") @Nullable
            String key,

            @Required
            @Pattern("^(In|NotIn|Exists|DoesNotExist|Gt|Lt)$")
            @JsonPropertyDescription("In, NotIn, Exists, DoesNotExist and, for nodes, Gt and Lt.")
            @Nullable
            String operator,

            @Size(max = 64) @JsonPropertyDescription("The values that the label is compared with.")
            List<String> values) {
        public Requirement {
            values = values == null ? List.of() : List.copyOf(values);
        }
    }
}
