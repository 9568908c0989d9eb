/**
 * Observe, decide, act; builder pods; status.
 *
 * <p>The operator has rights in the cluster and never runs or unpacks content; the builder handles content and has no
 * rights in the cluster. Between them lie a plan ({@code plan.Plan} in a ConfigMap) and a log ({@code plan.EventLog}).
 *
 * <ul>
 *   <li><em>Inputs</em> are all that can change an image or its place; their hash decides whether there is work.
 *   <li>An <em>attempt</em> is one builder pod for some inputs. Its name is determined by them and its number, so the API
 *       server refuses a second one.
 *   <li><em>Progress</em> is what a builder's log has told so far; the same log gives the same progress.
 *   <li>An <em>outcome</em> is the builder's own last word; where there is none the cluster says how a pod died.
 * </ul>
 *
 * <p>Read first: {@link dev.strata.operator.Decision}, a pure function over {@link dev.strata.operator.Observed}; then
 * {@link dev.strata.operator.ImageBuildReconciler}, which carries it out, and {@link dev.strata.operator.Statuses}, which
 * tells of it. {@link dev.strata.operator.Planner} and {@link dev.strata.operator.DesiredPod} say what a builder gets.
 */
@NullMarked
package dev.strata.operator;

import org.jspecify.annotations.NullMarked;
