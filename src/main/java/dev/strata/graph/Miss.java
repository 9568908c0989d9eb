package dev.strata.graph;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.SequencedMap;
import java.util.SequencedSet;
import org.jspecify.annotations.Nullable;

/** Why a step was not in the cache: the ingredient that differs from the newest record of the same place. */
final class Miss {
    private static final int LONGEST = 60;

    private Miss() {}

    /** One sentence for people. */
    static String reason(Step.Layered step, SequencedMap<String, String> now, @Nullable CacheRecord before) {
        if (step.noCache()) {
            return "the cache was switched off";
        }
        if (before == null) {
            return "nothing like it was built before";
        }
        SequencedSet<String> names = new LinkedHashSet<>(now.sequencedKeySet());
        names.addAll(before.ingredients().sequencedKeySet());
        SequencedMap<String, String> differing = new LinkedHashMap<>();
        for (String name : names) {
            String was = before.ingredients().get(name);
            String is = now.get(name);
            if (!java.util.Objects.equals(was, is == null ? null : shown(is))) {
                differing.put(name, sentence(name, was, is));
            }
        }
        if (differing.size() > 1) {
            differing.remove("files"); // a single file says more
        }
        if (differing.size() > 1) {
            differing.remove(Ingredients.PARENT); // its own change says more
        }
        return differing.isEmpty()
                ? "the earlier result is gone from the cache"
                : differing.firstEntry().getValue()
                        + (differing.size() > 1 ? " and " + (differing.size() - 1) + " more" : "");
    }

    /** What is kept of an ingredient's value. */
    static String shown(String value) {
        return value.length() <= 200 ? value : value.substring(0, 120) + "… " + Integer.toHexString(value.hashCode());
    }

    private static String sentence(String name, @Nullable String was, @Nullable String is) {
        if (name.startsWith("file ")) {
            String path = name.substring(5);
            return path + (was == null ? " is new" : is == null ? " is gone" : " changed");
        }
        if (name.startsWith("ARG ") || name.startsWith("ENV ")) {
            return name + ": " + value(was) + " to " + value(is);
        }
        return switch (name) {
            case Ingredients.PARENT -> "a step before it changed";
            case "files" -> "the files it reads changed";
            case "command" -> "the command changed";
            case "instruction", "destination", "source 0" -> "the instruction changed";
            default -> name + " changed";
        };
    }

    private static String value(@Nullable String value) {
        if (value == null) {
            return "unset";
        }
        return value.length() <= LONGEST ? value : value.substring(0, LONGEST) + "…";
    }
}
