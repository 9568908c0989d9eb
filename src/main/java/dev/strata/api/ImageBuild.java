package dev.strata.api;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;
import org.jspecify.annotations.Nullable;

/** One image that shall be in a registry: what to build, and what came of it. */
@Group(ImageBuild.GROUP)
@Version(ImageBuild.VERSION)
@ShortNames("imgb")
@AdditionalPrinterColumn(
        name = "Ready",
        jsonPath = ".status.conditions[?(@.type==\"Ready\")].status",
        type = AdditionalPrinterColumn.Type.STRING,
        getDescription = "Whether the image for this spec is in the registry.")
@AdditionalPrinterColumn(
        name = "Reason",
        jsonPath = ".status.conditions[?(@.type==\"Ready\")].reason",
        type = AdditionalPrinterColumn.Type.STRING,
        getDescription = "Why it is so, in a word.")
@AdditionalPrinterColumn(
        name = "Image",
        jsonPath = ".status.image",
        type = AdditionalPrinterColumn.Type.STRING,
        getDescription = "The last good image, by digest.")
@AdditionalPrinterColumn(
        name = "Layers",
        jsonPath = ".status.summary.layers",
        type = AdditionalPrinterColumn.Type.INTEGER,
        getDescription = "How many layers that image has.")
@AdditionalPrinterColumn(
        name = "Cached",
        jsonPath = ".status.summary.cached",
        type = AdditionalPrinterColumn.Type.STRING,
        getDescription = "How many of the latest build's steps came from the cache.")
@AdditionalPrinterColumn(
        name = "Age",
        jsonPath = ".metadata.creationTimestamp",
        type = AdditionalPrinterColumn.Type.DATE,
        getDescription = "How long ago the resource was made.")
public final class ImageBuild extends CustomResource<@Nullable ImageBuildSpec, @Nullable ImageBuildStatus>
        implements Namespaced {
    public static final String GROUP = "strata.dev";
    public static final String VERSION = "v1alpha1";

    /** An annotation of the resource: another value than before asks for a new build of the same inputs. */
    public static final String REBUILD = GROUP + "/rebuild";

    @Override
    protected @Nullable ImageBuildSpec initSpec() {
        return null;
    }

    @Override
    protected @Nullable ImageBuildStatus initStatus() {
        return null;
    }

    /** Where it is, as logs and messages name it. */
    @JsonIgnore
    public String namespacedName() {
        return getMetadata().getNamespace() + "/" + getMetadata().getName();
    }
}
