/** The OCI nouns as values, their JSON, and the store that holds their bytes. */
@NullMarked
package dev.strata.image;

import org.jspecify.annotations.NullMarked;
