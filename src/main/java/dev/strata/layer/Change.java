package dev.strata.layer;

/**
 * One difference between a tree and the one below it: what a layer's tar says. Source: OCI image specification,
 * layer.md, "Change types" and "Whiteouts".
 */
public sealed interface Change {
    /** Path from the root, as {@link Tree} has them. */
    String path();

    /** The entry is new or replaces the one below. */
    record Put(String path, Node node) implements Change {}

    /** The entry below is gone. */
    record Remove(String path) implements Change {}

    /** All that is below in this directory is gone; what the layer puts there stays. */
    record Opaque(String path) implements Change {}
}
