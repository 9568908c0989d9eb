/** What a user writes and reads in the cluster: the CRDs as records, conditions, reasons. */
@NullMarked
package dev.strata.api;

import org.jspecify.annotations.NullMarked;
