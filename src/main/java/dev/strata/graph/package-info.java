/** Stages to steps, steps to keys, keys to results: from the cache or from a worker, in parallel. */
@NullMarked
package dev.strata.graph;

import org.jspecify.annotations.NullMarked;
