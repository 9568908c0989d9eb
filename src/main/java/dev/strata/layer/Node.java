package dev.strata.layer;

import org.jspecify.annotations.Nullable;

/** An entry of a {@link Tree}, as {@code lstat} would tell it. Sockets are no nodes: they never enter a layer. */
public sealed interface Node {
    Metadata metadata();

    record Directory(Metadata metadata) implements Node {}

    /**
     * @param size bytes
     * @param link what tells hard links of one tree apart: entries with the same non-null value are one file
     */
    record RegularFile(
            Metadata metadata, long size, @Nullable String link) implements Node {}

    /** @param target as written in the link, never resolved */
    record SymbolicLink(Metadata metadata, String target) implements Node {}

    /** @param block true for a block device, false for a character device */
    record Device(Metadata metadata, boolean block, long major, long minor) implements Node {}

    record Fifo(Metadata metadata) implements Node {}
}
