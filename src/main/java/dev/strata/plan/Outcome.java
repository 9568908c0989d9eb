package dev.strata.plan;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.strata.image.Digest;
import dev.strata.image.Reference;
import java.util.List;

/** How a build ended: the log's last line, and the termination message as its durable copy (4,096 bytes at most). */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Outcome.Built.class, name = "built"),
    @JsonSubTypes.Type(value = Outcome.Failed.class, name = "failed")
})
public sealed interface Outcome {
    /**
     * @param digest of the manifest
     * @param names what was pushed; empty for local outputs
     */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    record Built(Digest digest, List<Reference> names) implements Outcome {
        public Built {
            names = names == null ? List.of() : List.copyOf(names);
        }
    }

    record Failed(Failure failure) implements Outcome {}
}
