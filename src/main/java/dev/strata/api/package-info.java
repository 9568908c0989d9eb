/**
 * What a user writes and reads in the cluster: the CRDs as records, conditions, reasons.
 *
 * <p>Group {@code strata.dev}, version {@code v1alpha1}. {@link dev.strata.api.ImageBuild} says what to build;
 * {@link dev.strata.api.BuildClass} is what a platform team decides for all of them. Everything a user may leave out is
 * nullable here and gets its value in the operator, never by writing the spec. The CRDs in {@code crds/} are generated
 * from these records; a test fails where they differ.
 *
 * <p>Read first: {@link dev.strata.api.ImageBuildSpec}, {@link dev.strata.api.ImageBuildStatus}, {@link
 * dev.strata.api.Reason}.
 */
@NullMarked
package dev.strata.api;

import org.jspecify.annotations.NullMarked;
