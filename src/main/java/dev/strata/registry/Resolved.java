package dev.strata.registry;

import dev.strata.image.Descriptor;
import dev.strata.image.Reference;

/**
 * What a name denoted when it was asked.
 *
 * @param pinned the same repository with the digest
 * @param descriptor of the manifest or index
 * @param bytes the document itself, which hashes to the digest
 */
@SuppressWarnings("ArrayRecordComponent") // the document is for reading only; its digest is its identity
public record Resolved(Reference pinned, Descriptor descriptor, byte[] bytes) {}
