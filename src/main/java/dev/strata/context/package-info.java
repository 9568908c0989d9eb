/**
 * Brings the files of a build here.
 *
 * <p>A <em>source</em> ({@link dev.strata.plan.Plan.Source}) says where files come from; a <em>context</em> ({@link
 * dev.strata.context.Context}) is the files, here, with a revision that tells them from others of the same source. A
 * <em>volume</em> is a folder that the kubelet mounts. <em>Credentials</em> are always a folder with a file a key, as a
 * mounted secret is; they leave it only towards the host that they are for.
 *
 * <p>Read first: {@link dev.strata.context.Contexts#fetch}. {@link dev.strata.context.Git} and {@link
 * dev.strata.context.Http} also serve ADD.
 */
@NullMarked
package dev.strata.context;

import org.jspecify.annotations.NullMarked;
