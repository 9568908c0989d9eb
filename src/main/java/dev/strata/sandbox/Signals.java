package dev.strata.sandbox;

import java.util.List;

/** Names of Linux' signals. Source: signal(7). */
final class Signals {
    static final int HIGHEST = 31;
    private static final List<String> NAMES = List.of(
            "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
            "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
            "WINCH", "IO", "PWR", "SYS");

    private Signals() {}

    static String name(int number) {
        return NAMES.get(number - 1);
    }
}
