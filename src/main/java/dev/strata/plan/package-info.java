/** The whole conversation between operator and builder: plan in, events and outcome out. */
@NullMarked
package dev.strata.plan;

import org.jspecify.annotations.NullMarked;
