package dev.strata.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import java.util.Locale;

/**
 * One condition as {@code meta/v1} has it. The three types are those of kstatus, so that Argo CD, Flux and {@code kubectl
 * wait} understand a build without being taught.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Condition(
        @JsonPropertyDescription("Ready, Reconciling or Stalled.")
        Type type,

        @JsonPropertyDescription("True, False or Unknown.") Status status,

        @JsonPropertyDescription("Why, in a word.") Reason reason,

        @JsonPropertyDescription("Why, in a sentence.") String message,

        @JsonPropertyDescription("Since when the status is what it is, in RFC 3339.")
        String lastTransitionTime,

        @JsonPropertyDescription("The generation of the spec that this was said of.")
        long observedGeneration) {

    public enum Type {
        /** True: the image for this spec is in the registry. */
        @JsonProperty("Ready")
        READY,
        /** True: work is under way or will go on by itself. Absent otherwise. */
        @JsonProperty("Reconciling")
        RECONCILING,
        /** True: nothing happens until a person changes something. Absent otherwise. */
        @JsonProperty("Stalled")
        STALLED;

        /** As the cluster writes it. */
        public String word() {
            return name().charAt(0) + name().substring(1).toLowerCase(Locale.ROOT);
        }
    }

    public enum Status {
        @JsonProperty("True")
        TRUE,
        @JsonProperty("False")
        FALSE,
        @JsonProperty("Unknown")
        UNKNOWN
    }
}
