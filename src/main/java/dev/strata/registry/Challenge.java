package dev.strata.registry;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a registry wants to see before it answers. Source: RFC 9110, section 11.6.1.
 *
 * @param scheme in lower case: {@code bearer}, {@code basic}
 * @param parameters by names in lower case
 */
record Challenge(String scheme, Map<String, String> parameters) {
    private static final Pattern PART = Pattern.compile(
            "\\s*,?\\s*(?:([!#$%&'*+.^_`|~\\w-]+)\\s*=\\s*(?:\"((?:[^\"\\\\]|\\\\.)*)\"|([^\\s,]*))|([!#$%&'*+.^_`|~\\w-]+))");

    /** Reads the values of {@code WWW-Authenticate}; what cannot be read is left out. */
    static List<Challenge> parse(List<String> headers) {
        List<Challenge> challenges = new ArrayList<>();
        headers.forEach(header -> parse(header, challenges));
        return challenges;
    }

    private static void parse(String header, List<Challenge> challenges) {
        Matcher part = PART.matcher(header);
        Challenge current = null;
        while (part.lookingAt()) {
            if (part.group(4) != null) {
                current = new Challenge(part.group(4).toLowerCase(Locale.ROOT), new LinkedHashMap<>());
                challenges.add(current);
            } else if (current != null) {
                String value =
                        part.group(2) == null ? part.group(3) : part.group(2).replaceAll("\\\\(.)", "$1");
                current.parameters.put(part.group(1).toLowerCase(Locale.ROOT), value);
            }
            part.region(part.end(), header.length());
        }
    }

    String parameter(String name) {
        return parameters.getOrDefault(name, "");
    }
}
