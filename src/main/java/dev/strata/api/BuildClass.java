package dev.strata.api;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Version;
import org.jspecify.annotations.Nullable;

/** What the platform team decides for the builds that name this class; cluster-scoped. */
@Group(ImageBuild.GROUP)
@Version(ImageBuild.VERSION)
@AdditionalPrinterColumn(
        name = "Isolation",
        jsonPath = ".spec.isolation",
        type = AdditionalPrinterColumn.Type.STRING,
        getDescription = "How builder pods are kept apart from the node.")
@AdditionalPrinterColumn(
        name = "Timeout",
        jsonPath = ".spec.timeout",
        type = AdditionalPrinterColumn.Type.STRING,
        getDescription = "How long a build may take where it says nothing itself.")
@AdditionalPrinterColumn(
        name = "Age",
        jsonPath = ".metadata.creationTimestamp",
        type = AdditionalPrinterColumn.Type.DATE,
        getDescription = "How long ago the class was made.")
public final class BuildClass extends CustomResource<@Nullable BuildClassSpec, @Nullable Void> {
    /** The class of builds that name none; its absence means Strata's own defaults. */
    public static final String DEFAULT = "default";

    @Override
    protected @Nullable BuildClassSpec initSpec() {
        return null;
    }

    @Override
    protected @Nullable Void initStatus() {
        return null;
    }
}
