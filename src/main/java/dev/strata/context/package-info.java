/** Brings the files of a build here. */
@NullMarked
package dev.strata.context;

import org.jspecify.annotations.NullMarked;
