package dev.strata.image;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The name of an image, normalised as docker does: {@code ubuntu} is {@code docker.io/library/ubuntu}.
 *
 * @param domain registry's host with its port, such as {@code docker.io} or {@code localhost:5000}
 * @param path repository, such as {@code library/ubuntu}
 * @param tag null where none was written; {@link #tagOrLatest} gives the default
 */
public record Reference(
        String domain,
        String path,
        @Nullable String tag,
        @Nullable Digest digest) {
    private static final String HUB = "docker.io";

    /** Reads and normalises a name; an {@link IllegalArgumentException} says which rule was broken. */
    @JsonCreator
    public static Reference parse(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("image name \"\": it is empty, it has no repository name");
        }
        if (ReferenceText.isIdentifier(text)) {
            throw new IllegalArgumentException(
                    "image name \"" + text + "\": 64 hexadecimal digits are a hash, not a name");
        }
        int slash = text.indexOf('/');
        boolean namesDomain = slash >= 0 && looksLikeDomain(text.substring(0, slash));
        String domain = namesDomain ? text.substring(0, slash) : HUB;
        String rest = namesDomain ? text.substring(slash + 1) : text;
        if (namesDomain && !ReferenceText.isDomain(domain)) {
            throw new IllegalArgumentException("image name \"" + text + "\": \"" + domain
                    + "\" must be a host name or [IPv6 address], perhaps with :port");
        }
        if (domain.equals("index.docker.io")) {
            domain = HUB;
        }
        if (domain.equals(HUB) && rest.indexOf('/') < 0 && !rest.isEmpty()) {
            rest = "library/" + rest;
        }
        ReferenceText parts = ReferenceText.parse(domain + "/" + rest, text);
        return new Reference(
                parts.domain(),
                parts.path(),
                parts.tag(),
                parts.digest() == null ? null : Digest.parse(parts.digest()));
    }

    /** What docker takes for a registry and not for the first part of a name on Docker Hub. */
    private static boolean looksLikeDomain(String first) {
        return first.indexOf('.') >= 0
                || first.indexOf(':') >= 0
                || first.equals("localhost")
                || !first.equals(first.toLowerCase(Locale.ROOT));
    }

    /** The shortest way to write it: what docker adds by itself is left out. */
    public String familiar() {
        String shortest = !domain.equals(HUB)
                ? repository()
                : path.startsWith("library/") && path.indexOf('/', "library/".length()) < 0
                        ? path.substring("library/".length())
                        : path;
        return shortest + (tag == null ? "" : ":" + tag) + (digest == null ? "" : "@" + digest);
    }

    public String tagOrLatest() {
        return tag == null ? "latest" : tag;
    }

    /** Domain and path, without tag and digest. */
    public String repository() {
        return domain + "/" + path;
    }

    public Reference withTag(String newTag) {
        return new Reference(domain, path, newTag, null);
    }

    public Reference withDigest(Digest newDigest) {
        return new Reference(domain, path, null, newDigest);
    }

    @JsonValue
    @Override
    public String toString() {
        return repository() + (tag == null ? "" : ":" + tag) + (digest == null ? "" : "@" + digest);
    }
}
