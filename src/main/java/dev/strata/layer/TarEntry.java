package dev.strata.layer;

import java.util.List;

/** An entry of a tar, as the tar names it: nothing is cleaned and nothing believed. */
sealed interface TarEntry {
    /** As written: perhaps with {@code ./} before it, {@code /} after it, or {@code ..} in it. Holds no zero byte. */
    String name();

    Metadata metadata();

    /**
     * @param offset where in the tar the entry's content begins
     * @param extents of a sparse file, the parts that the tar holds one after the other; the rest is zeros. Empty where
     *     the content is there whole
     */
    record Present(String name, Node node, long offset, List<Extent> extents) implements TarEntry {
        public Present {
            extents = List.copyOf(extents);
        }

        @Override
        public Metadata metadata() {
            return node.metadata();
        }

        /** Whether only parts of the content are in the tar. */
        public boolean sparse() {
            return !extents.isEmpty();
        }
    }

    /** @param target as written: a name from the root of the tar, whatever it begins with */
    record HardLink(String name, Metadata metadata, String target) implements TarEntry {}

    /** Bytes of a sparse file that are there. */
    record Extent(long offset, long size) {}
}
