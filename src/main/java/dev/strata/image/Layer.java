package dev.strata.image;

/**
 * A difference between two file trees: the compressed tar that a registry keeps, and the name of the tar itself.
 *
 * @param blob the bytes in the registry (tar, perhaps compressed)
 * @param diffId the digest of the uncompressed tar, as the image's config lists it
 */
public record Layer(Descriptor blob, Digest diffId) {}
