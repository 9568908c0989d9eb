package dev.strata.dockerfile;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What is known of a stage while its instructions are read one after the other. */
final class StageState {
    /** Values of ENV and ARG as far as they are known. */
    final Map<String, String> values;

    /** Names that ARG declared, with a value or without. */
    final Set<String> declared;

    /** Whether {@link #values} has the base image's variables too. */
    final boolean complete;

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
        values = new TreeMap<>();
        declared = new TreeSet<>();
        complete = baseVariables != null;
        values.put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        if (baseVariables != null) {
            baseVariables.forEach(name -> values.putIfAbsent(name, ""));
        }
    }

    /** A stage that goes on where another ended; what must stand once may stand once more. */
    StageState(StageState base) {
        values = new TreeMap<>(base.values);
        declared = new TreeSet<>(base.declared);
        complete = base.complete;
        workdirSet = base.workdirSet;
        shellSet = base.shellSet;
    }
}
