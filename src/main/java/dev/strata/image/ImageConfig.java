package dev.strata.image;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An image's configuration: what it runs on, how it runs, and of which differences it is made.
 *
 * <p>Source: OCI image specification, config.md; the members that only Docker knows are in {@link Execution}.
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonPropertyOrder({"created", "author", "architecture", "variant", "os", "os.version", "config", "rootfs", "history"})
public record ImageConfig(
        @Nullable Instant created,
        @Nullable String author,
        String architecture,
        @Nullable String variant,
        String os,
        @JsonProperty("os.version") @Nullable String osVersion,
        @JsonProperty("os.features") @Nullable List<String> osFeatures,
        @JsonInclude(JsonInclude.Include.ALWAYS) Execution config,
        RootFs rootfs,
        List<History> history) {

    public ImageConfig {
        config = config == null ? Execution.EMPTY : config;
        rootfs = rootfs == null ? new RootFs("layers", List.of()) : rootfs;
        history = history == null ? List.of() : List.copyOf(history);
    }

    /** The configuration of {@code FROM scratch}. */
    public static ImageConfig scratch(Platform platform) {
        return new ImageConfig(
                null,
                null,
                platform.architecture(),
                platform.variant(),
                platform.os(),
                platform.osVersion(),
                null,
                Execution.EMPTY,
                new RootFs("layers", List.of()),
                List.of());
    }

    /** @param diffIds digests of the uncompressed layers, bottom first */
    public record RootFs(
            String type,

            @JsonProperty("diff_ids") @JsonInclude(JsonInclude.Include.ALWAYS)
            List<Digest> diffIds) {
        public RootFs {
            diffIds = diffIds == null ? List.of() : List.copyOf(diffIds);
        }
    }

    /** One instruction's line in the image's history. */
    @JsonInclude(JsonInclude.Include.NON_DEFAULT)
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record History(
            @Nullable Instant created,
            @JsonProperty("created_by") @Nullable String createdBy,
            @Nullable String author,
            @Nullable String comment,
            @JsonProperty("empty_layer") boolean emptyLayer) {}

    public Platform platform() {
        return new Platform(os, architecture, variant, osVersion, osFeatures);
    }

    public ImageConfig with(Execution newConfig) {
        return new ImageConfig(
                created, author, architecture, variant, os, osVersion, osFeatures, newConfig, rootfs, history);
    }

    public ImageConfig withAuthor(@Nullable String newAuthor) {
        return new ImageConfig(
                created, newAuthor, architecture, variant, os, osVersion, osFeatures, config, rootfs, history);
    }

    public ImageConfig withCreated(@Nullable Instant newCreated) {
        return new ImageConfig(
                newCreated, author, architecture, variant, os, osVersion, osFeatures, config, rootfs, history);
    }

    public ImageConfig withPlatform(Platform platform) {
        return new ImageConfig(
                created,
                author,
                platform.architecture(),
                platform.variant(),
                platform.os(),
                platform.osVersion() == null ? osVersion : platform.osVersion(),
                platform.osFeatures() == null ? osFeatures : platform.osFeatures(),
                config,
                rootfs,
                history);
    }

    public ImageConfig withHistory(List<History> newHistory) {
        return new ImageConfig(
                created, author, architecture, variant, os, osVersion, osFeatures, config, rootfs, newHistory);
    }

    /** This configuration with one more history line, and one more layer unless {@code diffId} is null. */
    public ImageConfig plus(History line, @Nullable Digest diffId) {
        List<History> lines = new ArrayList<>(history);
        lines.add(line);
        List<Digest> diffIds = new ArrayList<>(rootfs.diffIds());
        if (diffId != null) {
            diffIds.add(diffId);
        }
        return new ImageConfig(
                created,
                author,
                architecture,
                variant,
                os,
                osVersion,
                osFeatures,
                config,
                new RootFs("layers", diffIds),
                lines);
    }
}
