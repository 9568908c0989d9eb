/** Observe, decide, act; builder pods; status. */
@NullMarked
package dev.strata.operator;

import org.jspecify.annotations.NullMarked;
