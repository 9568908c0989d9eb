package dev.strata.graph;

import java.util.Locale;
import java.util.Set;

/** The signals that STOPSIGNAL takes. Source: moby/sys/signal, the names of Linux. */
final class StopSignals {
    private static final int HIGHEST_REALTIME = 64;
    private static final Set<String> NAMES = Set.of(
            "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE",
            "POLL", "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU",
            "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX");

    private StopSignals() {}

    /** @return the signal as written */
    static String check(String signal) {
        if (signal.matches("[0-9]{1,9}")) {
            if (Integer.parseInt(signal) == 0) {
                throw invalid(signal);
            }
            return signal;
        }
        String upper = signal.toUpperCase(Locale.ROOT);
        String name = upper.startsWith("SIG") ? upper.substring(3) : upper;
        if (NAMES.contains(name) || realtime(name)) {
            return signal;
        }
        throw invalid(signal);
    }

    private static boolean realtime(String name) {
        if (!name.matches("RTM(IN\\+|AX-)[0-9]{1,2}")) {
            return false;
        }
        int offset = Integer.parseInt(name.substring(6));
        return offset >= 1 && offset <= (name.startsWith("RTMIN") ? HIGHEST_REALTIME - 34 - 15 : 14);
    }

    private static IllegalArgumentException invalid(String signal) {
        return new IllegalArgumentException("invalid signal: " + signal);
    }
}
