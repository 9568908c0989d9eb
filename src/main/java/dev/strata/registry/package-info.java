/** A client of OCI distribution: pull, push, mount, resume, referrers, tokens. */
@NullMarked
package dev.strata.registry;

import org.jspecify.annotations.NullMarked;
