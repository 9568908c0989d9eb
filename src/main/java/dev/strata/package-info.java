/** The command line: {@link dev.strata.Main} wires everything by hand; one file per command. */
@NullMarked
package dev.strata;

import org.jspecify.annotations.NullMarked;
