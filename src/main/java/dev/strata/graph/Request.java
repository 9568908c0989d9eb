package dev.strata.graph;

import dev.strata.image.Platform;
import dev.strata.image.Reference;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is wanted of a Dockerfile.
 *
 * @param target stage by name or number; null is the last one
 * @param args build arguments
 * @param platform of the image
 * @param buildPlatform of the machine that builds
 * @param contexts named contexts
 * @param addHosts {@code name:address} for RUN
 * @param network of RUN that says nothing
 * @param noCache whether earlier results are not taken
 * @param noCacheStages the stages that this is true for; empty means all
 */
public record Request(
        @Nullable String target,
        SequencedMap<String, String> args,
        Platform platform,
        Platform buildPlatform,
        SortedMap<String, NamedContext> contexts,
        List<String> addHosts,
        String network,
        boolean noCache,
        List<String> noCacheStages) {
    public Request {
        args = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(args));
        contexts = Collections.unmodifiableSortedMap(new TreeMap<>(contexts));
        addHosts = List.copyOf(addHosts);
        noCacheStages = List.copyOf(noCacheStages);
    }

    /** What a name given from outside stands for, in FROM, COPY --from and RUN --mount. */
    public sealed interface NamedContext {
        record Image(Reference name) implements NamedContext {}

        record Layout() implements NamedContext {}

        record Stage(String name) implements NamedContext {}

        record Folder() implements NamedContext {}
    }

    /** Whether a named context stands for what a name means else. */
    public boolean hasContext(String name) {
        return context(name) != null;
    }

    /** A context and the name that it was given under. */
    record Given(String name, NamedContext context) {}

    /** A named context by the name written or, as docker does it, by the full name of an image. */
    @Nullable
    Given context(String name) {
        NamedContext named = contexts.get(name);
        if (named != null) {
            return new Given(name, named);
        }
        for (Map.Entry<String, NamedContext> entry : contexts.entrySet()) {
            if (sameImage(entry.getKey(), name)) {
                return new Given(entry.getKey(), entry.getValue());
            }
        }
        return null;
    }

    private static boolean sameImage(String one, String other) {
        try {
            Reference left = Reference.parse(one);
            Reference right = Reference.parse(other);
            return left.repository().equals(right.repository())
                    && left.tagOrLatest().equals(right.tagOrLatest())
                    && Objects.equals(left.digest(), right.digest());
        } catch (IllegalArgumentException e) {
            return false; // a context's name need not be an image's name
        }
    }

    boolean withoutCache(String stage) {
        return (noCache && noCacheStages.isEmpty())
                || noCacheStages.stream().anyMatch(name -> name.equalsIgnoreCase(stage));
    }
}
