package dev.strata.graph;

import dev.strata.image.Digest;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.SequencedMap;

/**
 * The name of a step's result: the hash of all that decides what it is. It needs no result of an earlier step, so the
 * keys of a whole chain are known before anything runs.
 *
 * @param hex 64 hexadecimal digits
 */
public record CacheKey(String hex) {
    /** Raised when the meaning of an ingredient changes, so that old records are not taken for new ones. */
    private static final String VERSION = "strata-step-1";

    public CacheKey {
        if (!hex.matches("[0-9a-f]{64}")) {
            throw new IllegalArgumentException("a cache key is 64 hexadecimal digits, not \"" + hex + "\"");
        }
    }

    /** The key of these ingredients, in their order. Every text is framed by its length: no two lists run together. */
    static CacheKey of(SequencedMap<String, String> ingredients) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            frame(out, VERSION);
            out.writeInt(ingredients.size());
            for (var ingredient : ingredients.entrySet()) {
                frame(out, ingredient.getKey());
                frame(out, ingredient.getValue());
            }
        } catch (IOException e) {
            throw new UncheckedIOException("memory cannot refuse bytes", e);
        }
        return new CacheKey(Digest.sha256(bytes.toByteArray()).hex());
    }

    private static void frame(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    @Override
    public String toString() {
        return hex;
    }
}
