package dev.strata.dockerfile;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The variables that FROM sees: the ARGs before the first FROM and the platform's.
 *
 * @param values by name, in the order in which they were set
 * @param declared the names of all ARGs, those without a value too, and of the platform's
 * @param expansion the file's
 */
public record GlobalScope(Map<String, String> values, Set<String> declared, Expansion expansion) {
    /** Set by the builder for the platforms of the build and of the target. */
    static final List<String> PLATFORM_ARGS = List.of(
            "BUILDPLATFORM",
            "BUILDOS",
            "BUILDOSVERSION",
            "BUILDARCH",
            "BUILDVARIANT",
            "TARGETPLATFORM",
            "TARGETOS",
            "TARGETOSVERSION",
            "TARGETARCH",
            "TARGETVARIANT",
            "TARGETSTAGE");

    /** Characters of all values together; real files have thousands. */
    private static final long MOST_KEPT = 1 << 24;

    /**
     * Evaluates the global ARGs in order; each sees those before it.
     *
     * @param buildArgs values given from outside, which win over defaults
     * @param platformArgs such as TARGETARCH; what is missing is set, but to a placeholder, as only a build knows it
     */
    public static GlobalScope of(Dockerfile file, Map<String, String> buildArgs, Map<String, String> platformArgs) {
        return evaluate(file, buildArgs, platformArgs, false);
    }

    private static GlobalScope evaluate(
            Dockerfile file, Map<String, String> buildArgs, Map<String, String> platformArgs, boolean lenient) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String name : PLATFORM_ARGS) {
            values.put(name, buildArgs.getOrDefault(name, platformArgs.getOrDefault(name, "unknown")));
        }
        Expansion expansion = new Expansion(file.directives().escape());
        Set<String> declared = new LinkedHashSet<>(values.keySet());
        long kept = 0;
        for (Instruction.Arg arg : file.globalArgs()) {
            for (Instruction.Argument argument : arg.arguments()) {
                declared.add(argument.name());
                String value = buildArgs.get(argument.name());
                if (value == null && argument.value() != null) {
                    value = kept > MOST_KEPT ? null : expand(expansion, argument.value(), values, lenient);
                }
                if (value != null) {
                    kept += value.length();
                    values.put(argument.name(), value);
                }
            }
        }
        return new GlobalScope(values, declared, expansion);
    }

    private static @Nullable String expand(
            Expansion expansion, String written, Map<String, String> values, boolean lenient) {
        try {
            return expansion.word(written, values::get).text();
        } catch (ExpansionException e) {
            if (lenient) {
                return null;
            }
            throw e;
        }
    }

    /** For the rules, which look on where an ARG's default cannot be expanded. */
    static GlobalScope lenient(Dockerfile file, LintOptions options) {
        return evaluate(file, options.buildArgs(), Map.of("TARGETPLATFORM", options.platform()), true);
    }

    /** Expands what FROM has. */
    public Expansion.Expanded expand(String written) {
        return expansion.word(written, values::get);
    }

    /** The known name that was probably meant by one of these; null where none is close. */
    @Nullable
    String suggestion(Set<String> names) {
        List<String> known = new ArrayList<>(declared);
        for (String name : names) {
            String closest = Suggestion.closest(name, known);
            if (closest != null) {
                return closest;
            }
        }
        return null;
    }
}
