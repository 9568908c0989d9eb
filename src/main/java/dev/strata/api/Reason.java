package dev.strata.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Arrays;
import java.util.stream.Collectors;

/** Why a condition is what it is, and what an event tells of: one list for both. */
public enum Reason {
    @JsonProperty("Succeeded")
    SUCCEEDED("The image for this spec is in the registry."),
    @JsonProperty("Starting")
    STARTING("A builder pod was made and has not begun to work."),
    @JsonProperty("Building")
    BUILDING("A builder pod works on this spec."),
    @JsonProperty("Held")
    HELD("A step has failed, and its file system is kept for a while, as spec.holdOnFailure says."),
    @JsonProperty("Unschedulable")
    UNSCHEDULABLE("No node can take the builder pod at the moment; it starts when one can."),
    @JsonProperty("BuilderImagePullFailed")
    BUILDER_IMAGE_PULL_FAILED("The node cannot pull the builder's image; it tries again by itself."),
    @JsonProperty("VolumeFailed")
    VOLUME_FAILED("A ConfigMap or secret that the builder pod mounts is missing or lacks a key; the node tries again."),
    @JsonProperty("ReferenceMissing")
    REFERENCE_MISSING(
            "A class, service account, ConfigMap or secret that the spec names does not exist; looked for again."),
    @JsonProperty("CacheCleaned")
    CACHE_CLEANED("An event only: the operator had a cache repository of the namespace cleaned up."),
    @JsonProperty("CacheNotCleaned")
    CACHE_NOT_CLEANED("An event only: a cache repository of the namespace could not be cleaned up; tried again later."),
    @JsonProperty("PodRefused")
    POD_REFUSED("The API server refused the builder pod (quota, policy); tried again with back-off."),
    @JsonProperty("Queued")
    QUEUED("The class's limit of builder pods is reached; status.queue says which place the build has."),
    @JsonProperty("SameInputs")
    SAME_INPUTS("Another build of the namespace builds the same inputs; this one takes its image when it is there."),
    @JsonProperty("Superseding")
    SUPERSEDING("The inputs changed during a build; the older builder pod is being stopped, or ends first."),
    @JsonProperty("BackingOff")
    BACKING_OFF("The last attempt failed for no fault of the spec; the next one follows by itself."),
    @JsonProperty("Suspended")
    SUSPENDED("The spec says that nothing new shall be started."),
    @JsonProperty("InvalidSpec")
    INVALID_SPEC("The spec asks for something that cannot be; it must be changed."),
    @JsonProperty("BuildFailed")
    BUILD_FAILED("The Dockerfile, the source or the spec is at fault; one of them must be changed."),
    @JsonProperty("TimedOut")
    TIMED_OUT("The build took longer than its timeout; make it shorter or the timeout longer."),
    @JsonProperty("OutOfMemory")
    OUT_OF_MEMORY("The builder needed more memory than its limit; raise pod.resources.limits.memory."),
    @JsonProperty("PodLost")
    POD_LOST("The builder pod was evicted, deleted or lost with its node; a new one goes on from the cache."),
    @JsonProperty("OutsideFailed")
    OUTSIDE_FAILED("A registry, source or network failed on every attempt."),
    @JsonProperty("NamingFailed")
    NAMING_FAILED("The image is pushed, but the registry does not take its tags or its index; tried again."),
    @JsonProperty("TagRestored")
    TAG_RESTORED("A tag that somebody else had overwritten was put back."),
    @JsonProperty("BuildWarnings")
    BUILD_WARNINGS("The build ended with warnings, such as lint findings; status.platforms[].warnings has them."),
    @JsonProperty("InternalError")
    INTERNAL_ERROR("Strata itself is at fault; please report it with the builder pod's log.");

    private final String meaning;

    Reason(String meaning) {
        this.meaning = meaning;
    }

    /** One sentence for the reader of a condition or an event. */
    public String meaning() {
        return meaning;
    }

    /** As the cluster writes it: {@code BuildFailed}. */
    public String word() {
        return Arrays.stream(name().split("_"))
                .map(part -> part.charAt(0) + part.substring(1).toLowerCase(java.util.Locale.ROOT))
                .collect(Collectors.joining());
    }
}
