package dev.strata.dockerfile;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What is known of a stage while its instructions are read one after the other. */
final class StageState {
    private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /** For the rules the start of a value is enough; whole ones could be made to fill any memory. */
    private static final int LONGEST = 4096;

    /** The stage that this one goes on from; asked, not copied, as there may be many on one. */
    private final @Nullable StageState base;

    private final Map<String, String> values = new HashMap<>();
    private final Set<String> declared = new HashSet<>();
    private final boolean complete;

    boolean workdirSet;
    boolean shellSet;

    @Nullable
    Source command;

    @Nullable
    Source entrypoint;

    @Nullable
    Source healthcheck;

    /** @param baseVariables the base image's, null where they are not known */
    StageState(@Nullable Set<String> baseVariables) {
        base = null;
        complete = baseVariables != null;
        values.put("PATH", PATH);
        if (baseVariables != null) {
            baseVariables.forEach(name -> values.putIfAbsent(name, ""));
        }
    }

    /** A stage that goes on where another ended; what must stand once may stand once more. */
    StageState(StageState base) {
        this.base = base;
        complete = base.complete;
        workdirSet = base.workdirSet;
        shellSet = base.shellSet;
    }

    /** Whether all variables are known, the base image's too. */
    boolean complete() {
        return complete;
    }

    /** The value of ENV or ARG, as far as it is known; null where it is not set. */
    @Nullable
    String get(String name) {
        for (StageState state = this; state != null; state = state.base) {
            String value = state.values.get(name);
            if (value != null) {
                return value;
            }
        }
        return null;
    }

    void set(String name, String value) {
        values.put(name, value.length() > LONGEST ? value.substring(0, LONGEST) : value);
    }

    /** ARG may declare a name without a value. */
    void declare(String name) {
        declared.add(name);
    }

    boolean declares(String name) {
        for (StageState state = this; state != null; state = state.base) {
            if (state.declared.contains(name)) {
                return true;
            }
        }
        return false;
    }

    /** The names that are set, of many only some. */
    Set<String> names() {
        Set<String> names = new TreeSet<>();
        for (StageState state = this; state != null && names.size() <= Suggestion.MOST; state = state.base) {
            names.addAll(state.values.keySet());
        }
        return names;
    }
}
