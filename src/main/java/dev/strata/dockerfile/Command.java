package dev.strata.dockerfile;

import java.util.List;

/** What RUN, CMD, ENTRYPOINT and HEALTHCHECK run, in one of its two forms. */
public sealed interface Command {

    /** A line for the shell; the shell's own words ({@code /bin/sh -c} or those of SHELL) come before it. */
    record Shell(String text) implements Command {}

    /** A program and its arguments, written as a JSON array; no shell and no expansion. */
    record Exec(List<String> arguments) implements Command {
        public Exec {
            arguments = List.copyOf(arguments);
        }
    }
}
