/** Does a step that needs a root file system: snapshots, mounts, the OCI runtime. */
@NullMarked
package dev.strata.sandbox;

import org.jspecify.annotations.NullMarked;
