package dev.strata.graph;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.SequencedSet;
import org.jspecify.annotations.Nullable;

/** Why a step was not in the cache: the ingredient that differs from the newest record of the same place. */
final class Miss {
    private static final int LONGEST = 60;
    private static final String BASE = "base";
    private static final String FILE = "file ";

    private Miss() {}

    /**
     * One sentence for people.
     *
     * @param now as {@link #shown(SequencedMap, Step)} has it
     */
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
            if (!java.util.Objects.equals(was, is)) {
                differing.put(name, sentence(name, was, is));
            }
        }
        if (differing.size() > 1) {
            differing.remove("files"); // a single file says more
        }
        differing.keySet().removeAll(foldersOfOthers(differing.sequencedKeySet()));
        String instruction = differing.get("instruction");
        if (instruction != null) {
            return instruction; // nothing else can be compared
        }
        String base = differing.remove(BASE);
        if (base != null && differing.keySet().equals(java.util.Set.of(Ingredients.PARENT))) {
            return base;
        }
        if (differing.size() > 1) {
            differing.remove(Ingredients.PARENT); // its own change says more
        }
        return differing.isEmpty()
                ? "the earlier result, or one that it stands on, is gone from the cache"
                : differing.firstEntry().getValue()
                        + (differing.size() > 1 ? " and " + (differing.size() - 1) + " more" : "");
    }

    /** Folders in which something differs: that says more. */
    private static List<String> foldersOfOthers(SequencedSet<String> names) {
        return names.stream()
                .filter(folder -> folder.startsWith(FILE)
                        && folder.endsWith("/")
                        && names.stream().anyMatch(name -> name.startsWith(folder) && !name.equals(folder)))
                .toList();
    }

    /** The reason of a step whose record is there, but older than was asked for. */
    static String aged(Duration maxAge) {
        String age = maxAge.toString().substring(2).toLowerCase(Locale.ROOT);
        return "the record is older than " + age;
    }

    /** What is kept of the ingredients, and the base's name, which is none of them: it is its files that count. */
    static SequencedMap<String, String> shown(SequencedMap<String, String> ingredients, Step parent) {
        SequencedMap<String, String> shown = new LinkedHashMap<>();
        ingredients.forEach((name, value) -> shown.put(name, shown(value)));
        switch (parent) {
            case Step.Base base -> shown.put(BASE, written(base) + " " + base.name());
            case Step.Scratch scratch -> shown.put(BASE, "scratch scratch");
            case Step.Files files -> {
                // no step stands on these
            }
            case Step.Layered layered -> {
                // its own reason says more
            }
        }
        return shown;
    }

    private static String written(Step.Base base) {
        String instruction = base.label().instruction();
        return instruction.startsWith("FROM ") ? instruction.substring(5) : instruction;
    }

    private static String shown(String value) {
        return value.length() <= 200 ? value : value.substring(0, 120) + "… " + Integer.toHexString(value.hashCode());
    }

    private static String sentence(String name, @Nullable String was, @Nullable String is) {
        if (name.startsWith(FILE)) {
            String path = name.substring(FILE.length(), name.length() - (name.endsWith("/") ? 1 : 0));
            return path + (was == null ? " is new" : is == null ? " is gone" : " changed");
        }
        if (name.startsWith("ARG ") || name.startsWith("ENV ")) {
            return name + ": " + value(was) + " to " + value(is);
        }
        return switch (name) {
            case Ingredients.PARENT -> "a step before it changed";
            case BASE -> base(was, is);
            case Ingredients.FORM -> "how layers are written changed";
            case "files" -> "the files it reads changed";
            case "command" -> "the command changed";
            case "instruction", "destination", "flags" -> "the instruction changed";
            default -> name.startsWith("source ") ? "the instruction changed" : name + " changed";
        };
    }

    private static String base(@Nullable String was, @Nullable String is) {
        if (was == null || is == null) {
            return "it stands on another step";
        }
        String before = was.substring(0, was.indexOf(' '));
        String now = is.substring(0, is.indexOf(' '));
        return before.equals(now) ? "base " + now + " moved" : "base " + before + " to " + now;
    }

    private static String value(@Nullable String value) {
        if (value == null) {
            return "unset";
        }
        if (value.isEmpty()) {
            return "\"\"";
        }
        return value.length() <= LONGEST ? value : value.substring(0, LONGEST) + "…";
    }
}
