/** Trees of files to layers and back: diff, tar, compression, digests; never outside the root. */
@NullMarked
package dev.strata.layer;

import org.jspecify.annotations.NullMarked;
