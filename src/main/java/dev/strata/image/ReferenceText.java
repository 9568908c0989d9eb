package dev.strata.image;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A reference as written, split into its parts and checked, but nothing added.
 *
 * <p>Source: distribution/reference, reference.go, "Grammar".
 *
 * @param domain host with its port; empty where none was written
 * @param tag null where none was written
 * @param digest algorithm and hexadecimal digits, of which only the form is checked; null where none was written
 */
record ReferenceText(
        String domain,
        String path,
        @Nullable String tag,
        @Nullable String digest) {
    /** Longer ones do not fit a path's limit in registries. */
    private static final int LONGEST_PATH = 255;

    private static final int LONGEST_DOMAIN = 1024;
    private static final Pattern COMPONENT = Pattern.compile("[a-z0-9]++(?:(?:[._]|__|-++)[a-z0-9]++)*+");
    private static final Pattern LABEL = Pattern.compile("[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?");
    private static final Pattern IPV6 = Pattern.compile("\\[[a-fA-F0-9:]+]");
    private static final Pattern PORT = Pattern.compile("[0-9]+");
    private static final Pattern TAG = Pattern.compile("[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}");
    private static final Pattern DIGEST =
            Pattern.compile("[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}");
    private static final Pattern IDENTIFIER = Pattern.compile("[a-f0-9]{64}");

    /** An {@link IllegalArgumentException} says which rule was broken. */
    static ReferenceText parse(String text) {
        return parse(text, text);
    }

    /** @param text what messages show, where the reference has been completed */
    static ReferenceText parse(String reference, String text) {
        int at = reference.indexOf('@');
        String digest = at < 0 ? null : reference.substring(at + 1);
        String rest = at < 0 ? reference : reference.substring(0, at);
        int colon = rest.lastIndexOf(':');
        boolean tagged = colon > rest.lastIndexOf('/');
        String tag = tagged ? rest.substring(colon + 1) : null;
        String name = tagged ? rest.substring(0, colon) : rest;
        if (name.isEmpty()) {
            throw wrong(text, "it has no repository name");
        }
        if (digest != null && !DIGEST.matcher(digest).matches()) {
            throw wrong(text, "the digest \"" + digest + "\" must look like sha256:<64 hexadecimal digits>");
        }
        if (tag != null && !TAG.matcher(tag).matches()) {
            throw wrong(
                    text,
                    "the tag \"" + tag
                            + "\" may have letters, digits, _ . and -, at most 128, and not begin with . or -");
        }
        int slash = name.indexOf('/');
        boolean hasDomain = slash > 0 && isDomain(name.substring(0, slash));
        String domain = hasDomain ? name.substring(0, slash) : "";
        String path = hasDomain ? name.substring(slash + 1) : name;
        checkPath(text, path);
        return new ReferenceText(domain, path, tag, digest);
    }

    private static IllegalArgumentException wrong(String text, String why) {
        String shown = text.length() <= LONGEST_DOMAIN ? text : text.substring(0, LONGEST_DOMAIN) + "…";
        return new IllegalArgumentException("image name \"" + shown + "\": " + why);
    }

    private static void checkPath(String text, String path) {
        if (path.length() > LONGEST_PATH) {
            throw wrong(text, "the repository name must not have more than " + LONGEST_PATH + " characters");
        }
        for (String component : path.split("/", -1)) {
            if (component.isEmpty()) {
                throw wrong(text, "two slashes stand side by side, or one at an end");
            }
            if (COMPONENT.matcher(component).matches()) {
                continue;
            }
            String lower = component.toLowerCase(java.util.Locale.ROOT);
            throw wrong(
                    text,
                    COMPONENT.matcher(lower).matches()
                            ? "the repository name must be lower-case: \"" + lower + "\", not \"" + component + "\""
                            : "\"" + component + "\" must be lower-case letters and digits, separated by . _ __ or -");
        }
    }

    /** Whether this can be the host and port before the repository's path. */
    static boolean isDomain(String text) {
        if (text.length() > LONGEST_DOMAIN) {
            return false;
        }
        int colon = text.lastIndexOf(':');
        boolean hasPort = colon > text.lastIndexOf(']');
        String host = hasPort ? text.substring(0, colon) : text;
        if (hasPort && !PORT.matcher(text.substring(colon + 1)).matches()) {
            return false;
        }
        if (host.startsWith("[")) {
            return IPV6.matcher(host).matches();
        }
        for (String label : host.split("\\.", -1)) {
            if (!LABEL.matcher(label).matches()) {
                return false;
            }
        }
        return true;
    }

    /** Whether this is the bare hash of an image, which docker does not take for a name. */
    static boolean isIdentifier(String text) {
        return IDENTIFIER.matcher(text).matches();
    }

    /** Domain and path. */
    String name() {
        return domain.isEmpty() ? path : domain + "/" + path;
    }

    @Override
    public String toString() {
        return name() + (tag == null ? "" : ":" + tag) + (digest == null ? "" : "@" + digest);
    }
}
