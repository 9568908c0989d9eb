package dev.strata.image;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * The name of content: the hash of its bytes, written {@code algorithm:hex}.
 *
 * <p>Source: OCI image specification, descriptor.md, "Digests". Known algorithms are {@code sha256} (what Strata
 * writes) and {@code sha512} (read, never written).
 *
 * @param algorithm {@code sha256} or {@code sha512}
 * @param hex lower-case hexadecimal digits, 64 or 128 of them
 */
public record Digest(String algorithm, String hex) implements Comparable<Digest> {
    private static final Pattern SHA256 = Pattern.compile("[a-f0-9]{64}");
    private static final Pattern SHA512 = Pattern.compile("[a-f0-9]{128}");

    public Digest {
        Pattern wanted = switch (algorithm) {
            case "sha256" -> SHA256;
            case "sha512" -> SHA512;
            default ->
                throw new IllegalArgumentException(
                        "digest algorithm \"" + algorithm + "\" is not known; sha256 and sha512 are");
        };
        if (!wanted.matcher(hex).matches()) {
            throw new IllegalArgumentException("digest \"" + algorithm + ":" + hex + "\" must have "
                    + (algorithm.equals("sha256") ? 64 : 128) + " lower-case hexadecimal digits");
        }
    }

    /** Reads {@code algorithm:hex}; an {@link IllegalArgumentException} says which rule was broken. */
    @JsonCreator
    public static Digest parse(String text) {
        int colon = text.indexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException("digest \"" + text + "\" must look like sha256:<64 hexadecimal digits>");
        }
        return new Digest(text.substring(0, colon), text.substring(colon + 1));
    }

    public static Digest sha256(byte[] content) {
        MessageDigest hash = sha256();
        hash.update(content);
        return of(hash);
    }

    /** A fresh SHA-256, to be fed and then given to {@link #of}. */
    public static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime must have SHA-256", e);
        }
    }

    /** Ends a SHA-256 and names its result. */
    public static Digest of(MessageDigest sha256) {
        return new Digest("sha256", HexFormat.of().formatHex(sha256.digest()));
    }

    /** A fresh hash of this digest's algorithm, to check content against it. */
    public MessageDigest verifier() {
        try {
            return MessageDigest.getInstance(algorithm.equals("sha256") ? "SHA-256" : "SHA-512");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime must have SHA-2", e);
        }
    }

    /** Says whether a {@link #verifier} that was fed all the content agrees with this name. Ends the verifier. */
    public boolean matches(MessageDigest fed) {
        return HexFormat.of().formatHex(fed.digest()).equals(hex);
    }

    @Override
    public int compareTo(Digest other) {
        return toString().compareTo(other.toString());
    }

    @JsonValue
    @Override
    public String toString() {
        return algorithm + ":" + hex;
    }
}
