/** Text to instructions with line numbers; expansion; ignore files; lint. */
@NullMarked
package dev.strata.dockerfile;

import org.jspecify.annotations.NullMarked;
