/** Tests on a real cluster: what a user applies, and what the cluster and the registry then hold. */
@NullMarked
package dev.strata.e2e;

import org.jspecify.annotations.NullMarked;
