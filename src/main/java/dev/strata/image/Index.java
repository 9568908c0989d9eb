package dev.strata.image;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Several manifests under one name, usually one a platform. Source: OCI image specification 1.1, image-index.md. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonIgnoreProperties(ignoreUnknown = true)
public record Index(
        int schemaVersion,
        @Nullable String mediaType,
        @Nullable String artifactType,
        @JsonInclude(JsonInclude.Include.ALWAYS) List<Descriptor> manifests,
        @Nullable Descriptor subject,
        SortedMap<String, String> annotations) {

    public Index {
        manifests = manifests == null ? List.of() : List.copyOf(manifests);
        annotations = annotations == null
                ? Collections.emptySortedMap()
                : Collections.unmodifiableSortedMap(new TreeMap<>(annotations));
    }

    public static Index of(List<Descriptor> manifests, SortedMap<String, String> annotations) {
        return new Index(2, MediaTypes.INDEX, null, manifests, null, annotations);
    }
}
