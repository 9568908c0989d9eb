package dev.strata.operator;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Locale;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Whether a request comes from somebody who has the secret. GitHub, Gitea and Forgejo send an HMAC-SHA256 of the body in
 * {@code X-Hub-Signature-256}, Gitea also in {@code X-Gitea-Signature}; GitLab sends the secret itself in {@code
 * X-Gitlab-Token}; anybody else sends {@code X-Strata-Signature: sha256=…}, made as GitHub makes its own. The body is
 * hashed as it comes and never kept.
 */
final class HookSignature {
    /** The headers of a request, by name in any case. */
    interface Headers {
        @Nullable
        String first(String name);
    }

    private final byte[] secret;
    private final Mac mac;

    HookSignature(byte[] secret) {
        this.secret = secret.clone();
        try {
            mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has HmacSHA256", e);
        }
    }

    void update(byte[] bytes, int length) {
        mac.update(bytes, 0, length);
    }

    /** What another replica is sent with an empty body, in {@code X-Strata-Signature}. */
    static String ofNothing(byte[] secret) {
        return "sha256=" + HexFormat.of().formatHex(new HookSignature(secret).mac.doFinal());
    }

    /** Asked once, after the whole body. Compares in a time that does not depend on where the difference is. */
    boolean fits(Headers headers) {
        byte[] expected = mac.doFinal();
        String token = headers.first("X-Gitlab-Token");
        if (token != null) {
            return MessageDigest.isEqual(token.getBytes(StandardCharsets.UTF_8), secret);
        }
        for (String name : new String[] {"X-Hub-Signature-256", "X-Gitea-Signature", "X-Strata-Signature"}) {
            String given = headers.first(name);
            if (given != null) {
                return MessageDigest.isEqual(digits(given), expected);
            }
        }
        return false;
    }

    private static byte[] digits(String given) {
        String hex = given.strip().toLowerCase(Locale.ROOT);
        try {
            return HexFormat.of().parseHex(hex.startsWith("sha256=") ? hex.substring("sha256=".length()) : hex);
        } catch (IllegalArgumentException e) {
            return new byte[0];
        }
    }
}
