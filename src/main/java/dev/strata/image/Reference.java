package dev.strata.image;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.regex.Pattern;
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
    private static final Pattern COMPONENT = Pattern.compile("[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*");
    private static final Pattern TAG = Pattern.compile("[\\w][\\w.-]{0,127}");

    /** Reads and normalises a name; an {@link IllegalArgumentException} says which rule was broken. */
    @JsonCreator
    public static Reference parse(String text) {
        String rest = text;
        Digest digest = null;
        int at = rest.indexOf('@');
        if (at >= 0) {
            digest = Digest.parse(rest.substring(at + 1));
            rest = rest.substring(0, at);
        }
        String tag = null;
        int colon = rest.lastIndexOf(':');
        if (colon > rest.lastIndexOf('/')) {
            tag = rest.substring(colon + 1);
            if (!TAG.matcher(tag).matches()) {
                throw new IllegalArgumentException("image name \"" + text + "\": the tag \"" + tag
                        + "\" may have letters, digits, _ . and -, at most 128, and not begin with . or -");
            }
            rest = rest.substring(0, colon);
        }
        int slash = rest.indexOf('/');
        String first = slash < 0 ? "" : rest.substring(0, slash);
        boolean isDomain = first.contains(".")
                || first.contains(":")
                || first.equals("localhost")
                || !first.equals(first.toLowerCase(java.util.Locale.ROOT));
        String domain = isDomain ? first : "docker.io";
        String path = isDomain ? rest.substring(slash + 1) : rest;
        if (domain.equals("index.docker.io")) {
            domain = "docker.io";
        }
        if (domain.equals("docker.io") && path.indexOf('/') < 0) {
            path = "library/" + path;
        }
        for (String component : path.split("/", -1)) {
            if (!COMPONENT.matcher(component).matches()) {
                throw new IllegalArgumentException("image name \"" + text + "\": \"" + component
                        + "\" must be lower-case letters and digits, separated by . _ __ or -");
            }
        }
        return new Reference(domain, path, tag, digest);
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
