/** One build from plan to outcome: the only meeting place of the engine's packages. */
@NullMarked
package dev.strata.builder;

import org.jspecify.annotations.NullMarked;
