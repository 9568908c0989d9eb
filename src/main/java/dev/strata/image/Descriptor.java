package dev.strata.image;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What content is, how it is named and how long it is. Source: OCI image specification, descriptor.md.
 *
 * @param size bytes
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonIgnoreProperties(ignoreUnknown = true)
public record Descriptor(
        @JsonProperty(required = true) String mediaType,
        @JsonProperty(required = true) Digest digest,

        @JsonProperty(required = true) @JsonInclude(JsonInclude.Include.ALWAYS)
        long size,

        @Nullable Platform platform,
        @Nullable String artifactType,
        SortedMap<String, String> annotations) {

    public Descriptor {
        if (size < 0) {
            throw new IllegalArgumentException("size of " + digest + " is negative: " + size);
        }
        annotations = annotations == null
                ? Collections.emptySortedMap()
                : Collections.unmodifiableSortedMap(new TreeMap<>(annotations));
    }

    public Descriptor(String mediaType, Digest digest, long size) {
        this(mediaType, digest, size, null, null, Collections.emptySortedMap());
    }

    public Descriptor withPlatform(Platform newPlatform) {
        return new Descriptor(mediaType, digest, size, newPlatform, artifactType, annotations);
    }

    public Descriptor withAnnotations(SortedMap<String, String> newAnnotations) {
        return new Descriptor(mediaType, digest, size, platform, artifactType, newAnnotations);
    }
}
