package dev.strata.registry;

import java.util.Collection;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What a token must allow. Source: distribution project, "Token Scope Documentation".
 *
 * @param repository the one that is asked about, with an endpoint's prefix
 * @param words {@code repository:<name>:<actions>}, sorted; actions sorted and joined by commas
 */
record Scope(String repository, String words) {
    static Scope pull(String repository) {
        return new Scope(repository, "repository:" + repository + ":pull");
    }

    static Scope push(String repository) {
        return new Scope(repository, "repository:" + repository + ":pull,push");
    }

    static Scope delete(String repository) {
        return new Scope(repository, "repository:" + repository + ":delete,pull,push");
    }

    /** The scope with more words; what is said twice is joined. */
    Scope and(String more) {
        if (more.isBlank()) {
            return this;
        }
        Map<String, SortedSet<String>> actions = new TreeMap<>();
        for (String word : (words + " " + more).trim().split("\\s+")) {
            int colon = word.lastIndexOf(':');
            if (colon > 0) {
                actions.computeIfAbsent(word.substring(0, colon), name -> new TreeSet<>())
                        .addAll(java.util.List.of(word.substring(colon + 1).split(",")));
            }
        }
        return new Scope(
                repository,
                actions.entrySet().stream()
                        .map(entry -> entry.getKey() + ":" + joined(entry.getValue()))
                        .collect(Collectors.joining(" ")));
    }

    private static String joined(Collection<String> actions) {
        return String.join(",", actions);
    }
}
